"""Readings of tickets that one job took for several, kept for seconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from redis import Redis

from worker.store import keys
from worker.store.keys import Kind, Member
from worker.tickets import Noun, Ticket, TicketKey

KEPT_SECONDS = 10
TURN_MILLISECONDS = 4000
"""For so long one reader has its turn; the others wait for what it brings."""


class Reading(Noun):
    """A ticket as it was at a moment of Redis time."""

    ticket: Ticket
    at: datetime


class Readings:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def of(self, key: TicketKey) -> Reading | None:
        """What was read of the ticket within the last seconds."""
        found = self._redis.get(keys.reading(key))
        return Reading.model_validate_json(str(found)) if found else None

    def keep(self, tickets: Iterable[Ticket], at: datetime) -> None:
        """Leave them for whoever needs one of them next."""
        with self._redis.pipeline(transaction=False) as pipe:
            for ticket in tickets:
                text = Reading(ticket=ticket, at=at).model_dump_json(exclude_defaults=True)
                pipe.set(keys.reading(ticket.key), text, ex=KEPT_SECONDS)
            pipe.execute()

    def take_turn(self, account: str) -> bool:
        """True for the one who reads now; the others wait for it."""
        turn = self._redis.set(keys.reading_turn(account), "1", nx=True, px=TURN_MILLISECONDS)
        return bool(turn)

    def end_turn(self, account: str) -> None:
        self._redis.delete(keys.reading_turn(account))

    def being_read(self, account: str) -> bool:
        return bool(self._redis.exists(keys.reading_turn(account)))

    def steps_near(self, account: str, until: float, limit: int) -> list[str]:
        """Ids of the account's tickets with a step due by then (Unix seconds) or under way."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.zrange(keys.DUE, "-inf", until, byscore=True, offset=0, num=10 * limit)
        pipe.zrange(keys.CLAIMED, 0, 10 * limit)
        start = str(Member(Kind.STEP, f"{account}/"))
        due, claimed = pipe.execute()
        found = [text.removeprefix(start) for text in (*claimed, *due) if text.startswith(start)]
        return list(dict.fromkeys(found))[:limit]
