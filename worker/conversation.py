"""What is said on a ticket and what a reading of it tells: replies, messages, its end. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.events import Event
from worker.outcome import Outcome, decided_text, know, reply_given, settle, timer_for, under
from worker.people import confirmed, is_history, missing_tag, person_set
from worker.policy import Policy
from worker.record import Settled, Settlement, State
from worker.severity import Rubric, decide
from worker.tickets import DecidedBy, Reason, Status, Target, Ticket

BODY_KEPT = 4000
"""Characters of the body that the record keeps for showing quotes in their place."""
OPENING = timedelta(seconds=2)
"""An agent's comment this soon after an agent opened the ticket is its opening comment."""


def comment_made(
    state: State, event: Event, policy: Policy, rubric: Rubric, now: datetime
) -> Outcome:
    """A public comment: a reply by an agent, or a further message of the requester."""
    comment = event.comment
    if comment is None or not comment.public:
        return Outcome(state=state)
    at = event.happened_at or now
    ticket = state.ticket
    if not comment.by_agent or (comment.author and comment.author == ticket.requester):
        if state.settled:
            return _waits_again(state, at, policy)
        return _heard_again(state, comment.body, policy, rubric, at)
    if comment.author in policy.bots or comment.author_name in policy.bots:
        return Outcome(state=state, lines=(("said", "a bot's comment is not a first response"),))
    if ticket.opened_by_agent and at - ticket.created_at <= OPENING:
        return Outcome(state=state)
    by = comment.author_name or comment.author
    answered = _answered(state, at, by)
    given = reply_given(answered.state, at, by)
    return given.model_copy(update={"lines": (*answered.lines, *given.lines)})


def _waits_again(state: State, at: datetime, policy: Policy) -> Outcome:
    """The requester wrote after the first response: the next reply has a target, if the plan says.

    Several messages in a row wait since the first of them.
    """
    answered = state.settled and state.settled.why is Settlement.ANSWERED
    if not answered or Target.NEXT_REPLY in state.others:
        return Outcome(state=state)
    if state.settled and at <= state.settled.at:
        return Outcome(state=state)
    timer = timer_for(state, policy, Target.NEXT_REPLY, since=at)
    if timer is None:
        return Outcome(state=state)
    due = f"{timer.deadline:%Y-%m-%d %H:%M:%S} UTC"
    return Outcome(
        state=state.with_timer(timer),
        lines=(("said", f"the requester wrote again, next reply due {due}"),),
    )


def _heard_again(state: State, text: str, policy: Policy, rubric: Rubric, at: datetime) -> Outcome:
    """The requester wrote again before the first response: it may raise, never lower."""
    held = state.decision
    if not state.running or held is None or held.by is DecidedBy.PERSON:
        return Outcome(state=state)
    readings = (decide(state.ticket.subject, text, rubric, later=True), decide("", text, rubric))
    fresh = min(readings, key=lambda decision: decision.severity.rank)
    if not fresh.severity.worse_than(held.severity):
        return Outcome(state=state)
    why = Reason(text="the requester wrote again and it is worse than before")
    raised = fresh.model_copy(update={"reasons": (why, *fresh.reasons)})
    after = under(state, raised, policy, at=at)
    return Outcome(state=after, lines=(("decided", decided_text(raised)),))


def whole_reading(state: State, ticket: Ticket, policy: Policy, read_at: datetime) -> Outcome:
    """A whole reading of the ticket: by poll, before a step, before a write."""
    before = state
    kept = ticket.model_copy(
        update={
            "body": state.ticket.body or ticket.body[:BODY_KEPT],
            "fields": policy.plan_from.kept(ticket.fields),
            "opened_by_agent": ticket.opened_by_agent or state.ticket.opened_by_agent,
        }
    )
    state = state.model_copy(update={"ticket": kept, "read_at": max(read_at, state.read_at)})
    lines: list[tuple[str, str]] = []
    for field, value in (("severity", ticket.severity_field), ("priority", ticket.priority)):
        known = getattr(state.there, field)
        if value in {None, known} or is_history(state, field, value, ticket):
            continue
        bound = field != "severity" or f"sla_{value.lower()}" in ticket.tags
        state = know(state, **{field: value if bound else None})  # None: write it, for its tag
        if before.decision:
            changed = person_set(state, field, value, policy, ticket.updated_at or read_at)
            state, lines = changed.state, [*lines, *changed.lines]
    state = missing_tag(state, ticket)
    if ticket.review_field is False and state.there.review:
        cleared = confirmed(state)
        state, lines = cleared.state, [*lines, *cleared.lines]
    return follow_status(state, ticket, policy, ticket.updated_at or read_at, lines)


def follow_status(
    state: State, ticket: Ticket, policy: Policy, at: datetime, lines: list[tuple[str, str]]
) -> Outcome:
    """What a reading tells of replies and of the ticket's end."""
    if ticket.first_response_at:
        answered = _answered(state, ticket.first_response_at, None)
        state, lines = answered.state, [*lines, *answered.lines]
    if ticket.replied_at:
        given = reply_given(state, ticket.replied_at, None)
        state, lines = given.state, [*lines, *given.lines]
    why = {
        Status.SOLVED: Settlement.CLOSED_WITHOUT_REPLY,
        Status.CLOSED: Settlement.CLOSED_WITHOUT_REPLY,
        Status.SPAM: Settlement.SPAM,
        Status.DELETED: Settlement.DELETED,
    }.get(ticket.status)
    if why is Settlement.CLOSED_WITHOUT_REPLY and ticket.merged:
        why = Settlement.MERGED
    if why is None:
        return Outcome(state=_opened_again(state, policy), lines=tuple(lines))
    return settle(state, why, at, [*lines, ("settled", str(why))])


def _opened_again(state: State, policy: Policy) -> State:
    """A ticket that was over and is not any more has its resolution target again."""
    over = {Settlement.ANSWERED, Settlement.CLOSED_WITHOUT_REPLY}
    if state.settled is None or state.settled.why not in over:
        return state
    if Target.RESOLUTION in state.others:
        return state
    timer = timer_for(state, policy, Target.RESOLUTION)
    return state.with_timer(timer) if timer else state


def _answered(state: State, at: datetime, by: str | None) -> Outcome:
    settled = state.settled
    if settled and settled.why is not Settlement.CLOSED_WITHOUT_REPLY:
        return Outcome(state=state)
    in_time = at <= state.timer.deadline if state.timer else None
    late = "" if in_time is not False else ", after the deadline"
    who = f" by {by}" if by else ""
    return Outcome(
        state=state.without(Target.REVIEW).model_copy(
            update={"settled": Settled(why=Settlement.ANSWERED, at=at, by=by, in_time=in_time)}
        ),
        lines=(("settled", f"answered{who}{late}"),),
    )
