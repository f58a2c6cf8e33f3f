"""What an event means for a ticket: (state, event, policy, now) -> state. Pure.

The rules that protect people live here: a severity or priority that a person set is never
overwritten, our own echo is not taken for a person, severity and deadline always belong together,
and only the first public reply by a human agent stops the timer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.acknowledging import acknowledged, review_confirmed, severity_chosen, stopped
from worker.conversation import BODY_KEPT, comment_made, follow_status, whole_reading
from worker.events import Event, EventKind
from worker.forgetting import without_text
from worker.outcome import Outcome, decided_text, know, settle, under
from worker.people import (
    by_person,
    changed_by_hand,
    respect_removed_tags,
)
from worker.policy import Policy, Preset
from worker.record import Settlement, State
from worker.severity import Rubric, decide
from worker.tickets import (
    Changes,
    Customer,
    DecidedBy,
    Decision,
    Reason,
    Severity,
    Status,
    Ticket,
)
from worker.timer import roughly

ENDINGS = {
    EventKind.MERGED: (Settlement.MERGED, "merged"),
    EventKind.DELETED: (Settlement.DELETED, "deleted at the helpdesk"),
    EventKind.SPAM: (Settlement.SPAM, "marked as spam"),
}
ON_OUR_PAGE = {
    EventKind.ACKNOWLEDGED: acknowledged,
    EventKind.SEVERITY_CHOSEN: severity_chosen,
    EventKind.CONFIRMED: review_confirmed,
    EventKind.STOPPED: stopped,
}
POLL_IS_LATE = timedelta(seconds=5)
"""A poll that finds a ticket sooner than this did not make up for a lost webhook."""


def fold(
    state: State | None,
    events: Sequence[Event],
    reading: Ticket | None,
    policy: Policy,
    rubric: Rubric,
    now: datetime,
    *,
    customer: Customer | None = None,
) -> Outcome | None:
    """All waiting events of one ticket, in order, over its state; None when it is unknown.

    `reading` is the ticket as just fetched, when the events did not tell enough; `customer` the
    organisation of a ticket that is met for the first time, when it could be looked up.
    """
    lines: list[tuple[str, str]] = []
    if state is None:
        told = next((event for event in events if event.ticket), None)
        first = reading or (told.ticket if told else None)
        if first is None or _is_history(first, events):
            return None
        by_poll = all(event.kind is EventKind.SEEN for event in events)
        late = now - first.created_at >= POLL_IS_LATE
        read_at = _as_of(told, now) if told and not reading else now
        begun = begin(
            first,
            policy,
            rubric,
            now,
            read_at=read_at,
            customer=customer,
            met_later=all(event.kind is not EventKind.CREATED for event in events),
            recovered=by_poll and late,
        )
        state, lines = begun.state, list(begun.lines)
    elif reading:
        seen = whole_reading(state, reading, policy, now)
        state, lines = seen.state, list(seen.lines)
    for event in events:
        outcome = take(state, event, policy, rubric, now)
        state = outcome.state
        lines += outcome.lines
    if state.forgotten or _is_erased(events, reading):
        state = without_text(state)
    return Outcome(state=state, lines=tuple(lines))


def _is_erased(events: Sequence[Event], reading: Ticket | None) -> bool:
    """True when the helpdesk deleted the ticket, or took out something that people wrote."""
    erased = {EventKind.DELETED, EventKind.REDACTED}
    tickets = [reading, *(event.ticket for event in events if event.kind is EventKind.SEEN)]
    return any(event.kind in erased for event in events) or any(
        ticket.status is Status.DELETED for ticket in tickets if ticket
    )


def begin(
    ticket: Ticket,
    policy: Policy,
    rubric: Rubric,
    now: datetime,
    *,
    read_at: datetime,
    customer: Customer | None = None,
    met_later: bool = False,
    recovered: bool = False,
) -> Outcome:
    """A ticket met for the first time: scope, decision, timer.

    `met_later`: not at its creation, so what stands on it may be our own (we lost our memory).
    """
    fields = policy.plan_from.kept(ticket.fields)
    kept = ticket.model_copy(update={"body": ticket.body[:BODY_KEPT], "fields": fields})
    state = State(
        ticket=kept,
        policy=policy.version,
        customer=customer,
        read_at=read_at,
        recovered=recovered,
        there=Changes(priority=ticket.priority, review=ticket.review_field),
    )
    late = roughly(now - ticket.created_at)
    lines = [("received", f"recovered by poll, {late} late" if recovered else "new")]
    ignored = policy.ignore.reason(ticket)
    if ignored:
        lines.append(("settled", f"out of scope: the policy ignores {ignored}"))
        return settle(state, Settlement.OUT_OF_SCOPE, now, lines)
    decision = _first_decision(ticket, policy, rubric, met_later=met_later)
    # Without its tag the field is written again, as severity and tag belong together.
    tagged = ticket.severity_field and f"sla_{ticket.severity_field.lower()}" in ticket.tags
    state = know(state, severity=ticket.severity_field if tagged else None)
    rebuilt = met_later and ticket.severity_field is not None and not ticket.follow_up
    state = state.model_copy(update={"noted": rebuilt})
    state = under(state, decision, policy, at=now)
    lines.append(("decided", decided_text(decision)))
    return follow_status(state, ticket, policy, now, lines)


def take(  # noqa: PLR0911 one way out per kind of event reads best
    state: State, event: Event, policy: Policy, rubric: Rubric, now: datetime
) -> Outcome:
    """One more event on a known ticket."""
    if event.kind is EventKind.COMMENT and event.comment:
        return comment_made(state, event, policy, rubric, now)
    if event.kind in {EventKind.PRIORITY, EventKind.FIELD}:
        return changed_by_hand(state, event, policy, now)
    if event.kind in ENDINGS:
        return _ended(state, event, now)
    if event.kind is EventKind.STATUS and event.ticket:
        return follow_status(state, event.ticket, policy, event.happened_at or now, [])
    if event.kind is EventKind.TAGS:
        return Outcome(state=respect_removed_tags(state, event, now))
    if event.kind is EventKind.MERGED_IN and event.now:
        text = f"ticket {event.was} was merged in"
        return raise_to(state, Severity(event.now), text, policy, now)
    if event.kind in ON_OUR_PAGE:
        return ON_OUR_PAGE[event.kind](state, event, policy, now)
    if event.kind is EventKind.SEEN and event.ticket:
        return whole_reading(state, event.ticket, policy, _as_of(event, now))
    return Outcome(state=state)


def _ended(state: State, event: Event, now: datetime) -> Outcome:
    why, text = ENDINGS[event.kind]
    into = f" into {event.merged_into}" if event.merged_into else ""
    return settle(state, why, now, [("settled", f"{text}{into}")])


def _as_of(event: Event, now: datetime) -> datetime:
    """Up to when a ticket inside an event tells the truth: a delivery may be minutes late."""
    known = (event.happened_at, event.ticket.updated_at if event.ticket else None)
    return min([now, *(moment for moment in known if moment)])


def _is_history(ticket: Ticket, events: Sequence[Event]) -> bool:
    """True for an unknown ticket that nobody waits for: it ended, or was over when we met it."""
    if all(event.ends_ticket for event in events):
        return True
    return ticket.status.over and all(event.kind is not EventKind.CREATED for event in events)


def raise_to(state: State, severity: Severity, why: str, policy: Policy, now: datetime) -> Outcome:
    """Another ticket was merged into this one: the higher severity of the two holds."""
    decision = state.decision
    if not state.running or decision is None or decision.by is DecidedBy.PERSON:
        return Outcome(state=state)
    if not severity.worse_than(decision.severity):
        return Outcome(state=state)
    higher = decision.model_copy(
        update={"severity": severity, "reasons": (Reason(text=why), *decision.reasons)}
    )
    after = under(state, higher, policy, at=now)
    return Outcome(state=after, lines=(("decided", decided_text(higher)),))


def gone(state: State, why: str, now: datetime) -> Outcome:
    """The helpdesk no longer knows the ticket, or no longer lets it be written."""
    return settle(state, Settlement.GONE, now, [("settled", f"dropped: {why}")])


def _first_decision(ticket: Ticket, policy: Policy, rubric: Rubric, *, met_later: bool) -> Decision:
    fresh = decide(ticket.subject, ticket.body, rubric)
    ours = met_later and ticket.severity_field == fresh.severity  # the same ticket decides the same
    if ticket.severity_field and not ticket.follow_up and not ours:
        return by_person(fresh, ticket.severity_field, "the SLA severity was set at creation")
    preset = ticket.priority
    if preset is None or ticket.follow_up or policy.preset_priority is Preset.REPLACE:
        return fresh
    if ticket.opened_by_agent:
        return by_person(fresh, preset, "the agent who opened the ticket set its priority")
    if policy.preset_priority is Preset.KEEP or preset.worse_than(fresh.severity):
        why = Reason(text=f"the ticket came with the priority of a {preset}, never lowered")
        return fresh.model_copy(
            update={
                "severity": preset,
                "runner_up": fresh.severity,
                "reasons": (why, *fresh.reasons),
            }
        )
    return fresh
