"""People win: a severity or priority that a person set is never overwritten. Pure.

Our own writes come back as events and readings. They are recognised by what we wrote (field,
value, time) and not by user, since we may share a user with an agent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.events import Event, EventKind
from worker.outcome import Outcome, know, under
from worker.policy import Policy
from worker.record import OurWrite, State
from worker.tickets import Confidence, DecidedBy, Decision, Reason, Severity, Target, Ticket

NAMES = {"priority": "priority", "severity": "SLA severity"}
"""Fields that a person may decide with, for people."""
ECHO = timedelta(minutes=10)
"""How long after a write its echo may come back and still be recognised."""


def by_person(decision: Decision, severity: Severity, why: str) -> Decision:
    """The person's severity; the runner-up is what was decided here, however often they change."""
    ours = decision.severity
    if decision.by is DecidedBy.PERSON:
        ours = decision.runner_up or ours
    return decision.model_copy(
        update={
            "severity": severity,
            "by": DecidedBy.PERSON,
            "rubric": decision.rubric or decision.severity,
            "needs_review": False,
            "confidence": Confidence.HIGH,
            "reasons": (Reason(text=why), *decision.reasons),
            "runner_up": ours if ours != severity else None,
        }
    )


def changed_by_hand(state: State, event: Event, policy: Policy, now: datetime) -> Outcome:
    """A changed priority or SLA severity: our own echo, or a person's decision."""
    field = "priority" if event.kind is EventKind.PRIORITY else "severity"
    if event.kind is EventKind.FIELD and event.field == "SLA review":
        cleared = (event.now or "").lower() in {"", "false", "0", "no"}
        wrote = _recent(state, "review", event.happened_at or now)
        ours = bool(wrote) and wrote[-1].now == "False"  # an undo put it back
        return confirmed(state) if cleared and not ours else Outcome(state=state)
    if event.kind is EventKind.FIELD and event.field != "SLA severity":
        return Outcome(state=state)
    try:
        severity = Severity(event.now) if event.now else None
    except ValueError:
        return Outcome(state=state)
    at = event.happened_at or now
    is_older = state.person_at is not None and at < state.person_at
    if is_older or is_echo(state, field, event.was, event.now, at):
        return Outcome(state=state)
    if severity is None:
        return Outcome(
            state=_leave_alone(know(state, **{field: None}), field),
            lines=(("person", f"cleared the {NAMES[field]}"),),
        )
    overwritten = state.wrote_at is not None and at <= state.wrote_at
    known = know(state, **{field: None if overwritten else severity})
    return person_set(known, field, severity, policy, at, overwritten=overwritten)


def person_set(
    state: State,
    field: str,
    severity: Severity | None,
    policy: Policy,
    at: datetime,
    *,
    overwritten: bool = False,
) -> Outcome:
    """A person decided at that moment: the severity is theirs, the deadline follows.

    What we wrote to the field before is forgotten, so that going back to it is heard as well; not
    so when our write ran over the person's, whose echo is still to come.
    """
    held = state.decision
    if severity is None or held is None or (state.settled and not state.timers()):
        return Outcome(state=state)
    by_field = (
        held.by is DecidedBy.PERSON and held.reasons and "SLA severity" in held.reasons[0].text
    )
    if field == "priority" and by_field:
        return Outcome(state=state, lines=(("person", "priority changed; the SLA severity holds"),))
    name = NAMES[field]
    decision = by_person(held, severity, f"a person set the {name}")
    others = tuple(write for write in state.writes if overwritten or write.field != field)
    decided = state.model_copy(update={"writes": others, "person_at": at})
    return Outcome(
        state=under(decided, decision, policy, at=at),
        lines=(("person", f"set the {name}: {severity}"),),
    )


def missing_tag(state: State, ticket: Ticket) -> State:
    """The same, when a reading shows it: our severity's tag was there and is not any more."""
    severity, wrote = state.there.severity, state.wrote_at
    as_of = ticket.updated_at or ticket.created_at
    if not state.tagged or severity is None or wrote is None or as_of <= wrote:
        return state
    return state if f"sla_{severity.lower()}" in ticket.tags else _leave_alone(state, "severity")


def respect_removed_tags(state: State, event: Event, now: datetime) -> State:
    """A tag of ours that a person removed stays removed: its field is never written again."""
    removed = {tag.lower() for tag in event.tags_removed}
    added = {tag.lower() for tag in event.tags_added}
    there, off = state.there, []
    tag_of = {
        "severity": f"sla_{there.severity.lower()}" if there.severity else None,
        "review": "sla_review" if there.review else None,
        "meta_dependency": "meta_dependency" if there.meta_dependency else None,
    }
    for field, tag in tag_of.items():
        replaced = field == "severity" and any(name.startswith("sla_p") for name in added)
        if tag in removed and not replaced and not _changed_by_us(state, field, now):
            off.append(field)
    return _leave_alone(state, *off) if off else state


def _changed_by_us(state: State, field: str, now: datetime) -> bool:
    """True when we changed the field from one value to another a moment ago."""
    return any(write.was is not None for write in _recent(state, field, now))


def _recent(state: State, field: str, now: datetime) -> list[OurWrite]:
    return [w for w in state.writes if w.field == field and abs(now - w.at) <= ECHO]


def is_echo(state: State, field: str, was: str | None, value: str | None, now: datetime) -> bool:
    """True when a change from `was` to `value` is one that we made ourselves."""
    return any(
        write.now == value and (write.was is None or was is None or write.was == was)
        for write in _recent(state, field, now)
    )


def is_history(state: State, field: str, value: object, ticket: Ticket) -> bool:
    """True when a reading shows `value` because it is older than what we know already."""
    text = str(value)
    as_of = ticket.updated_at or ticket.created_at
    if state.person_at is not None and as_of < state.person_at.replace(microsecond=0):
        return True
    return any(
        write.now == text or (write.was == text and as_of <= write.at)
        for write in state.writes
        if write.field == field
    )


def confirmed(state: State) -> Outcome:
    """A person cleared the review: the severity stands as it is."""
    held = state.decision
    if held is None or not held.needs_review:
        return Outcome(state=state)
    decision = held.model_copy(update={"needs_review": False})
    return Outcome(
        state=know(
            state.without(Target.REVIEW).model_copy(update={"decision": decision}), review=False
        ),
        lines=(("person", "confirmed the severity by clearing the review"),),
    )


def _leave_alone(state: State, *fields: str) -> State:
    return state.model_copy(update={"hands_off": tuple(dict.fromkeys((*state.hands_off, *fields)))})
