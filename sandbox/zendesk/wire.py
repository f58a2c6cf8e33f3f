"""Our records in Zendesk's JSON, with the attributes and nulls of recorded answers.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from flask import request

from sandbox.moments import written

if TYPE_CHECKING:
    from sandbox.desk import Desk
    from sandbox.records import Comment, Field, Organization, Ticket, User

ACCOUNT_ID = 20261123
BRAND_ID = 360001000001
FORM_ID = 360002000001
STATUS_IDS = {
    "new": 360003000001,
    "open": 360003000002,
    "pending": 360003000003,
    "hold": 360003000004,
    "solved": 360003000005,
    "closed": 360003000006,
}
FIELD_TYPES = {"dropdown": "tagger"}


def url(path: str) -> str:
    """The absolute URL of an API resource, as this request reached us."""
    return f"{request.host_url}zendesk/api/v2/{path}.json"


def via(channel: str, follows: int | None = None) -> dict[str, Any]:
    """Where something came from; a follow-up names the ticket it follows."""
    if follows is not None:
        source = {"from": {"ticket_id": follows}, "to": {}, "rel": "follow_up"}
        return {"channel": channel, "source": source}
    return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}


def ticket(desk: Desk, one: Ticket) -> dict[str, Any]:
    """One ticket as GET, PUT and the lists show it; every custom field is there, empty or not."""
    values = [
        {"id": field.id, "value": one.values.get(field.id, _empty(field))}
        for field in desk.fields.values()
    ]
    return {
        "url": url(f"tickets/{one.id}"),
        "id": one.id,
        "external_id": one.external_id,
        "via": via(one.channel, one.follows),
        "created_at": written(one.created_at),
        "updated_at": written(one.updated_at),
        "generated_timestamp": int(one.touched),
        "type": one.kind,
        "subject": one.subject,
        "raw_subject": one.subject,
        "description": one.description,
        "priority": one.priority,
        "status": "deleted" if one.gone else one.status,
        "recipient": None,
        "requester_id": one.requester.id,
        "submitter_id": one.submitter.id,
        "assignee_id": one.assignee_id,
        "organization_id": one.organization.id if one.organization else None,
        "group_id": one.group_id,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": one.is_public,
        "due_at": one.due_at,
        "tags": list(one.tags),
        "custom_fields": values,
        "satisfaction_rating": None,
        "sharing_agreement_ids": [],
        "custom_status_id": STATUS_IDS[one.status],
        "fields": values,
        "followup_ids": [],
        "ticket_form_id": FORM_ID,
        "brand_id": BRAND_ID,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }


def _empty(field: Field) -> bool | None:
    return False if field.kind == "checkbox" else None


def comment(one: Comment) -> dict[str, Any]:
    """One comment of a ticket."""
    return {
        "id": one.id,
        "type": "Comment",
        "author_id": one.author.id,
        "body": one.body,
        "html_body": f'<div class="zd-comment" dir="auto">{html.escape(one.body)}</div>',
        "plain_body": one.body,
        "public": one.public,
        "attachments": [],
        "audit_id": one.id,
        "via": via("web"),
        "created_at": written(one.created_at),
        "metadata": {"system": {}, "custom": {}},
    }


def user(one: User) -> dict[str, Any]:
    """One user; a bot looks like an agent, since it is one to the API."""
    return {
        "id": one.id,
        "url": url(f"users/{one.id}"),
        "name": one.name,
        "email": one.email,
        "role": one.role,
        "active": True,
        "verified": True,
        "suspended": False,
        "organization_id": one.organization_id,
        "time_zone": "UTC",
        "iana_time_zone": "Etc/UTC",
        "locale": "en-US",
        "tags": [],
        "user_fields": {},
    }


def organization(one: Organization) -> dict[str, Any]:
    """One organization; the plan is a field and a tag on it."""
    return {
        "id": one.id,
        "url": url(f"organizations/{one.id}"),
        "name": one.name,
        "domain_names": [],
        "details": None,
        "notes": None,
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "tags": list(one.tags),
        "organization_fields": {"plan": one.plan},
    }


def field(one: Field) -> dict[str, Any]:
    """One ticket field.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
    """
    shown: dict[str, Any] = {
        "url": url(f"ticket_fields/{one.id}"),
        "id": one.id,
        "type": FIELD_TYPES.get(one.kind, one.kind),
        "title": one.title,
        "raw_title": one.title,
        "description": one.vendor.get("description") or one.title,
        "raw_description": one.vendor.get("description") or one.title,
        "position": 9999,
        "active": True,
        "required": bool(one.vendor.get("required", False)),
        "collapsed_for_agents": False,
        "regexp_for_validation": one.pattern,
        "title_in_portal": one.title,
        "raw_title_in_portal": one.title,
        "visible_in_portal": False,
        "editable_in_portal": False,
        "required_in_portal": False,
        "tag": one.tag,
        "created_at": written(one.created_at),
        "updated_at": written(one.created_at),
        "removable": True,
        "key": None,
        "agent_description": None,
    }
    if one.kind == "dropdown":
        shown["custom_field_options"] = [
            {
                "id": one.id * 100 + number,
                "name": label,
                "raw_name": label,
                "value": value,
                "default": False,
            }
            for number, (value, label) in enumerate(one.options.items(), 1)
        ]
    return shown


def metrics(desk: Desk, one: Ticket) -> dict[str, Any]:
    """A ticket's metric set; `reply_time_in_minutes` is null until the first public reply.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/
    """
    replies = one.replies(count_bots=desk.dials.bots_count_as_agents)
    minutes = None
    if replies:
        seconds = (replies[0].created_at - one.created_at).total_seconds()
        minutes = max(0, int(seconds // 60))
    return {
        "url": url(f"ticket_metrics/{one.id}"),
        "id": one.id * 10 + 1,
        "ticket_id": one.id,
        "created_at": written(one.created_at),
        "updated_at": written(one.updated_at),
        "group_stations": 1 if one.group_id else 0,
        "assignee_stations": 1 if one.assignee_id else 0,
        "reopens": one.reopens,
        "replies": len(replies),
        "status_updated_at": written(one.status_updated_at),
        "latest_comment_added_at": written(one.comments[-1].created_at),
        "solved_at": written(one.solved_at),
        "reply_time_in_minutes": {"calendar": minutes, "business": minutes},
    }
