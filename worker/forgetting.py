"""A ticket without what its people wrote: what is left goes on, and stays without. Pure.

Ids, tags, the severity with its reasons in our own words, timers and deadlines are left.
"""

from __future__ import annotations

from worker.events import Event
from worker.record import State
from worker.tickets import Ticket

TOLD_ON = frozenset({"settled", "forgotten"})
"""Lines of a record that never quote a ticket: how it ended, and that it was forgotten."""


def without_text(state: State) -> State:
    """No subject, no body and no quotes, now and whatever readings bring later."""
    decision = state.decision
    if decision:
        reasons = tuple(reason.model_copy(update={"quote": ""}) for reason in decision.reasons)
        decision = decision.model_copy(update={"reasons": reasons})
    return state.model_copy(
        update={"ticket": _blank(state.ticket), "decision": decision, "forgotten": True}
    )


def has_text(state: State) -> bool:
    """True while there is something to forget, or to be kept forgotten."""
    return without_text(state) != state


def event_without_text(event: Event) -> Event:
    """An event that waits to be taken in still counts (a reply), but what it says is gone."""
    comment = event.comment
    return event.model_copy(
        update={
            "ticket": _blank(event.ticket) if event.ticket else None,
            "comment": comment.model_copy(update={"body": ""}) if comment else None,
        }
    )


def _blank(ticket: Ticket) -> Ticket:
    return ticket.model_copy(update={"subject": "", "body": ""})
