"""How tickets ended and how many alerts were made, day by day, for the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import structlog
from redis import Redis

from worker.report.ending import Ending
from worker.store import keys
from worker.tickets import Severity

AT_ONCE = 14
"""Days read in one round trip."""

log = structlog.get_logger()


class Endings:
    """Over one Redis client (`decode_responses=True`). Days are UTC."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def between(self, first: date, last: date) -> Iterator[tuple[str, Ending]]:
        """(ticket's key, how it ended or stands) of all created from `first` to `last`."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        for start in range(0, len(days), AT_ONCE):
            pipe = self._redis.pipeline(transaction=False)
            for day in days[start : start + AT_ONCE]:
                pipe.hgetall(keys.endings(f"{day}"))
            for found in pipe.execute():
                yield from self._read(found)

    def alerts(self, first: date, last: date) -> dict[tuple[date, Severity], int]:
        """Alerts made on each day, by the ticket's severity."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        pipe = self._redis.pipeline(transaction=False)
        for day in days:
            pipe.hgetall(keys.told(f"{day}"))
        return {
            (day, Severity(name)): int(count)
            for day, found in zip(days, pipe.execute(), strict=True)
            for name, count in found.items()
        }

    def _read(self, found: dict[str, str]) -> Iterator[tuple[str, Ending]]:
        for key, text in found.items():
            try:
                yield key, Ending.parse(text)
            except ValueError as fault:  # of a newer version, after a rollback
                log.warning("left out of the report", ticket=key, fault=str(fault))
