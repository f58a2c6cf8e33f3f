"""One look at everything that says how the service is doing."""

from __future__ import annotations

from typing import NamedTuple

from redis import Redis

from worker.store import keys
from worker.store.budget import Budget, Left
from worker.store.switches import Paused, Switches

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
    paused: Paused | None
    """Set while an operator keeps everything from being written or alerted."""
    muted: int
    """Channels that get no alerts for now."""
    budgets: list[Left]
    """What may be asked of each account's API."""

    def ages(self, process: str) -> list[float]:
        """Seconds since each process of this kind last beat."""
        return [age for name, age in self.beats.items() if name.startswith(process)]


class Health:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._switches = Switches(redis)
        self._budget = Budget(redis)

    def read(self) -> Reading:
        """All figures in a handful of round trips. Raises RedisError when Redis does not answer."""
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
        switched = self._switches.look(fresh=True)
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
            paused=switched.paused,
            budgets=self._budget.left(),
            muted=sum(until.timestamp() > now for until in switched.muted.values()),
        )
