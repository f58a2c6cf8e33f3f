"""What an operator switched by hand: everything paused, and notification channels muted.

It holds for every process. Each looks at most every two seconds, so that a job may ask before
whatever it does; a switch thrown here is seen here at once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from redis import Redis

from worker.store import keys
from worker.tickets import Moment, Noun

SEEN_WITHIN = 2.0
"""Seconds for which a look is believed."""


class Paused(Noun):
    """That nothing is written to a helpdesk and nobody is alerted."""

    since: Moment
    reason: str = ""


class Look(NamedTuple):
    """How the switches stood at one moment."""

    paused: Paused | None
    resumed_at: datetime | None
    """When a pause last ended; None: never."""
    muted: Mapping[str, datetime]
    """Channel -> until when it gets nothing; past ones may be among them."""


class Switches:
    """Over one Redis client (`decode_responses=True`). Safe to share between threads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._seen: tuple[float, Look] | None = None

    def look(self, *, fresh: bool = False) -> Look:
        """How they stand, at most two seconds old; `fresh` asks Redis now."""
        seen = self._seen
        if seen and not fresh and time.monotonic() - seen[0] < SEEN_WITHIN:
            return seen[1]
        asked = time.monotonic()
        with self._redis.pipeline(transaction=True) as both:
            both.get(keys.PAUSED)
            both.get(keys.RESUMED)
            both.hgetall(keys.MUTED)
            paused, resumed, muted = both.execute()
        found = Look(
            paused=Paused.model_validate_json(paused) if paused else None,
            resumed_at=datetime.fromisoformat(resumed) if resumed else None,
            muted=MappingProxyType(
                {name: datetime.fromisoformat(until) for name, until in muted.items()}
            ),
        )
        self._seen = (asked, found)
        return found

    def paused(self) -> Paused | None:
        """None while everything runs as usual."""
        return self.look().paused

    def muted(self, now: datetime) -> dict[str, datetime]:
        """Channel -> until when it is muted."""
        return {name: until for name, until in self.look().muted.items() if until > now}

    def pause(self, reason: str, now: datetime) -> bool:
        """Pause everything; False when it was paused before: then only the reason is replaced."""
        before = self.look(fresh=True).paused
        paused = Paused(since=before.since if before else now, reason=reason)
        self._redis.set(keys.PAUSED, paused.model_dump_json())
        self._seen = None
        return before is None

    def resume(self, now: datetime) -> int | None:
        """End the pause and make due what waited for it: how many, or None without a pause.

        Nothing joins those that wait once the pause has ended, so none is overlooked.
        """
        with self._redis.pipeline(transaction=True) as both:
            both.delete(keys.PAUSED)
            both.set(keys.RESUMED, now.isoformat())
            ended, _ = both.execute()
        self._seen = None
        waited: set[str] = self._redis.smembers(keys.HELD)  # type: ignore[assignment]
        with self._redis.pipeline(transaction=True) as all_of_it:
            if waited:
                due: dict[str, float] = dict.fromkeys(waited, now.timestamp())
                all_of_it.zadd(keys.DUE, due, xx=True, lt=True)
                all_of_it.srem(keys.HELD, *waited)
            all_of_it.lpush(keys.BELL, "1")
            all_of_it.ltrim(keys.BELL, 0, 0)
            all_of_it.execute()
        return len(waited) if ended else None

    def mute(self, channel: str, until: datetime, now: datetime) -> None:
        """Nothing goes to this channel until then; what is over is forgotten."""
        over = [name for name, end in self.look(fresh=True).muted.items() if end <= now]
        if over:
            self._redis.hdel(keys.MUTED, *over)
        self._redis.hset(keys.MUTED, channel, until.isoformat())
        self._seen = None

    def unmute(self, channel: str) -> bool:
        """False when it was not muted."""
        self._seen = None
        return bool(self._redis.hdel(keys.MUTED, channel))
