"""Our own format, for everything that has no export of its own: JSON lines, or CSV with the same
names. `subject`, `body` and `created_at` are enough.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from worker.helpdesks.export import Fact, Past, created_moment, moment, text, value
from worker.tickets import Customer, Severity, Status, Ticket, TicketKey

PRIORITIES = {
    "urgent": Severity.P1,
    "high": Severity.P2,
    "medium": Severity.P3,
    "normal": Severity.P3,
    "low": Severity.P4,
} | {severity.lower(): severity for severity in Severity}


class Plain:
    """One object with our words a ticket."""

    title: str = "plain tickets"
    columns: Mapping[Fact, tuple[str, ...]] = {
        Fact.ID: ("id",),
        Fact.SUBJECT: ("subject",),
        Fact.BODY: ("body",),
        Fact.CREATED: ("created_at",),
        Fact.PRIORITY: ("priority", "severity"),
        Fact.ANSWERED: ("first_response_at",),
        Fact.SOLVED: ("solved_at",),
        Fact.STATUS: ("status",),
        Fact.ORGANIZATION: ("organization",),
        Fact.TAGS: ("tags",),
        Fact.GROUP: ("group",),
        Fact.SOURCE: ("source",),
    }
    notes: tuple[str, ...] = ()

    def fits(self, names: Collection[str]) -> bool:
        """By the one key that cannot be left out, and something to decide by."""
        return "created_at" in names and bool({"subject", "body"} & set(names))

    def past(self, row: Mapping[str, Any], zone: ZoneInfo) -> Past:
        """A priority is P1 to P4, urgent, high, medium, normal or low; another word is refused."""
        priority = text(row, self.columns[Fact.PRIORITY])
        if priority and priority.lower() not in PRIORITIES:
            raise ValueError(f"the priority {priority[:30]!r} is none of P1, P2, P3, P4")
        ended = moment(value(row, ("solved_at",)), zone)
        ticket = Ticket(
            key=TicketKey("plain", "export", text(row, ("id",)) or "?"),
            subject=text(row, ("subject",)),
            body=text(row, ("body",)),
            created_at=created_moment(row, ("created_at",), zone),
            updated_at=moment(value(row, ("updated_at",)), zone),
            status=_status(text(row, ("status",)), over=ended is not None),
            priority=PRIORITIES.get(priority.lower()),
            tags=_tags(row.get("tags")),
            requester=text(row, ("requester",)) or None,
            organization=text(row, ("organization",)) or None,
            group=text(row, ("group",)) or None,
            assignee=text(row, ("assignee",)) or None,
            brand=text(row, ("brand",)) or None,
            form=text(row, ("form",)) or None,
            source=text(row, ("source",)).lower() or None,
            fields=_texts(row.get("fields")),
            first_response_at=moment(value(row, ("first_response_at",)), zone),
        )
        own = _texts(row.get("organization_fields"))
        return Past(
            ticket=ticket,
            customer=Customer(name=ticket.organization or "", fields=own) if own else None,
            ended_at=ended,
            answer_known="first_response_at" in row,
        )


def _status(word: str, *, over: bool) -> Status:
    try:
        return Status(word.lower())
    except ValueError:
        return Status.SOLVED if over else Status.OPEN


def _tags(said: Any) -> tuple[str, ...]:
    if isinstance(said, list):
        return tuple(str(tag) for tag in said)
    return tuple(tag.strip() for tag in str(said or "").split(",") if tag.strip())


def _texts(said: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
