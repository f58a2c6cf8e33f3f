"""One look at everything that says how the service is doing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from redis import Redis

from worker.store import keys
from worker.store.budget import Budget, Left
from worker.store.keys import Kind
from worker.store.switches import Paused, Switches

BEAT_IS_OLD = 20.0
"""Seconds; processes beat every 5."""
LOOKED_AT = 500
"""Due members among which the oldest step is looked for."""
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
    queue_seconds: float
    """How long the oldest job has waited in a queue; 0 when none does."""
    step_seconds: float
    """How long the oldest step or alert that nobody has taken up has been due; 0: none is late."""
    polls: dict[str, float]
    """Account -> seconds since a poll of it came to its end."""
    silences: dict[str, float]
    """Account -> seconds since its last webhook."""
    missed: dict[str, int]
    """Account -> tickets found by polls in place of webhooks since then."""
    skews: dict[str, float]
    """Account -> seconds that the helpdesk's clock is ahead of ours."""
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
        pipe.zrange(keys.DUE, "-inf", now, byscore=True, offset=0, num=LOOKED_AT, withscores=True)
        for name in (keys.POLLED, keys.HEARD, keys.MISSED, keys.SKEWS):
            pipe.hgetall(name)
        for queue in (keys.RQ_QUEUE, keys.RQ_PEOPLE_QUEUE):
            pipe.lindex(queue, 0)
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
            late,
            polled,
            heard,
            missed,
            skews,
            *first_jobs,
        ) = pipe.execute()
        switched = self._switches.look(fresh=True)
        return Reading(
            due=due,
            late_seconds=max(0.0, now - oldest[0][1]) if oldest else 0.0,
            claimed=claimed,
            failed=failed,
            queue=queue + people_queue,
            queue_seconds=max((self._waited(job, now) for job in first_jobs), default=0.0),
            step_seconds=_oldest_step(late, now),
            polls=_ages(polled, now),
            silences=_ages(heard, now),
            missed={account: int(count) for account, count in missed.items()},
            skews={account: float(skew) for account, skew in skews.items()},
            running=running,
            breached=breached,
            beats=_ages(beats, now),
            counters={name: int(count) for name, count in counters.items()},
            paused=switched.paused,
            budgets=self._budget.left(),
            muted=sum(until.timestamp() > now for until in switched.muted.values()),
        )

    def _waited(self, job: str | None, now: float) -> float:
        """Since when RQ holds a job; 0 when there is none, or it has just been taken."""
        told = self._redis.hget(f"rq:job:{job}", "enqueued_at") if job else None
        return max(0.0, now - datetime.fromisoformat(str(told)).timestamp()) if told else 0.0


def _ages(moments: dict[str, str], now: float) -> dict[str, float]:
    return {name: max(0.0, now - float(at)) for name, at in moments.items()}


def _oldest_step(due: list[tuple[str, float]], now: float) -> float:
    """Of due members, the oldest first, how late the first is that people wait for."""
    kinds = (f"{Kind.STEP}:", f"{Kind.SEND}:")
    return next((now - moment for text, moment in due if text.startswith(kinds)), 0.0)
