"""How urgent the calls are that a job makes of a helpdesk, for the budget that it shares.

A job says it once, `with urgent(Urgency.CONFIRM):`, and every call inside is meant, whichever
module makes it: looking up fields, signing in, reading, writing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum

from worker.tickets import Severity


class Urgency(IntEnum):
    """Who goes first when little is left, most urgent first."""

    CONFIRM = 0
    """A step is due: is the ticket still unanswered?"""
    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4
    POLL = 5
    """What no ticket waits for: polls, and marking answered tickets."""


UNKNOWN = Urgency.P2
"""A ticket that nobody has decided about yet may be a P1, but those that are go first. Also what
a person at a terminal asks for."""


def of_severity(severity: Severity | None) -> Urgency:
    """How urgent a ticket's reads and writes are; None: not decided yet."""
    return UNKNOWN if severity is None else Urgency[severity.name]


_URGENCY: ContextVar[Urgency] = ContextVar("urgency", default=UNKNOWN)


@contextmanager
def urgent(urgency: Urgency) -> Iterator[None]:
    """Everything that this thread asks of a helpdesk inside is so urgent."""
    before = _URGENCY.set(urgency)
    try:
        yield
    finally:
        _URGENCY.reset(before)


def urgency_now() -> Urgency:
    """What the innermost `urgent` around the caller said."""
    return _URGENCY.get()
