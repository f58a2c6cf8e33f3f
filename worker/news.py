"""What a reading of a ticket tells that we do not know yet: what a poll has found. Pure."""

from __future__ import annotations

from worker.people import missing_tag
from worker.record import Settlement, State
from worker.tickets import Target, Ticket


def news(state: State | None, ticket: Ticket) -> str | None:
    """In a word or two for people what the reading tells, or None when it tells nothing new."""
    if state is None:
        return None if ticket.status.over else "new ticket"
    found = _of_the_first_response(state, ticket) or _of_another(state, ticket)
    return found if found or state.settled else _of_people(state, ticket)


def _of_people(state: State, ticket: Ticket) -> str | None:
    """What agents did to a ticket that waits for its first response."""
    if ticket.assignee != state.ticket.assignee:
        return "another assignee"
    if ticket.priority not in {None, state.there.priority}:
        return f"priority {ticket.priority}"
    if ticket.severity_field not in {None, state.there.severity}:
        return f"severity {ticket.severity_field}"
    if ticket.review_field is False and state.there.review is True:
        return "reviewed"
    return "tag removed" if missing_tag(state, ticket) is not state else None


def _of_the_first_response(state: State, ticket: Ticket) -> str | None:
    """That it was given, or that nobody waits for it any more."""
    closed = state.settled and state.settled.why is Settlement.CLOSED_WITHOUT_REPLY
    if state.settled and not closed:
        return None
    if ticket.first_response_at is not None:
        return "answered"
    if ticket.merged and ticket.status.over:
        return "merged"
    return str(ticket.status) if ticket.status.over and not state.settled else None


def _of_another(state: State, ticket: Ticket) -> str | None:
    """That another timer than the first response's is over, or runs again."""
    if not state.settled:
        return None
    waiting = state.others.get(Target.NEXT_REPLY)
    if waiting and ticket.replied_at and ticket.replied_at >= waiting.created_at:
        return "answered"
    if state.ticket.status.over and not ticket.status.over:
        return "opened again"
    return str(ticket.status) if state.others and ticket.status.over else None
