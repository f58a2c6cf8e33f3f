"""How one ticket ended, in about 100 bytes: figures and names of things, no text that people wrote.

The organisation's name is in it, as a report by organisation needs it; subjects, quotes and people
are not. It outlives the ticket's full record.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import NamedTuple

from worker.record import Settlement, State
from worker.tickets import DecidedBy, Severity, TicketKey, one_line

NAME_LIMIT = 60


class Ending(NamedTuple):
    """One ticket for the report. Moments are aware UTC, to the second."""

    severity: Severity
    created_at: datetime
    deadline: datetime | None
    """None: there was no first-response target."""
    settled_at: datetime | None = None
    """None: somebody is still waiting."""
    why: Settlement | None = None
    rubric: Severity | None = None
    """What we had decided, when a person's severity took its place."""
    raised_late: bool = False
    """The severity was raised when its new deadline had already passed."""
    plan: str = ""
    plan_known: bool = True
    organization: str = ""
    group: str = ""
    """Its id at the helpdesk."""
    person: bool = False
    """The severity is a person's, be it the same as ours or not."""

    def as_text(self) -> str:
        """One line for the store."""
        flags = 1 * self.raised_late + 2 * self.plan_known + 4 * self.person
        return json.dumps(
            [
                self.severity.rank,
                int(self.created_at.timestamp()),
                _seconds(self.deadline),
                # Rounded up: half a second after the deadline is after it.
                math.ceil(self.settled_at.timestamp()) if self.settled_at else None,
                _ORDER.index(self.why) if self.why else None,
                self.rubric.rank if self.rubric else None,
                flags,
                self.plan,
                self.organization,
                self.group,
            ],
            separators=(",", ":"),
            ensure_ascii=False,
        )

    @classmethod
    def parse(cls, text: str) -> Ending:
        """Read what `as_text` wrote; raises ValueError on anything else."""
        try:
            rank, created, deadline, settled, why, rubric, flags, plan, name, group = json.loads(
                text
            )
            return cls(
                severity=Severity(f"P{rank}"),
                created_at=_moment(created),
                deadline=None if deadline is None else _moment(deadline),
                settled_at=None if settled is None else _moment(settled),
                why=None if why is None else _ORDER[why],
                rubric=None if rubric is None else Severity(f"P{rubric}"),
                raised_late=bool(flags & 1),
                plan_known=bool(flags & 2),
                person=bool(flags & 4),
                plan=plan,
                organization=name,
                group=group,
            )
        except (TypeError, IndexError, OverflowError) as fault:
            raise ValueError(f"not an ending: {type(fault).__name__}") from None


_ORDER = (
    Settlement.ANSWERED,
    Settlement.CLOSED_WITHOUT_REPLY,
    Settlement.DELETED,
    Settlement.SPAM,
    Settlement.MERGED,
    Settlement.GONE,
    Settlement.OUT_OF_SCOPE,
    Settlement.STOPPED,
)
"""What is kept is a place in this list: it only ever grows at its end."""


def ending_of(state: State) -> Ending | None:
    """A ticket as the report counts it; None before a decision and for what is out of scope."""
    decision, settled, timer = state.decision, state.settled, state.timer
    if decision is None or (settled and settled.why is Settlement.OUT_OF_SCOPE):
        return None
    raised, due = state.raised_at, timer.deadline if timer else None
    person = decision.by is DecidedBy.PERSON
    name = state.customer.name if state.customer else ""
    return Ending(
        severity=decision.severity,
        created_at=state.ticket.created_at,
        deadline=due,
        settled_at=settled.at if settled else None,
        why=settled.why if settled else None,
        rubric=decision.rubric if person else None,
        raised_late=raised is not None and due is not None and due <= raised,
        plan=timer.plan if timer else "",
        plan_known=timer.plan_known if timer else True,
        organization=one_line(name or "", NAME_LIMIT),
        group=state.ticket.group or "",
        person=person,
    )


def helpdesk_of(key: str) -> str:
    """The helpdesk of a ticket's key, for a report by helpdesk."""
    return TicketKey.parse(key).helpdesk


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
