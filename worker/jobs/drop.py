"""What every job does with a ticket that its helpdesk no longer knows or lets us write."""

from __future__ import annotations

from datetime import datetime

import structlog

from worker.errors import Gone
from worker.forgetting import without_text
from worker.jobs.change import change
from worker.lifecycle import gone
from worker.record import State
from worker.store.effects import Effects
from worker.tickets import TicketKey
from worker.wiring import Parts

log = structlog.get_logger()

NOT_THERE = 404


def drop(parts: Parts, key: TicketKey, fault: Gone, now: datetime, *, consumed: int = 0) -> None:
    """End the ticket's timer, say it once, never retry; `consumed` events of its inbox go too.

    The text of one that does not exist there any more is not kept here either.
    """
    why = str(fault)
    log.info("ticket dropped", ticket=str(key), why=why)

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None or (state.settled and not state.timers() and not consumed):
            return None
        outcome = gone(state, why, now)
        counts = {"ticket_dropped": 1}
        after = without_text(outcome.state) if fault.status == NOT_THERE else outcome.state
        return after, Effects(lines=outcome.lines, consumed=consumed, counts=counts)

    if change(parts, key, step, now=now) is None and consumed:
        parts.records.drop_inbox(key, consumed)
        parts.journal.count("ticket_dropped")
