"""Writes that piled up at an account whose helpdesk takes a hundred in one call.

A ticket waits here, the most severe and then the oldest first, from when its own update gave way
until a batch has carried it. Meanwhile nothing writes to it alone, so that no older batch ever
overtakes a newer update. See docs/decisions/0013-batches.md.
"""

from __future__ import annotations

from datetime import datetime

from redis import Redis

from worker.store import keys
from worker.store.keys import Kind, Member
from worker.tickets import Severity, TicketKey

STORM = 300
"""Writes that came up in a minute from which on they go in batches; fewer are sooner done alone."""
GATHER = 5.0
"""Seconds that a batch gathers, unless it is full before."""
_MINUTE = 60
_BEFORE_ALL_OF_THE_NEXT = 10**10
"""More than any Unix second: severity goes before age."""


class Backlog:
    """Over one Redis client (`decode_responses=True`)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def gives_way(self, key: TicketKey, now: datetime) -> bool:
        """Whether a write that has just come up waits for a batch: one of many, or one waits.

        Each call counts as one write that came up.
        """
        account = _account(key)
        minute = int(now.timestamp()) // _MINUTE
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.srem(keys.alone(account), key.id)
            pipe.zscore(keys.backlog(account), key.id)
            pipe.incr(keys.came_up(account, minute))
            pipe.expire(keys.came_up(account, minute), 3 * _MINUTE)
            pipe.get(keys.came_up(account, minute - 1))
            alone, waits, this_minute, _, last_minute = pipe.execute()
        if alone:
            return False
        return waits is not None or max(this_minute, int(last_minute or 0)) > STORM

    def add(
        self, key: TicketKey, severity: Severity, now: datetime, *, most: int, wait: float = 0.0
    ) -> None:
        """Have the ticket written with the next batch, which is due now when `most` wait.

        `wait`: seconds that the account's budget asked for.
        """
        account = _account(key)
        score = severity.rank * _BEFORE_ALL_OF_THE_NEXT + now.timestamp()
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.backlog(account), {key.id: score}, lt=True)
            pipe.zcard(keys.backlog(account))
            _, waiting = pipe.execute()
        soon = max(wait, 0.0 if waiting >= most else GATHER)
        # Whether or not a batch is under way: what is due meanwhile waits for its end.
        moment = now.timestamp() + soon
        self._redis.zadd(keys.DUE, {str(Member(Kind.DRAIN, account)): moment}, lt=True)

    def first(self, account: str, limit: int) -> list[str]:
        """Ids of those that go next; they stay until `drop`."""
        found: list[str] = self._redis.zrange(keys.backlog(account), 0, limit - 1)  # type: ignore[assignment]
        return found

    def drop(self, account: str, ticket_ids: list[str]) -> None:
        """They were carried, or need nothing any more."""
        if ticket_ids:
            self._redis.zrem(keys.backlog(account), *ticket_ids)

    def let_go_alone(self, account: str, ticket_id: str) -> None:
        """A batch did not get it through: its next write goes by itself, which says why."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.zrem(keys.backlog(account), ticket_id)
            pipe.sadd(keys.alone(account), ticket_id)
            pipe.zadd(keys.DUE, {str(Member(Kind.WRITE, f"{account}/{ticket_id}")): 1.0}, lt=True)
            pipe.execute()

    def size(self, account: str) -> int:
        """How many wait."""
        return int(self._redis.zcard(keys.backlog(account)))


def _account(key: TicketKey) -> str:
    return f"{key.helpdesk}/{key.account}"
