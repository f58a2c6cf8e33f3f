"""Our records in Freshdesk's JSON (https://developers.freshdesk.com/api/#view_a_ticket)."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox import moments
from sandbox.moments import written

if TYPE_CHECKING:
    from sandbox.desk import Desk
    from sandbox.records import Comment, Field, Organization, Ticket, User

PRIORITIES = {"low": 1, "normal": 2, "high": 3, "urgent": 4}
PRIORITY_LABELS = {"low": "Low", "normal": "Medium", "high": "High", "urgent": "Urgent"}
STATUSES = {
    "new": 2,
    "open": 2,
    "pending": 3,
    "hold": 3,
    "solved": 4,
    "closed": 5,
    "waiting_on_customer": 6,
    "waiting_on_third_party": 7,
}
STATUS_LABELS = {
    2: "Open",
    3: "Pending",
    4: "Resolved",
    5: "Closed",
    6: "Waiting on Customer",
    7: "Waiting on Third Party",
}
SOURCES = {"email": 1, "web": 2, "api": 2}
REPLY, NOTE = 0, 2
TYPES = {"text": "custom_text", "textarea": "custom_paragraph", "integer": "custom_number"}
ALL_TYPES = TYPES | {
    "dropdown": "custom_dropdown",
    "checkbox": "custom_checkbox",
    "date": "custom_date",
}
_RESPOND = {"urgent": 1, "high": 4, "normal": 8, "low": 24}
_RESOLVE_HOURS = 72


def ticket(desk: Desk, one: Ticket, *, described: bool = True) -> dict[str, Any]:
    """One ticket; a list leaves the description out unless asked."""
    values = {
        field.name: one.values.get(field.id, False if field.kind == "checkbox" else None)
        for field in desk.fields.values()
    }
    respond, resolve = _due(desk, one)
    shown: dict[str, Any] = {
        "cc_emails": [],
        "fwd_emails": [],
        "reply_cc_emails": [],
        "ticket_cc_emails": [],
        "fr_escalated": False,
        "spam": one.gone == "spam",
        "email_config_id": None,
        "group_id": one.group_id,
        "priority": PRIORITIES[one.priority or "low"],
        "requester_id": one.requester.id,
        "responder_id": one.assignee_id,
        "source": SOURCES[one.channel],
        "company_id": one.organization.id if one.organization else None,
        "status": STATUSES[one.status],
        "subject": one.subject,
        "association_type": None,
        "support_email": None,
        "to_emails": None,
        "product_id": None,
        "id": one.id,
        "type": one.kind,
        "due_by": resolve,
        "fr_due_by": respond,
        "is_escalated": False,
        "custom_fields": values,
        "created_at": written(one.created_at),
        "updated_at": written(one.updated_at),
        "tags": list(one.tags),
        "nr_due_by": None,
        "nr_escalated": False,
    }
    if one.gone:
        shown["deleted"] = one.gone == "deleted"
    if described:
        shown["description"] = _as_html(one.description)
        shown["description_text"] = one.description
        shown["attachments"] = []
    return shown


def _due(desk: Desk, one: Ticket) -> tuple[str | None, str | None]:
    """Freshdesk's own due times: null at creation, set a few seconds later."""
    age = (moments.now() - one.created_at).total_seconds()
    if one.first_response_due_at or one.due_at:
        return one.first_response_due_at, one.due_at
    if age < desk.dials.freshdesk_due_seconds:
        return None, None
    respond = one.created_at + timedelta(hours=_RESPOND[one.priority or "low"])
    return written(respond), written(one.created_at + timedelta(hours=_RESOLVE_HOURS))


def stats(desk: Desk, one: Ticket) -> dict[str, Any]:
    """What `include=stats` adds; `first_responded_at` is null until an agent replied."""
    replies = one.replies(count_bots=desk.dials.bots_count_as_agents)
    asked = [comment.created_at for comment in one.comments if not comment.author.is_staff]
    solved = one.solved_at
    return {
        "agent_responded_at": written(_last([reply.created_at for reply in replies])),
        "requester_responded_at": written(_last(asked[1:])),
        "first_responded_at": written(replies[0].created_at if replies else None),
        "status_updated_at": written(one.status_updated_at),
        "reopened_at": written(one.status_updated_at) if one.reopens else None,
        "resolved_at": written(solved),
        "closed_at": written(solved) if one.status == "closed" else None,
        "pending_since": written(one.status_updated_at) if one.status == "pending" else None,
    }


def _last(moments_: list[datetime]) -> datetime | None:
    return moments_[-1] if moments_ else None


def conversation(one: Comment, ticket_id: int) -> dict[str, Any]:
    """One reply or note."""
    body = one.body if one.is_html else _as_html(one.body)
    is_note = one.is_note or not one.public
    return {
        "body": body,
        "body_text": as_text(one.body) if one.is_html else one.body,
        "id": one.id,
        "incoming": not one.author.is_staff,
        "private": not one.public,
        "user_id": one.author.id,
        "support_email": None,
        "source": NOTE if is_note else REPLY,
        "category": 2 if is_note else 1,
        "ticket_id": ticket_id,
        "to_emails": [],
        "from_email": one.author.email,
        "cc_emails": [],
        "bcc_emails": [],
        "created_at": written(one.created_at),
        "updated_at": written(one.created_at),
        "attachments": [],
    }


def requester(one: User) -> dict[str, Any]:
    """What `include=requester` adds."""
    return {"id": one.id, "name": one.name, "email": one.email, "mobile": None, "phone": None}


def contact(one: User) -> dict[str, Any]:
    """One contact."""
    return requester(one) | {
        "active": True,
        "company_id": one.organization_id,
        "tags": [],
        "custom_fields": {},
        "language": "en",
        "time_zone": "UTC",
    }


def agent(one: User) -> dict[str, Any]:
    """One agent (https://developers.freshdesk.com/api/#me)."""
    return {
        "id": one.id,
        "available": True,
        "occasional": False,
        "ticket_scope": 1,
        "type": "support_agent",
        "group_ids": [],
        "role_ids": [1],
        "contact": {"name": one.name, "email": one.email, "active": True, "language": "en"},
    }


def company(one: Organization) -> dict[str, Any]:
    """One company; its plan is a custom field and the account tier."""
    return {
        "id": one.id,
        "name": one.name,
        "description": None,
        "domains": [],
        "note": None,
        "health_score": None,
        "account_tier": one.plan,
        "renewal_date": None,
        "industry": None,
        "custom_fields": {"plan": one.plan},
    }


def field(one: Field) -> dict[str, Any]:
    """One ticket field of the admin API."""
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "label": one.title,
        "label_for_customers": one.vendor.get("label_for_customers", one.title),
        "position": one.vendor.get("position", 1),
        "type": ALL_TYPES.get(one.kind, "custom_text"),
        "default": False,
        "customers_can_edit": False,
        "required_for_closure": False,
        "required_for_agents": False,
        "required_for_customers": False,
        "displayed_to_customers": bool(one.vendor.get("displayed_to_customers", False)),
        "created_at": written(one.created_at),
        "updated_at": written(one.created_at),
    }
    if one.kind == "dropdown":
        shown["choices"] = [
            {"id": one.id * 100 + number, "position": number, "value": value}
            | {"parent_choice_id": one.id, "choices": []}
            for number, value in enumerate(one.options, 1)
        ]
    return shown


def as_text(body: str) -> str:
    """The words of an HTML body."""
    return html.unescape(re.sub(r"<[^>]*>", "", body)).strip()


def _as_html(text: str) -> str:
    return f"<div>{html.escape(text)}</div>"
