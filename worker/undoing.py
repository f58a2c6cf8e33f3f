"""Putting back what we wrote to a ticket: what it would change, and what cannot be undone. Pure.

People win here too: a field that somebody touched after us stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from worker.record import OurWrite, State
from worker.tickets import Changes, Noun, Receipt, Severity, SlaState, Status, Ticket
from worker.writing import ONCE, REMEMBERED

FIELDS = ("severity", "priority", "deadline", "state", "review", "meta_dependency")
FOLLOWS_A_PERSON = {"severity", "priority", "deadline"}
CHECKBOXES = {"review", "meta_dependency"}
"""They stand at no where others stand empty."""
OVER = {
    Status.CLOSED: "the ticket is closed",
    Status.DELETED: "the ticket is deleted",
    Status.SPAM: "the ticket is spam",
}


class Row(Noun):
    """One field of one ticket."""

    field: str
    now: str | None = None
    back: str | None = None
    """None: empty."""
    why_not: str = ""
    """Why it cannot be put back; "" when it can."""


class Undoing(Noun):
    """What an undo does to one ticket."""

    rows: tuple[Row, ...]
    changes: Changes

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """For the ticket's record."""
        back = [f"{row.field} {row.now} -> {row.back}" for row in self.rows if not row.why_not]
        left = [("not undone", f"{row.field}: {row.why_not}") for row in self.rows if row.why_not]
        return ((("undone", ", ".join(back)),) if back else ()) + tuple(left)


def undoing(
    state: State, wrote: Sequence[OurWrite], reading: Ticket, since: datetime, *, all_kept: bool
) -> Undoing:
    """What putting back everything since then means, as the ticket stands in `reading`.

    `all_kept`: nothing is missing from `wrote`, so its first entry tells what stood before us.
    """
    later = [write for write in wrote if write.at >= since]
    rows: list[Row] = []
    back: dict[str, Any] = {}
    for field in FIELDS:
        ours = [write for write in later if write.field == field]
        if not ours:
            continue
        there = _shown(reading, field)
        wanted = ours[0].was or ("False" if field in CHECKBOXES else None)
        if there == wanted if field == "priority" else _same(field, there, wanted):
            continue
        known = all_kept or ours[0] is not wrote[0]
        why_not = _why_not(state, ours[-1], reading, there) or (
            "" if known and _readable(field, wanted) else "the value before is not known"
        )
        rows.append(Row(field=field, now=there, back=wanted, why_not=why_not))
        if not why_not:
            back[field] = _typed(field, wanted)
    rows += _once(later)
    cleared = tuple(field for field, value in back.items() if value is None)
    return Undoing(rows=tuple(rows), changes=Changes(**back, clear=cleared or None))


def left_alone(state: State, changes: Changes, now: datetime) -> State:
    """The state just before the undo's write: the fields are nobody's business of ours any more.

    Its echo is recognised, and what we wrote before is history, so that a person who sets the same
    again is heard and a late echo is not taken for one.
    """
    undone = (*(field for field, value in changes if value is not None), *(changes.clear or ()))
    ours = [
        OurWrite(field=field, was=str(was), now=_text(getattr(changes, field)), at=now)
        for field in FIELDS
        if field in undone and (was := getattr(state.there, field)) is not None
    ]
    kept = [w for w in state.writes if w.field not in undone and now - w.at < REMEMBERED]
    return state.model_copy(
        update={
            "writes": (*kept, *ours),
            "hands_off": tuple(dict.fromkeys((*state.hands_off, *FIELDS))),
            "noted": True,
            "person_at": now,
        }
    )


def undone(state: State, receipt: Receipt, now: datetime) -> State:
    """The state after the undo's write: what arrived stands there now."""
    arrived = {field: value for field, value in receipt.written if value is not None}
    emptied = dict.fromkeys(arrived.pop("clear", ()))
    there = state.there.model_copy(update=arrived | emptied)
    return state.model_copy(update={"there": there, "wrote_at": now})


def _why_not(state: State, last: OurWrite, reading: Ticket, there: str | None) -> str:
    if reading.status in OVER:
        return OVER[reading.status]
    if not _same(last.field, there, last.now):
        return "a person changed it after"
    person = state.person_at
    if last.field in FOLLOWS_A_PERSON and person is not None and last.at >= person:
        return "it says what a person decided"
    return ""


def _once(later: Sequence[OurWrite]) -> Iterator[Row]:
    words = {
        "note": "an internal note cannot be taken back",
        "group": "who had it before is not known",
        "assignee": "who had it before is not known",
    }
    for field in ONCE:
        if any(write.field == field for write in later):
            yield Row(field=field, why_not=words[field])


def _shown(reading: Ticket, field: str) -> str | None:
    """A field as it stands there now."""
    if field == "priority":
        return _text(reading.priority)
    shown = {"severity": reading.severity_field, "review": reading.review_field}
    return reading.ours.get(field) or _text(shown.get(field))


def _same(field: str, one: str | None, other: str | None) -> bool:
    if field == "priority":  # a helpdesk may not tell its lowest from none
        return (one or Severity.P4) == (other or Severity.P4)
    if field in CHECKBOXES:
        return (one or "False") == (other or "False")
    if field == "deadline" and one and other and _readable(field, one) and _readable(field, other):
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    return one == other


def _readable(field: str, text: str | None) -> bool:
    try:
        _typed(field, text)
    except ValueError:
        return False
    return True


def _typed(field: str, text: str | None) -> Any:
    """A value of `Changes` from its text; raises ValueError when it is none of ours."""
    if text is None:
        return None
    if field in CHECKBOXES:
        return text == "True"
    if field == "deadline":
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("a deadline needs a time zone")
        return moment
    return SlaState(text) if field == "state" else Severity(text)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
