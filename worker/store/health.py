"""One look at everything that says how the service is doing."""

from __future__ import annotations

from typing import NamedTuple

from redis import Redis

from worker.store import keys

BEAT_IS_OLD = 20.0
"""Seconds; processes beat every 5."""
NEEDED = ("worker", "clock")
"""Processes of which at least one each has to live."""


class Reading(NamedTuple):
    """Figures of one moment, ages in seconds of Redis time."""

    due: int
    late_seconds: float
    """How long the oldest member has been due; 0 when none is."""
    claimed: int
    failed: int
    queue: int
    running: int
    breached: int
    beats: dict[str, float]
    counters: dict[str, int]

    def ages(self, process: str) -> list[float]:
        """Seconds since each process of this kind last beat."""
        return [age for name, age in self.beats.items() if name.startswith(process)]


class Health:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def read(self) -> Reading:
        """All figures in two round trips. Raises RedisError when Redis does not answer."""
        seconds, micros = self._redis.time()
        now = seconds + micros / 1e6
        pipe = self._redis.pipeline(transaction=False)
        pipe.zcard(keys.DUE)
        pipe.zrange(keys.DUE, 0, 0, withscores=True)
        pipe.zcard(keys.CLAIMED)
        pipe.hlen(keys.FAILED)
        pipe.llen(keys.RQ_QUEUE)
        pipe.llen(keys.RQ_PEOPLE_QUEUE)
        pipe.zcard(keys.OPEN)
        pipe.zcount(keys.OPEN, "-inf", now)
        pipe.hgetall(keys.HEARTBEATS)
        pipe.hgetall(keys.COUNTERS)
        (
            due,
            oldest,
            claimed,
            failed,
            queue,
            people_queue,
            running,
            breached,
            beats,
            counters,
        ) = pipe.execute()
        return Reading(
            due=due,
            late_seconds=max(0.0, now - oldest[0][1]) if oldest else 0.0,
            claimed=claimed,
            failed=failed,
            queue=queue + people_queue,
            running=running,
            breached=breached,
            beats={name: max(0.0, now - float(at)) for name, at in beats.items()},
            counters={name: int(count) for name, count in counters.items()},
        )
