"""look_up: the organisation of a ticket that could not be looked up when the ticket came."""

from __future__ import annotations

from datetime import datetime

from worker.jobs.change import change
from worker.jobs.frame import carried, urgency_of
from worker.outcome import of_customer
from worker.record import State
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.tickets import TicketKey
from worker.urgency import urgent
from worker.wiring import Parts
from worker.writing import about_to_write, differences


@carried
def look_up(parts: Parts, claim: Claim, now: datetime) -> None:
    """Correct plan and deadline; whoever was told of a step is not told of it again.

    Raises `Transient` while the helpdesk does not answer, so that it is tried again.
    """
    key = TicketKey.parse(claim.member.subject)
    state, _ = parts.records.load(key)
    if state is None or state.customer is not None or _is_over(state):
        return
    with urgent(urgency_of(state)):
        customer = parts.lookups.customer(parts.account_of(key).client, state.ticket)
    if customer is None:
        return

    def step(held: State | None) -> tuple[State, Effects] | None:
        if held is None or held.decision is None:
            return None
        outcome = of_customer(held, customer, parts.policies.of(held).policy)
        after = outcome.state
        changes = differences(after, parts.settings.mode, parts.policy.time_zone, now)
        writes = not changes.empty and not after.settled
        return (about_to_write(after, changes, now) if writes else after), Effects(
            lines=outcome.lines, write=writes
        )

    change(parts, key, step, now=now)


def _is_over(state: State) -> bool:
    """True when nothing runs and nothing will: a plan without targets may be the wrong plan."""
    return state.settled is not None and not state.timers()
