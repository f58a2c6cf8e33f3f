"""How many messages a channel was sent lately, and what waits for its next digest."""

from __future__ import annotations

from datetime import datetime, timedelta

from redis import Redis

from worker.store import keys
from worker.store.due import load_script
from worker.store.keys import Kind, Member

MOST_LISTED = 500
"""Alerts that one digest takes in; what is left comes in the next."""


class Gathering:
    """Over one Redis client (`decode_responses=True`).

    A place is a channel, with the addresses that an alert has of its own: every mailbox has its
    digest.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._turn = load_script(redis, "turn")

    def may_send(
        self,
        place: str,
        alert_id: str,
        now: datetime,
        *,
        most: int,
        within: timedelta,
        gather: bool,
        wait: timedelta,
    ) -> bool:
        """True: send it now, and it counts; False: it is gathered, and its digest is armed."""
        answer = self._turn(
            keys=[keys.sent(place), keys.gathered(place), keys.DUE, keys.BELL],
            args=[
                alert_id,
                most,
                within.total_seconds(),
                "1" if gather else "",
                wait.total_seconds(),
                str(Member(Kind.DIGEST, place)),
                now.timestamp(),
            ],
        )
        return bool(answer)

    def gathered(self, place: str) -> list[str]:
        """Ids of the alerts that wait, oldest first."""
        found: list[str] = self._redis.lrange(keys.gathered(place), 0, MOST_LISTED - 1)  # type: ignore[assignment]
        return found

    def drop(self, place: str, count: int) -> int:
        """The oldest `count` have been dealt with; how many are left."""
        with self._redis.pipeline(transaction=True) as both:
            both.ltrim(keys.gathered(place), count, -1)
            both.llen(keys.gathered(place))
            left: int = both.execute()[1]
        return left
