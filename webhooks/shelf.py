"""The open tickets in this process's memory, at most half a second behind Redis.

All viewers share one look: one round trip asks which tickets were committed since the last one, a
second fetches these alone. So a thousand polls cost Redis what one does, and five thousand timers
are filtered without reading one of them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from redis import Redis

from webhooks.card import Card, card_of
from worker.record import State
from worker.store import keys
from worker.store.journal import sayings
from worker.store.switches import Paused

FRESH_SECONDS = 0.5
SETTLED_SHOWN = 8
AT_ONCE = 500
"""States fetched in one round trip when all have to be read."""
CATCH_UP = 2000
"""Commits missed beyond which everything is read anew."""


class Look(NamedTuple):
    """How everything stood at one moment. Never changed once made."""

    epoch: str
    number: int
    """Of the latest commit; another number means other cards."""
    cards: tuple[Card, ...]
    """Open tickets, earliest deadline first."""
    settled: tuple[State, ...]
    """The last tickets whose first response is over, latest first."""
    paused: Paused | None
    muted: Mapping[str, datetime]
    failed: int
    """Members set aside after errors."""
    said: tuple[str, ...]
    """What the operator was told, latest first."""


class Shelf:
    """Over one Redis client (`decode_responses=True`). Safe to share between threads."""

    def __init__(self, redis: Redis, *, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._redis = redis
        self._fresh = fresh_seconds
        self._lock = threading.Lock()
        self._looked = -1e9
        self._look: Look | None = None
        self._cards: dict[str, Card] = {}

    def look(self) -> Look:
        """The latest look, at most `fresh_seconds` old. Raises RedisError."""
        with self._lock:
            if self._look is None or time.monotonic() - self._looked >= self._fresh:
                asked = time.monotonic()
                self._look = self._again(self._look)
                self._looked = asked
            return self._look

    def _again(self, before: Look | None) -> Look:
        since = before.number if before else 0
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(keys.EPOCH, secrets.token_hex(8), nx=True)
        pipe.get(keys.EPOCH)
        pipe.get(keys.COMMITS)
        pipe.zrange(keys.CHANGED, f"({since}", "+inf", byscore=True, offset=0, num=CATCH_UP)
        pipe.zcard(keys.OPEN)
        pipe.zrevrange(keys.SETTLED, 0, SETTLED_SHOWN - 1)
        pipe.get(keys.PAUSED)
        pipe.hgetall(keys.MUTED)
        pipe.hlen(keys.FAILED)
        pipe.hgetall(keys.SAID)
        _, epoch, number, changed, waiting, settled, paused, muted, failed, said = pipe.execute()
        number = int(number or 0)
        lost = before is None or epoch != before.epoch or number < since
        if lost or number - since > CATCH_UP:
            self._read_all()
        elif changed:
            self._read(changed)
        elif len(self._cards) != waiting:  # a replica that had not heard everything took over
            self._read_all()
        same = before is not None and not lost and before.number == number
        return Look(
            epoch=epoch,
            number=number,
            cards=before.cards if before and same else self._sorted(),
            settled=before.settled if before and same else self._states(settled),
            paused=Paused.model_validate_json(paused) if paused else None,
            muted=MappingProxyType(
                {name: datetime.fromisoformat(until) for name, until in muted.items()}
            ),
            failed=failed,
            said=tuple(sayings(said, datetime.now(UTC))),
        )

    def _sorted(self) -> tuple[Card, ...]:
        return tuple(sorted(self._cards.values(), key=lambda card: (card.deadline, card.key)))

    def _read_all(self) -> None:
        self._cards = {}
        found: list[str] = self._redis.zrange(keys.OPEN, 0, -1)  # type: ignore[assignment]
        for start in range(0, len(found), AT_ONCE):
            self._read(found[start : start + AT_ONCE])

    def _read(self, names: list[str]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hget(keys.ticket(name), "state")
        for name, text in zip(names, pipe.execute(), strict=True):
            card = card_of(State.model_validate_json(text)) if text else None
            if card:
                self._cards[name] = card
            else:
                self._cards.pop(name, None)

    def _states(self, names: list[str]) -> tuple[State, ...]:
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hget(keys.ticket(name), "state")
        return tuple(State.model_validate_json(text) for text in pipe.execute() if text)
