"""What is to be written to a ticket: the difference between what should stand there and what does.

Pure. One update carries everything, and when nothing differs nothing is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from worker.escalation import sla_state
from worker.note import internal_note
from worker.record import OurWrite, Settlement, State
from worker.settings import Mode
from worker.tickets import Changes, Receipt, SlaState, Ticket

REMEMBERED = timedelta(minutes=30)
LEFT_ALONE = {
    Settlement.OUT_OF_SCOPE,
    Settlement.DELETED,
    Settlement.SPAM,
    Settlement.MERGED,
    Settlement.GONE,
}
ONCE = ("note", "group", "assignee")
"""What is written once and does not stand on the ticket as a value of ours."""
RECOGNISED = ("severity", "priority", "review", "meta_dependency")
"""Fields whose echo could be taken for a person's change."""


def differences(state: State, mode: Mode, zone: str, now: datetime) -> Changes:
    """Everything that should stand on the ticket and does not, for this mode."""
    decision = state.decision
    settled = state.settled
    if mode is Mode.OBSERVE or decision is None or (settled and settled.why in LEFT_ALONE):
        return Changes()
    should: dict[str, Any] = {"severity": decision.severity}
    if decision.needs_review or state.there.review:
        should["review"] = decision.needs_review
    if decision.meta_dependency or state.there.meta_dependency:
        should["meta_dependency"] = decision.meta_dependency
    if state.timer:
        should["deadline"] = state.timer.deadline
        should["state"] = state_there_should_be(state, now)
    if mode is Mode.LIVE:
        should["priority"] = decision.severity
    differing = {
        field: value
        for field, value in should.items()
        if value != getattr(state.there, field) and field not in state.hands_off
    }
    if mode is Mode.LIVE:
        note = internal_note(state, zone) if not state.noted and not settled else None
        notes = [text for text in (note, state.owed.note) if text]
        if notes:
            differing["note"] = "\n\n".join(notes)
        once = {"group": state.owed.group, "assignee": state.owed.assignee}
        differing |= {field: value for field, value in once.items() if value}
    return Changes(**differing)


def state_there_should_be(state: State, now: datetime) -> SlaState | None:
    """The SLA state of a ticket with a timer, or None when it has none."""
    timer, settled = state.timer, state.settled
    if timer is None:
        return None
    if settled is None:
        return sla_state(timer, now)
    if settled.why is Settlement.STOPPED:
        return state.there.state  # neither met nor breached: what stands there stays
    in_time = settled.at <= timer.deadline
    return SlaState.MET if in_time else SlaState.BREACHED


def log_of(state: State, arrived: Changes, now: datetime) -> tuple[OurWrite, ...]:
    """What a write did, field by field, with what stood there before: what an undo needs.

    `state` is the one before the write. What is written once (a note) has neither.
    """
    return tuple(
        OurWrite(
            field=field,
            was=None if field in ONCE else _stood(state, field),
            now=None if field in ONCE else _text(value),
            at=now,
        )
        for field, value in arrived
        if value is not None
    )


def _stood(state: State, field: str) -> str | None:
    known, ticket = getattr(state.there, field), state.ticket
    if known is not None:
        return _text(known)
    shown = {
        "severity": ticket.severity_field,
        "priority": ticket.priority,
        "review": ticket.review_field,
        "meta_dependency": True if "meta_dependency" in ticket.tags else None,
    }
    return _text(shown.get(field)) or ticket.ours.get(field)


def about_to_write(state: State, changes: Changes, now: datetime) -> State:
    """The state just before a write, so that its echo is recognised however soon it comes."""
    planned = [
        OurWrite(field=field, was=_text(getattr(state.there, field)), now=_text(value), at=now)
        for field in RECOGNISED
        if (value := getattr(changes, field)) is not None
    ]
    recent = [write for write in state.writes if now - write.at < REMEMBERED]
    return state.model_copy(update={"writes": (*recent, *planned)})


def written(state: State, changes: Changes, receipt: Receipt, now: datetime) -> State:
    """The state after a write.

    What the helpdesk has no field for counts as dealt with, or it would be tried for ever; what a
    passing fault kept away (a note) does not.
    """
    dealt_with = {
        field: value for field, value in changes if value is not None and field not in ONCE
    }
    there = state.there.model_copy(update=dealt_with)
    return state.model_copy(
        update={
            "there": there,
            "noted": state.noted
            or (changes.note not in {None, state.owed.note} and not receipt.try_again),
            "owed": _still_owed(state.owed, changes, receipt),
            "tagged": state.tagged or receipt.written.severity is not None,
            "wrote_at": now,
            "could_not_write": None,
        }
    )


def _still_owed(owed: Changes, changes: Changes, receipt: Receipt) -> Changes:
    """What came up while the write was under way, or was kept away by a passing fault."""
    if receipt.try_again:
        return owed
    done = {
        field: None
        for field in ONCE
        if (value := getattr(owed, field)) and value in (getattr(changes, field) or "")
    }
    return owed.model_copy(update=done)


def arrived_without_answer(state: State, reading: Ticket) -> bool:
    """True when a reading shows what we set out to write and never heard to have arrived."""
    shown = {"severity": reading.severity_field, "priority": reading.priority}
    return any(
        write.now is not None
        and write.now == _text(shown.get(write.field))
        and write.now != _text(getattr(state.there, write.field))
        for write in state.writes
    )


def owes_met(state: State, mode: Mode) -> bool:
    """True when an answered ticket still has to be marked as such at the helpdesk."""
    settled = state.settled
    counted = {Settlement.ANSWERED, Settlement.CLOSED_WITHOUT_REPLY}
    if mode is Mode.OBSERVE or settled is None or settled.why not in counted:
        return False
    should = state_there_should_be(state, settled.at)
    if "state" in state.hands_off:
        return False
    return should is not None and should != state.there.state


def in_words(changes: Changes) -> str:
    """A write in one line for the record: `severity P1, priority P1, deadline ...`."""
    words = []
    for field, value in changes:
        if value is None:
            continue
        if field == "note":
            words.append("an internal note")
        elif field == "clear":
            words.append(f"no {', no '.join(value)}".replace("_", " "))
        elif isinstance(value, datetime):
            words.append(f"{field} {value:%Y-%m-%dT%H:%M:%SZ}")
        elif isinstance(value, bool):
            words.append(f"{field.replace('_', ' ')} {'yes' if value else 'no'}")
        else:
            words.append(f"{field} {value}")
    return ", ".join(words)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
