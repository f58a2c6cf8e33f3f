"""Many open timers: copies of one ticket that was really decided, put into Redis in bulk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from redis import Redis

from benchmarks.desk import accept
from worker import wiring
from worker.jobs.triage import triage
from worker.record import State
from worker.store import keys
from worker.store.effects import Effects
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey
from worker.wiring import Parts

FIRST = 1_000_000_000
"""The copies' ids; all have ten digits."""
BATCH = 1000


def decided(parts: Parts, number: int = FIRST) -> State:
    """One ticket, taken in and decided by the real job, in this process."""
    wiring.use(parts)
    accept(parts, number, 1)
    (claim,), _ = parts.due.claim()
    triage(str(claim.member), claim.token)
    state = parts.records.load(TicketKey.parse(claim.member.subject))[0]
    if state is None:
        raise AssertionError("the ticket was not decided")
    return state


def fill(redis: Redis, state: State, count: int, *, first: int = FIRST + 1, record: bool) -> None:
    """Copies of a ticket with a running timer: state, index and step; its record when asked."""
    key, moment = state.ticket.key, state.next_moment()
    assert state.timer  # noqa: S101 it has just been decided
    assert moment  # noqa: S101 the same
    text = state.model_dump_json(exclude_defaults=True)
    lines: list[Any] = redis.lrange(keys.record(key), 0, -1)  # type: ignore[assignment]
    for start in range(first, first + count, BATCH):
        pipe = redis.pipeline(transaction=False)
        numbers = range(start, min(start + BATCH, first + count))
        copies = [(key._replace(id=str(number)), str(number)) for number in numbers]
        for copy, number in copies:
            own = text.replace(key.id, number)
            pipe.hset(keys.ticket(copy), mapping={"version": "2", "state": own})
            if record:
                pipe.rpush(keys.record(copy), *lines)
        deadline = state.timer.deadline.timestamp()
        pipe.zadd(keys.OPEN, {str(copy): deadline for copy, _ in copies})
        due = {str(Member(Kind.STEP, str(copy))): moment.timestamp() for copy, _ in copies}
        pipe.zadd(keys.DUE, due)
        pipe.execute()


def moved(state: State, span: timedelta) -> State:
    """As if the ticket had been created so much later."""
    return State.model_validate(_moved(state.model_dump(), span))


def settle(parts: Parts, number: int, now: datetime, how: Any) -> None:
    """End one copy's timer, as a reply does."""
    key = TicketKey("zendesk", next(iter(parts.accounts.values())).name, str(number))

    def step(state: State | None) -> tuple[State, Effects] | None:
        return (state.model_copy(update={"settled": how}), Effects()) if state else None

    parts.records.change(key, step, now=now)


def _moved(value: Any, span: timedelta) -> Any:
    if isinstance(value, datetime):
        return value + span
    if isinstance(value, dict):
        return {name: _moved(one, span) for name, one in value.items()}
    if isinstance(value, list) or type(value) is tuple:
        return tuple(_moved(one, span) for one in value)
    return value
