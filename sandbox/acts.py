"""What people do on a helpdesk, by name: open a ticket, reply, change it, merge it, delete it.

The control API, the page's buttons and the demo's stream all act through here.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox import moments
from sandbox.desk import Desk, Origin, Said
from sandbox.records import PRIORITIES, STATUSES, Delivery, Ticket, User

_OPENING_KEYS = {
    "helpdesk",
    "subject",
    "body",
    "requester_name",
    "requester_email",
    "organization",
    "plan",
    "priority",
    "tags",
    "created_at",
    "follow_up_of",
    "opened_by_agent",
    "webhook",
}
_DELIVERIES: dict[str, Delivery] = {"normal": "normal", "lost": "lost", "twice": "twice"}


def open_ticket(desk: Desk, wanted: dict[str, Any]) -> Ticket:
    """A person writes in, or an agent opens a ticket for them. ValueError: what to change."""
    strange = sorted(set(wanted) - _OPENING_KEYS)
    if strange:
        raise ValueError(f"{strange[0]!r} is unknown; a ticket has {sorted(_OPENING_KEYS)}.")
    subject, body = (str(wanted.get(name) or "").strip() for name in ("subject", "body"))
    if not subject or not body:
        raise ValueError("A ticket needs a subject and a body.")
    name = str(wanted.get("requester_name") or "Sam Customer")
    word = re.sub(r"[^a-z0-9]+", ".", name.lower()).strip(".") or "customer"
    email = str(wanted.get("requester_email") or f"{word}@customer.example")
    created = wanted.get("created_at")
    changes: dict[str, Any] = {}
    if wanted.get("priority") is not None:
        changes["priority"] = _priority(wanted["priority"])
    if not desk.carries_tags:
        changes.setdefault("priority", "low")
    if wanted.get("tags"):
        changes["tags"] = [str(tag) for tag in wanted["tags"]]
    followed = _followed(desk, wanted.get("follow_up_of"))
    if followed is not None:
        # A follow-up starts with the tags and fields of the ticket it follows, stale or not.
        changes |= {"tags": list(followed.tags), "values": dict(followed.values)}
        changes["follows"] = followed.id
    organization = None
    if wanted.get("organization"):
        organization = desk.organization(str(wanted["organization"]), wanted.get("plan"))
    requester = desk.person(name, email, organization)
    author = desk.agents[0] if wanted.get("opened_by_agent") else requester
    return desk.create(
        subject=subject,
        body=body,
        requester=requester,
        origin=Origin(actor=author, delivery=delivery(wanted)),
        created_at=moments.read(created) if created else None,
        changes=changes,
    )


def reply(desk: Desk, ticket: Ticket, wanted: dict[str, Any]) -> None:
    """An agent, the requester or a bot writes on a ticket. ValueError: what to change.

    An agent's public answer opens a new ticket; a requester's answer reopens one.
    """
    body = str(wanted.get("body") or "").strip()
    if not body:
        raise ValueError("A reply needs a body.")
    by = str(wanted.get("by", "agent"))
    author = _author(desk, ticket, by, str(wanted.get("name") or ""))
    public = bool(wanted.get("public", True)) or by == "requester"
    changes: dict[str, Any] = {}
    if by == "agent" and public and ticket.status == "new":
        changes["status"] = "open"
    if by == "requester" and ticket.status in {"pending", "solved", "waiting_on_customer"}:
        changes["status"] = "open"
    said = Said(body=body, public=public, is_note=not public)
    desk.change(ticket, changes, Origin(actor=author, delivery=delivery(wanted)), said)


def change(desk: Desk, ticket: Ticket, wanted: dict[str, Any]) -> None:
    """A person changes attributes in the agent's screen. ValueError: what to change."""
    known = {"status", "priority", "severity", "tags", "review", "webhook", "name", "assignee"}
    strange = sorted(set(wanted) - known)
    if strange:
        raise ValueError(f"{strange[0]!r} is unknown; a change has {sorted(known)}.")
    changes: dict[str, Any] = {}
    if "status" in wanted:
        if wanted["status"] not in STATUSES:
            raise ValueError(f"status is one of {', '.join(STATUSES)}.")
        changes["status"] = wanted["status"]
    if "priority" in wanted:
        changes["priority"] = _priority(wanted["priority"])
    if "tags" in wanted:
        changes["tags"] = [str(tag) for tag in wanted["tags"]]
    values: dict[int, Any] = {}
    if "severity" in wanted:
        values[_field(desk, "SLA severity")] = _severity(desk, wanted["severity"])
    if "review" in wanted:
        values[_field(desk, "SLA review")] = bool(wanted["review"])
    changes["values"] = values
    if wanted.get("assignee"):
        changes["assignee_id"] = _author(desk, ticket, "agent", str(wanted["assignee"])).id
    author = _author(desk, ticket, "agent", str(wanted.get("name") or ""))
    desk.change(ticket, changes, Origin(actor=author, delivery=delivery(wanted)))


def delivery(wanted: dict[str, Any]) -> Delivery:
    """How the webhooks of this act travel."""
    found = _DELIVERIES.get(str(wanted.get("webhook", "normal")))
    if found is None:
        raise ValueError(f"webhook is one of {', '.join(_DELIVERIES)}.")
    return found


def _followed(desk: Desk, number: object) -> Ticket | None:
    if number is None:
        return None
    found = desk.tickets.get(int(str(number))) if str(number).isdigit() else None
    if found is None or found.status != "closed" or not desk.carries_tags:
        raise ValueError("follow_up_of is the number of a closed Zendesk ticket.")
    return found


def _author(desk: Desk, ticket: Ticket, by: str, name: str) -> User:
    if by == "requester":
        return ticket.requester
    if by == "bot":
        return desk.bot
    if by == "service":
        return desk.service_user
    if by != "agent":
        raise ValueError("by is agent, requester, bot or service (the user Minutehand shares).")
    named = [agent for agent in desk.agents if agent.name == name]
    return named[0] if named else desk.agents[0]


def _priority(word: object) -> str | None:
    word = {"medium": "normal"}.get(str(word), word)
    if word is not None and word not in PRIORITIES:
        raise ValueError(f"priority is one of {', '.join(PRIORITIES)}.")
    return None if word is None else str(word)


def _field(desk: Desk, title: str) -> int:
    for field in desk.fields.values():
        if field.title == title:
            return field.id
    raise ValueError(f"The field {title!r} does not exist on {desk.name} now.")


def _severity(desk: Desk, severity: object) -> str | None:
    if severity is None:
        return None
    if severity not in {"P1", "P2", "P3", "P4"}:
        raise ValueError("severity is P1, P2, P3, P4 or null.")
    return f"sla_{str(severity).lower()}" if desk.carries_tags else str(severity)
