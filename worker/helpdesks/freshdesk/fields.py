"""Our words and Freshdesk's: numbers, fields found by title, tags. Pure.

Numbers: https://developers.freshdesk.com/api/#ticket_attributes
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from worker.helpdesks.base import ticket_key
from worker.tickets import Changes, Severity, Status, Ticket

if TYPE_CHECKING:
    from collections.abc import Mapping


class Title(StrEnum):
    """Titles of the fields that we write; an admin makes them, we find them by label."""

    SEVERITY = "SLA severity"
    DEADLINE = "First response due"
    STATE = "SLA state"
    REVIEW = "SLA review"
    META = "Meta dependency"


ATTRIBUTE = {
    Title.SEVERITY: "severity",
    Title.DEADLINE: "deadline",
    Title.STATE: "state",
    Title.REVIEW: "review",
    Title.META: "meta_dependency",
}
"""The attribute of `Changes` that each field holds."""

PRIORITY = {Severity.P1: 4, Severity.P2: 3, Severity.P3: 2, Severity.P4: 1}
PRIORITY_WORD = {4: "Urgent", 3: "High", 2: "Medium", 1: "Low"}
# 1 is also what Freshdesk gives to every new ticket, so reading it says nothing.
_SEVERITY = {4: Severity.P1, 3: Severity.P2, 2: Severity.P3}

_STATUS = {
    2: Status.OPEN,
    3: Status.PENDING,
    4: Status.SOLVED,
    # Freshdesk's Closed can be reopened and written to; our CLOSED means that it cannot.
    5: Status.SOLVED,
    6: Status.PENDING,  # waiting on customer
    7: Status.OPEN,  # waiting on third party
}
_SOURCE = {
    1: "email",
    2: "portal",
    3: "phone",
    7: "chat",
    9: "feedback widget",
    10: "outbound email",
}
_OPENED_BY_AGENT = {3, 10}
"""A call that an agent logged, an e-mail that an agent sent. For any other source Freshdesk does
not say who typed the ticket: one that an agent opens in the portal for somebody looks the same."""

LONGEST_BODY = 100_000
_TAG = re.compile(r"<[^<>]{0,5000}>")


def titles(listed: Any) -> dict[Title, str]:
    """From GET /ticket_fields: which of our fields the account has, and their names there.

    A name may carry a random suffix (`cf_sla_severity_297457`), so it is never built by hand.
    """
    wanted = {title.casefold(): title for title in Title}
    found: dict[Title, str] = {}
    for field in listed if isinstance(listed, list) else []:
        if not isinstance(field, dict) or field.get("archived"):
            continue
        title = wanted.get(" ".join(str(field.get("label") or "").split()).casefold())
        name = field.get("name")
        if title is not None and isinstance(name, str) and name:
            found.setdefault(title, name)
    return found


def custom_fields(changes: Changes, names: Mapping[Title, str]) -> dict[str, Any]:
    """The values for those of our fields that the account has, by name there; None empties one."""
    values: dict[Title, Any] = {
        Title.SEVERITY: changes.severity and changes.severity.value,
        Title.DEADLINE: changes.deadline and moment_text(changes.deadline),
        Title.STATE: changes.state and changes.state.value,
        Title.REVIEW: changes.review,
        Title.META: changes.meta_dependency,
    }
    cleared = {title for title, name in ATTRIBUTE.items() if name in (changes.clear or ())}
    return {
        names[title]: value
        for title, value in values.items()
        if title in names and (value is not None or title in cleared)
    }


def priority(changes: Changes) -> int | None:
    """Freshdesk's number, 1 for none: that is what it gives to every new ticket itself."""
    if changes.priority is not None:
        return PRIORITY[changes.priority]
    return 1 if "priority" in (changes.clear or ()) else None


def touches_tags(changes: Changes) -> bool:
    """True when one of our tags may change, so that the current list is needed."""
    ours = ("severity", "review", "meta_dependency")
    cleared = changes.clear or ()
    return any(getattr(changes, name) is not None or name in cleared for name in ours)


def merged_tags(current: tuple[str, ...], changes: Changes) -> tuple[str, ...]:
    """The ticket's tags with ours put right; everybody else's stay, in their order."""
    remove: set[str] = set()
    add: list[str] = []
    cleared = changes.clear or ()
    if changes.severity is not None or "severity" in cleared:
        remove |= {_severity_tag(severity) for severity in Severity}
    if changes.severity is not None:
        add.append(_severity_tag(changes.severity))
    for tag, wanted in (
        ("sla_review", False if "review" in cleared else changes.review),
        ("meta_dependency", False if "meta_dependency" in cleared else changes.meta_dependency),
    ):
        if wanted:
            add.append(tag)
        elif wanted is False:
            remove.add(tag)
    kept = [tag for tag in current if tag not in remove or tag in add]
    there = {tag.casefold() for tag in kept}
    return (*kept, *(tag for tag in add if tag not in there))


def ticket(raw: Any, *, account: str, names: Mapping[Title, str], url: str) -> Ticket:
    """A ticket from Freshdesk's JSON; ValueError when it lacks an id or a time of creation."""
    if not isinstance(raw, dict) or _number(raw.get("id")) is None:
        raise ValueError("a ticket without an id")
    created = moment(raw.get("created_at"))
    if created is None:
        raise ValueError("a ticket without created_at")
    custom, stats = _object(raw.get("custom_fields")), _object(raw.get("stats"))
    source = _number(raw.get("source"))
    priority = _number(raw.get("priority"))
    ticket_id = str(raw["id"])
    return Ticket(
        key=ticket_key("freshdesk", account, ticket_id),
        subject=str(raw.get("subject") or ""),
        body=_body(raw),
        created_at=created,
        updated_at=moment(raw.get("updated_at")),
        status=_status(raw),
        priority=None if priority is None else _SEVERITY.get(priority),
        severity_field=_severity(custom.get(names.get(Title.SEVERITY, ""))),
        review_field=_checked(custom.get(names.get(Title.REVIEW, ""))),
        tags=tuple(str(tag) for tag in raw.get("tags") or () if isinstance(tag, str)),
        requester=_text(raw.get("requester_id")),
        opened_by_agent=source in _OPENED_BY_AGENT,
        organization=_text(raw.get("company_id")),
        group=_text(raw.get("group_id")),
        assignee=_text(raw.get("responder_id")),
        brand=_text(raw.get("product_id")),
        form=_text(raw.get("type")),
        source=None if source is None else _SOURCE.get(source, str(source)),
        first_response_at=moment(stats.get("first_responded_at")),
        replied_at=moment(stats.get("agent_responded_at")),
        fields={
            name: str(value)
            for name, value in custom.items()
            if isinstance(value, str | int | float) and value != ""
        },
        ours={
            attribute: str(value)
            for title, attribute in ATTRIBUTE.items()
            if (value := custom.get(names.get(title, ""))) not in {None, ""}
        },
        url=f"{url}/a/tickets/{ticket_id}",
    )


def moment(value: Any) -> datetime | None:
    """Freshdesk's `2026-11-23T10:45:00Z` as an aware datetime; None for anything else."""
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def moment_text(value: datetime) -> str:
    """`2026-11-23T10:45:00Z`: for the deadline field and for `updated_since`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def note_html(text: str) -> str:
    """Plain text as a note's body: Freshdesk renders HTML, so nothing in it may be markup."""
    return html.escape(text).replace("\r\n", "\n").replace("\n", "<br>")


def _severity_tag(severity: Severity) -> str:
    return f"sla_{severity.value.lower()}"


def _status(raw: dict[str, Any]) -> Status:
    if raw.get("deleted") is True:
        return Status.DELETED
    if raw.get("spam") is True:
        return Status.SPAM
    return _STATUS.get(_number(raw.get("status")) or 0, Status.OPEN)


def _body(raw: dict[str, Any]) -> str:
    plain = raw.get("description_text")
    if isinstance(plain, str):
        return plain[:LONGEST_BODY]
    marked_up = str(raw.get("description") or "")[:LONGEST_BODY]
    return html.unescape(_TAG.sub(" ", marked_up)).strip()


def _severity(value: Any) -> Severity | None:
    try:
        return Severity(str(value).strip().upper())
    except ValueError:
        return None


def _checked(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    number = _number(value)
    return value if isinstance(value, str) else None if number is None else str(number)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
