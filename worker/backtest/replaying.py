"""One ticket of the past through the real decision and timers: what would have happened. Pure."""

from __future__ import annotations

from datetime import datetime

from worker.backtest.fates import OURS, Replayed
from worker.backtest.walking import Rules, guard
from worker.helpdesks.export import Past
from worker.lifecycle import begin
from worker.tickets import Status

OUT = {Status.SPAM: "spam", Status.DELETED: "deleted"}


def replay(past: Past, rules: Rules, as_of: datetime) -> Replayed:
    """`as_of` is where the export ends: what is open then is still waiting.

    The priority and our own fields are as people left them in the end, so they are taken off
    before the ticket comes in once more.
    """
    out = OUT.get(past.ticket.status)
    if out:
        return Replayed(past, left_alone=f"{out} at the helpdesk")
    ticket = past.ticket.model_copy(
        update={
            "status": Status.OPEN,
            "priority": None,
            "severity_field": None,
            "review_field": None,
            "first_response_at": None,
            "replied_at": None,
            "tags": tuple(tag for tag in past.ticket.tags if not OURS.fullmatch(tag)),
        }
    )
    created = ticket.created_at
    begun = begin(
        ticket, rules.policy, rules.rubric, created, read_at=created, customer=past.customer
    )
    state = begun.state
    if state.decision is None:
        return Replayed(past, left_alone=begun.lines[-1][1])
    plan, known = rules.policy.plan_of(state.ticket, state.customer)
    return Replayed(
        past,
        decision=state.decision,
        plan=plan,
        plan_known=known,
        guarded={timer.target: guard(state, timer, past, rules, as_of) for timer in state.timers()},
    )
