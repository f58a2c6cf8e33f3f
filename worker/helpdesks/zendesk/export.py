"""Zendesk's ticket exports: the account's JSON export, pages of the API, and CSV. Pure.

https://support.zendesk.com/hc/en-us/articles/4408886165402
CSV comes from the account's export, from a view, or from Explore; none of them has to carry the
ticket's text. JSON is the API's ticket, with `metric_set` or `comments` beside its fields.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from worker.helpdesks.base import ticket_key
from worker.helpdesks.export import (
    LONGEST_TEXT,
    Fact,
    Past,
    created_moment,
    moment,
    text,
    value,
)
from worker.helpdesks.zendesk import fields
from worker.tickets import Customer, Status, Ticket

ACCOUNT = "export"
OPENING = timedelta(seconds=2)
"""A comment this soon after creation is the ticket's own opening."""


class ZendeskJson:
    """One ticket of the API a line, in an array, or in pages with `tickets`."""

    title: str = "Zendesk JSON export"
    columns: Mapping[Fact, tuple[str, ...]] = {
        Fact.ID: ("id",),
        Fact.SUBJECT: ("subject", "raw_subject"),
        Fact.BODY: ("description",),
        Fact.CREATED: ("created_at",),
        Fact.PRIORITY: ("priority",),
        Fact.ANSWERED: ("metric_set", "comments"),
        Fact.SOLVED: ("metric_set",),
        Fact.STATUS: ("status",),
        Fact.ORGANIZATION: ("organization_id", "organization"),
        Fact.TAGS: ("tags",),
        Fact.GROUP: ("group_id", "group"),
        Fact.SOURCE: ("via",),
    }
    notes: tuple[str, ...] = (
        "Zendesk's metrics count whole minutes: an answer may look up to a minute early.",
    )

    def fits(self, names: Collection[str]) -> bool:
        """By keys that only Zendesk's tickets have."""
        marks = {"metric_set", "comments", "via", "submitter_id", "brand_id", "raw_subject"}
        return "created_at" in names and len(marks & set(names)) >= 2

    def past(self, row: Mapping[str, Any], zone: ZoneInfo) -> Past:
        """The reply comes from the metrics, else from the comments."""
        metric = fields.object_in(row, "metric_set")
        flat = dict(row) | {
            f"{name}_id": row.get(f"{name}_id") or fields.object_in(row, name).get("id")
            for name in ("requester", "submitter", "organization", "group", "assignee", "brand")
        }
        flat["description"] = str(row.get("description") or "")[:LONGEST_TEXT]
        try:
            ticket = fields.ticket(flat, metric or None, account=ACCOUNT, ids={}, url="")
        except TypeError:
            raise ValueError("a field has a value of the wrong kind") from None
        comments = row.get("comments")
        if not metric and isinstance(comments, list):
            answered = _first_reply(comments, ticket, zone)
            ticket = ticket.model_copy(update={"first_response_at": answered})
        return Past(
            ticket=ticket,
            customer=_customer(row),
            ended_at=moment(metric.get("solved_at"), zone),
            answer_known=bool(metric) or isinstance(comments, list),
        )


class ZendeskCsv:
    """A line a ticket."""

    title: str = "Zendesk CSV export"
    columns: Mapping[Fact, tuple[str, ...]] = {
        Fact.ID: ("id", "ticket id"),
        Fact.SUBJECT: ("subject", "ticket subject"),
        Fact.BODY: ("description", "ticket description"),
        Fact.CREATED: ("created at", "ticket created - timestamp", "ticket created"),
        Fact.PRIORITY: ("priority", "ticket priority"),
        Fact.ANSWERED: (
            "first reply time in minutes",
            "first reply time (min)",
            "first reply time (in minutes)",
        ),
        Fact.SOLVED: ("solved at", "ticket solved - timestamp", "ticket solved"),
        Fact.STATUS: ("status", "ticket status"),
        Fact.ORGANIZATION: ("organization", "ticket organization name", "organization name"),
        Fact.TAGS: ("tags", "ticket tags"),
        Fact.GROUP: ("group", "ticket group"),
        Fact.SOURCE: ("via", "ticket channel"),
    }
    notes: tuple[str, ...] = (
        "Zendesk's CSV counts the first reply in whole minutes: it may look up to a minute early.",
        "Moments without a zone are read in the policy's time_zone.",
    )

    def fits(self, names: Collection[str]) -> bool:
        """By the way in which Zendesk writes its columns."""
        known = set(names)
        created = {"created at", "ticket created - timestamp", "ticket created"}
        marks = {"requester id", "submitter", "ticket type", "satisfaction score", "group stations"}
        replies = set(self.columns[Fact.ANSWERED])
        return bool(known & created) and bool(known & (marks | replies | {"id", "ticket id"}))

    def past(self, row: Mapping[str, Any], zone: ZoneInfo) -> Past:
        """The reply is creation plus its minutes."""
        created = created_moment(row, self.columns[Fact.CREATED], zone)
        status = fields.STATUSES.get(text(row, self.columns[Fact.STATUS]).lower(), Status.OPEN)
        ended = moment(value(row, self.columns[Fact.SOLVED]), zone)
        ticket = Ticket(
            key=ticket_key("zendesk", ACCOUNT, text(row, self.columns[Fact.ID]) or "?"),
            subject=text(row, self.columns[Fact.SUBJECT]),
            body=text(row, self.columns[Fact.BODY]),
            created_at=created,
            updated_at=moment(row.get("updated at"), zone),
            status=status,
            priority=fields.severity(value(row, self.columns[Fact.PRIORITY])),
            tags=fields.tags(text(row, self.columns[Fact.TAGS])),
            requester=text(row, ("requester id",)) or None,
            organization=text(row, self.columns[Fact.ORGANIZATION]) or None,
            group=text(row, self.columns[Fact.GROUP]) or None,
            assignee=text(row, ("assignee",)) or None,
            source=text(row, self.columns[Fact.SOURCE]).lower() or None,
            first_response_at=_after_minutes(row, created, self.columns[Fact.ANSWERED]),
        )
        known = any(name in row for name in self.columns[Fact.ANSWERED])
        return Past(ticket=ticket, ended_at=ended, answer_known=known)


def _after_minutes(
    row: Mapping[str, Any], created: datetime, names: tuple[str, ...]
) -> datetime | None:
    """A ticket that nobody replied to may carry a 0 here; its number of replies tells."""
    said = text(row, names).replace(",", "")
    if not said or text(row, ("replies",)) == "0":
        return None
    try:
        return created + timedelta(minutes=float(said))
    except (ValueError, OverflowError):
        raise ValueError(f"the first reply's {said[:30]!r} is no number of minutes") from None


def _first_reply(comments: list[Any], ticket: Ticket, zone: ZoneInfo) -> datetime | None:
    """The first public comment that is not the requester's; who else is an agent is not said."""
    found = []
    for comment in comments:
        if not isinstance(comment, dict) or comment.get("public") is False:
            continue
        author, at = (
            fields.identifier(comment.get("author_id")),
            moment(comment.get("created_at"), zone),
        )
        if at and author and author != ticket.requester and at - ticket.created_at > OPENING:
            found.append(at)
    return min(found, default=None)


def _customer(row: Mapping[str, Any]) -> Customer | None:
    """The account's JSON export carries the organisation whole; the API's tickets only its id."""
    whole = fields.object_in(row, "organization")
    if not whole:
        return None
    own = fields.object_in(whole, "organization_fields")
    return Customer(
        name=str(whole.get("name") or ""),
        fields={str(key): str(said) for key, said in own.items() if said not in (None, "")},
        tags=fields.tags(whole.get("tags")),
    )
