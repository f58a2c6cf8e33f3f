"""Freshdesk's ticket exports: the tickets list as CSV, the account's JSON, lists of the API. Pure.

The CSV's columns are the ones that an agent ticks in the export's dialog. Its `First response time
(in hrs)` counts business hours, so the moment in `Initial response time` is what is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from worker.helpdesks.base import ticket_key
from worker.helpdesks.export import (
    Fact,
    Past,
    created_moment,
    folded,
    moment,
    text,
    value,
)
from worker.helpdesks.freshdesk import fields
from worker.tickets import Severity, Status, Ticket

ACCOUNT = "export"
WRAPPED = "helpdesk_ticket"
LOW = "Freshdesk gives Low to every new ticket, so Low is read as no priority of a person's."
_PRIORITY = {"urgent": Severity.P1, "high": Severity.P2, "medium": Severity.P3}
_STATUS = {
    "pending": Status.PENDING,
    "waiting on customer": Status.PENDING,
    "resolved": Status.SOLVED,
    "closed": Status.SOLVED,
}


class FreshdeskCsv:
    """A line a ticket, from the tickets list."""

    title: str = "Freshdesk CSV export"
    columns: Mapping[Fact, tuple[str, ...]] = {
        Fact.ID: ("ticket id",),
        Fact.SUBJECT: ("subject",),
        Fact.BODY: ("description",),
        Fact.CREATED: ("created time",),
        Fact.PRIORITY: ("priority",),
        Fact.ANSWERED: ("initial response time",),
        Fact.SOLVED: ("resolved time", "closed time"),
        Fact.STATUS: ("status",),
        Fact.ORGANIZATION: ("company name", "company"),
        Fact.TAGS: ("tags",),
        Fact.GROUP: ("group",),
        Fact.SOURCE: ("source",),
    }
    notes: tuple[str, ...] = (LOW, "Moments without a zone are read in the policy's time_zone.")

    def fits(self, names: Collection[str]) -> bool:
        """By the way in which Freshdesk writes its columns."""
        return "created time" in names and bool({"ticket id", "subject"} & set(names))

    def past(self, row: Mapping[str, Any], zone: ZoneInfo) -> Past:
        """The reply is the moment that the row names."""
        status = text(row, self.columns[Fact.STATUS]).lower()
        ticket = Ticket(
            key=ticket_key("freshdesk", ACCOUNT, text(row, self.columns[Fact.ID]) or "?"),
            subject=text(row, self.columns[Fact.SUBJECT]),
            body=text(row, self.columns[Fact.BODY]),
            created_at=created_moment(row, self.columns[Fact.CREATED], zone),
            updated_at=moment(value(row, ("last update time", "last updated time")), zone),
            status=_STATUS.get(status, Status.OPEN),
            priority=_PRIORITY.get(text(row, self.columns[Fact.PRIORITY]).lower()),
            tags=_tags(text(row, self.columns[Fact.TAGS])),
            requester=text(row, ("contact id", "email")) or None,
            organization=text(row, self.columns[Fact.ORGANIZATION]) or None,
            group=text(row, self.columns[Fact.GROUP]) or None,
            assignee=text(row, ("agent",)) or None,
            form=text(row, ("type",)) or None,
            source=text(row, self.columns[Fact.SOURCE]).lower() or None,
            first_response_at=moment(value(row, self.columns[Fact.ANSWERED]), zone),
        )
        return Past(
            ticket=ticket,
            ended_at=_ended(row, self.columns[Fact.SOLVED], zone),
            answer_known=any(name in row for name in self.columns[Fact.ANSWERED]),
        )


class FreshdeskJson:
    """The API's tickets (best with `include=stats,description`), or the account's own export."""

    title: str = "Freshdesk JSON export"
    columns: Mapping[Fact, tuple[str, ...]] = {
        Fact.ID: ("id", "display_id"),
        Fact.SUBJECT: ("subject",),
        Fact.BODY: ("description_text", "description"),
        Fact.CREATED: ("created_at",),
        Fact.PRIORITY: ("priority",),
        Fact.ANSWERED: ("stats", "notes", "conversations"),
        Fact.SOLVED: ("stats",),
        Fact.STATUS: ("status",),
        Fact.ORGANIZATION: ("company_id", "company_name"),
        Fact.TAGS: ("tags",),
        Fact.GROUP: ("group_id",),
        Fact.SOURCE: ("source",),
    }
    notes: tuple[str, ...] = (LOW,)

    def fits(self, names: Collection[str]) -> bool:
        """By keys that only Freshdesk's tickets have."""
        marks = {"responder_id", "fr_due_by", "fr_escalated", "description_text", "display_id"}
        return WRAPPED in names or ("created_at" in names and bool(marks & set(names)))

    def past(self, row: Mapping[str, Any], zone: ZoneInfo) -> Past:
        """The reply comes from `stats`, else from the conversation that the export carries."""
        inner = row.get(WRAPPED, row)
        raw = {folded(key): said for key, said in inner.items()} if isinstance(inner, dict) else {}
        raw["id"] = raw.get("display_id") or raw.get("id")  # the first is what agents see
        tags = raw.get("tags")
        raw["tags"] = tags if isinstance(tags, list) else list(_tags(str(tags or "")))
        try:
            ticket = fields.ticket(raw, account=ACCOUNT, names={}, url="")
        except (TypeError, AttributeError):
            raise ValueError("a field has a value of the wrong kind") from None
        stats = raw.get("stats")
        talk = raw.get("notes", raw.get("conversations"))
        if not isinstance(stats, dict) and isinstance(talk, list):
            answered = _first_reply(talk, zone)
            ticket = ticket.model_copy(update={"first_response_at": answered})
        ended = stats if isinstance(stats, dict) else {}
        return Past(
            ticket=ticket,
            ended_at=_ended(ended, ("resolved_at", "closed_at"), zone),
            answer_known=isinstance(stats, dict) or isinstance(talk, list),
        )


def _ended(row: Mapping[str, Any], names: tuple[str, ...], zone: ZoneInfo) -> datetime | None:
    """Resolved or closed, whichever was first."""
    moments = [moment(row.get(name), zone) for name in names]
    return min((one for one in moments if one), default=None)


def _first_reply(talk: list[Any], zone: ZoneInfo) -> datetime | None:
    """The first public message out; an entry may be wrapped in an object of one key."""
    found = []
    for entry in talk:
        if isinstance(entry, dict) and len(entry) == 1:
            entry = next(iter(entry.values()))  # noqa: PLW2901 the wrapping has done its work
        if not isinstance(entry, dict) or entry.get("incoming") or entry.get("private"):
            continue
        at = moment(entry.get("created_at"), zone)
        if at:
            found.append(at)
    return min(found, default=None)


def _tags(said: str) -> tuple[str, ...]:
    """Freshdesk's tags may hold spaces; commas part them."""
    return tuple(tag.strip() for tag in said.split(",") if tag.strip())
