"""What we wrote to each ticket and what stood there before: what an undo needs, and no more.

The commit of a successful write adds to it, so that it is there exactly when the write is on the
record; it goes with the ticket.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from redis import Redis

from worker.record import OurWrite
from worker.store import keys
from worker.tickets import TicketKey

KEPT = 120
"""Fields written to one ticket that an undo can put back; more than a ticket ever sees."""


class Writes:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def of(self, key: TicketKey) -> list[OurWrite]:
        """Field by field, oldest first; at most `KEPT`."""
        found: list[str] = self._redis.lrange(keys.wrote(key), 0, -1)  # type: ignore[assignment]
        return [OurWrite.model_validate_json(text) for text in found]

    def forget(self, key: TicketKey, writes: Iterable[OurWrite]) -> None:
        """They were undone."""
        with self._redis.pipeline(transaction=True) as all_of_it:
            for one in writes:
                all_of_it.lrem(keys.wrote(key), 1, as_kept(one))
            all_of_it.execute()

    def tickets(self, since: datetime) -> list[TicketKey]:
        """Those that we wrote to since then, longest ago first."""
        found: list[str] = self._redis.zrange(  # type: ignore[assignment]
            keys.WRITTEN, since.timestamp(), "+inf", byscore=True
        )
        return [TicketKey.parse(text) for text in found]


def as_kept(write: OurWrite) -> str:
    """One entry of the list."""
    return write.model_dump_json(exclude_none=True)
