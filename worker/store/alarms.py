"""What was said to be wrong with the service, so that each fault is told once, and its end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from redis import Redis

from worker.store import keys


class Told(Protocol):
    """A fault that somebody is told of."""

    @property
    def about(self) -> str: ...

    @property
    def text(self) -> str: ...


class Alarms:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def raised(self, one: Told, now: datetime) -> bool:
        """True for the first who says so; the others say what has been said."""
        said = f"{now.isoformat()} {one.text}"
        return bool(self._redis.hsetnx(keys.ALARMS, one.about, said))

    def forget(self, about: str) -> None:
        """Nobody could be told."""
        self._redis.hdel(keys.ALARMS, about)

    def over(self, standing: Collection[str]) -> dict[str, str]:
        """What was raised and stands no more, about -> text; each is told to one asker only."""
        raised: dict[str, str] = self._redis.hgetall(keys.ALARMS)  # type: ignore[assignment]
        return {
            about: said.partition(" ")[2]
            for about, said in raised.items()
            if about not in standing and self._redis.hdel(keys.ALARMS, about)
        }
