"""Ticket-event webhooks: their bodies, their signature, when they are sent again.

Bodies: https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
Signature: https://developer.zendesk.com/documentation/webhooks/verifying/
Retries: https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from typing import TYPE_CHECKING, Any

from sandbox import identifiers, moments
from sandbox.zendesk.wire import ACCOUNT_ID, BRAND_ID, FORM_ID, STATUS_IDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.records import Comment, Happening, Ticket

PREFIX = "zen:event-type:ticket."
TOLD = (
    "created",
    "comment_added",
    "status_changed",
    "priority_changed",
    "custom_field_changed",
    "tags_changed",
    "merged",
    "soft_deleted",
    "permanently_deleted",
    "marked_as_spam",
)
"""The events this sandbox sends."""
UPPER = {"status_changed", "priority_changed"}
CONFLICT, TOO_MANY, UNAVAILABLE = 409, 429, 503
_TRIES = {CONFLICT: 3, TOO_MANY: 3, UNAVAILABLE: 3, None: 5}
_LONGEST_WAIT = 60


def bodies(ticket: Ticket, happened: list[Happening]) -> list[tuple[str, bytes]]:
    """(event name, exact bytes) for every happening of one action that Zendesk tells about."""
    told = [happening for happening in happened if happening.kind in TOLD]
    sequence = identifiers.ulid()
    made = []
    for position, happening in enumerate(told, 1):
        meta = {"sequence": {"id": sequence, "position": position, "total": len(told)}}
        envelope = {
            "account_id": ACCOUNT_ID,
            "detail": _detail(ticket, happening),
            "event": {"meta": meta, **_event(happening)},
            "id": str(uuid.uuid4()),
            "subject": f"zen:ticket:{ticket.id}",
            "time": moments.written_finely(moments.now()),
            "type": PREFIX + happening.kind,
            "zendesk_event_version": "2022-11-06",
        }
        text = json.dumps(envelope, indent=3, ensure_ascii=False) + "\n"
        made.append((happening.kind, text.encode()))
    return made


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """base64(HMAC-SHA256(timestamp + body)); the key is the secret's text as it is shown."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def headers(
    secret: str, webhook_id: str, extra: dict[str, str] | None = None
) -> Callable[[bytes], dict[str, str]]:
    """Makes the headers of each attempt: one invocation id for all, a timestamp for each."""
    invocation = identifiers.ulid()

    def made(body: bytes) -> dict[str, str]:
        timestamp = moments.written(moments.now()) or ""
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(ACCOUNT_ID),
            "X-Zendesk-Webhook-Id": webhook_id,
            "X-Zendesk-Webhook-Invocation-Id": invocation,
            "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
            "X-Zendesk-Webhook-Signature": signature(secret, timestamp, body),
            **(extra or {}),
        }

    return made


def retry_in(
    pause: Callable[[], float],
) -> Callable[[int | None, str | None, int], float | None]:
    """Zendesk's rule for trying again.

    409 up to 3 times, time-outs up to 5, 429 and 503 only when Retry-After is under 60 seconds,
    nothing else. `pause` is read when needed, for 409 and time-outs.
    """

    def decided(status: int | None, retry_after: str | None, attempts: int) -> float | None:
        if attempts > _TRIES.get(status, 0):
            return None
        if status in {TOO_MANY, UNAVAILABLE}:
            wait = int(retry_after) if retry_after and retry_after.isdigit() else _LONGEST_WAIT
            return float(wait) if wait < _LONGEST_WAIT else None
        return pause()

    return decided


def _upper(word: str | None) -> str | None:
    return word.upper() if word else word


def _detail(ticket: Ticket, happening: Happening) -> dict[str, Any]:
    organization = ticket.organization
    return {
        "actor_id": str(happening.actor.id),
        "assignee_id": str(ticket.assignee_id) if ticket.assignee_id else None,
        "brand_id": str(BRAND_ID),
        "created_at": moments.written(ticket.created_at),
        "custom_status": str(STATUS_IDS[ticket.status]),
        "description": ticket.description,
        "external_id": ticket.external_id,
        "form_id": str(FORM_ID),
        "group_id": str(ticket.group_id) if ticket.group_id else None,
        "id": str(ticket.id),
        "is_public": ticket.is_public,
        "organization_id": str(organization.id) if organization else None,
        "priority": _upper(ticket.priority),
        "requester_id": str(ticket.requester.id),
        "status": _upper(ticket.status),
        "subject": ticket.subject,
        "submitter_id": str(ticket.submitter.id),
        "tags": list(ticket.tags),
        "type": _upper(ticket.kind),
        "updated_at": moments.written(ticket.updated_at),
        "via": {"channel": ticket.channel},
    }


def _event(happening: Happening) -> dict[str, Any]:
    if happening.kind in UPPER:
        return {"current": _upper(happening.current), "previous": _upper(happening.previous)}
    if happening.kind == "custom_field_changed" and happening.field:
        field = happening.field
        kind = "tagger" if field.kind == "dropdown" else field.kind
        return {
            "current": {"value": happening.current},
            "previous": {"value": happening.previous},
            "custom_field": {"id": str(field.id), "title": field.title, "type": kind},
        }
    if happening.kind == "tags_changed":
        return {"tags_added": happening.tags_added, "tags_removed": happening.tags_removed}
    if happening.kind == "merged":
        return {"target_ticket_id": str(happening.target_id)}
    if happening.kind == "comment_added" and happening.comment:
        return {"comment": _comment(happening.comment)}
    return {}


def _comment(comment: Comment) -> dict[str, Any]:
    author = comment.author
    return {
        "id": str(comment.id),
        "body": comment.body,
        "is_public": comment.public,
        "author": {"id": str(author.id), "is_staff": author.is_staff, "name": author.name},
    }
