"""What people say on our own pages: on it, another severity, the doubt settled, stop. Pure."""

from __future__ import annotations

from datetime import datetime

from worker.events import Event
from worker.outcome import Outcome, settle
from worker.people import person_set
from worker.policy import Policy
from worker.record import Settlement, State
from worker.targets import clock_time
from worker.tickets import Severity, Target, one_line
from worker.timer import Acknowledged

LONGEST_NAME = 80


def acknowledged(state: State, event: Event, policy: Policy, now: datetime) -> Outcome:
    """Repeats and steps before the breach keep quiet for a while; a reply beats it.

    The breach itself is always told, and when the time is over without a reply it is asked again.
    """
    at, decision = event.happened_at or now, state.decision
    target = Target(event.field) if event.field in set(Target) else Target.FIRST_RESPONSE
    timer = state.timer_of(target)
    by = one_line(event.actor or "somebody", LONGEST_NAME)
    if timer is None or decision is None:
        return Outcome(state=state, lines=(("said", f"acknowledged by {by}, when it was over"),))
    until = at + policy.acknowledge.quiet_for(decision.severity)
    taken = timer.model_copy(update={"acknowledged": Acknowledged(by=by, at=at, until=until)})
    quiet = clock_time(until, policy.time_zone)
    note = (
        f"Acknowledged by {by} in Minutehand at {clock_time(at, policy.time_zone)}. "
        f"Without a public reply it is asked again at {quiet}."
    )
    assigned = {"assignee": event.now} if policy.acknowledge.assign else {}
    return Outcome(
        state=state.with_timer(taken).owing(note, **assigned),
        lines=(("acknowledged", f"{target.words}: by {by}, quiet until {quiet}"),),
    )


def severity_chosen(state: State, event: Event, policy: Policy, now: datetime) -> Outcome:
    """A person's decision, made on our page instead of at the helpdesk; it is written there."""
    at = event.happened_at or now
    by = one_line(event.actor or "somebody", LONGEST_NAME)
    try:
        severity = Severity(event.now or "")
    except ValueError:
        return Outcome(state=state)
    set_by = person_set(state, "severity", severity, policy, at)
    lines = tuple((what, f"{by} {text}, in Minutehand") for what, text in set_by.lines)
    return Outcome(state=set_by.state, lines=lines)


def review_confirmed(state: State, event: Event, _policy: Policy, _now: datetime) -> Outcome:
    """The doubtful severity is right; the review field is cleared at the helpdesk as well."""
    held = state.decision
    if held is None or not held.needs_review:
        return Outcome(state=state)
    by = one_line(event.actor or "somebody", LONGEST_NAME)
    decision = held.model_copy(update={"needs_review": False})
    return Outcome(
        state=state.without(Target.REVIEW).model_copy(update={"decision": decision}),
        lines=(("person", f"{by} confirmed the severity, in Minutehand"),),
    )


def stopped(state: State, event: Event, _policy: Policy, now: datetime) -> Outcome:
    """Nobody waits for an answer: every timer ends and counts neither as met nor as breached."""
    by = one_line(event.actor or "somebody", LONGEST_NAME)
    if state.settled and not state.others:
        return Outcome(state=state)
    at = event.happened_at or now
    ended = settle(state, Settlement.STOPPED, at, [("settled", f"{Settlement.STOPPED}: {by}")])
    settled = ended.state.settled
    if settled and settled.why is Settlement.STOPPED and settled.by is None:
        named = settled.model_copy(update={"by": by})
        return ended.model_copy(update={"state": ended.state.model_copy(update={"settled": named})})
    return ended
