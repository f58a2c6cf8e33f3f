"""Webhook bodies as the helpdesks send them, each of another ticket, signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from benchmarks.load import post
from benchmarks.place import SECRET
from worker.helpdesks.registry import HELPDESKS

TEXT = (
    "Since this morning broadcasts stop after some 200 recipients. We have tried two browsers and "
    "another user, with the same result; the export of contacts is slow as well. For now we send "
    "in small groups by hand, which takes half a day. Could you have a look, please?"
)


def created(number: int, *, subject: str = "Broadcasts stop half way") -> bytes:
    """Zendesk's event of a new ticket; 1.2 kB, as real ones are."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    detail = {
        "actor_id": "7001",
        "assignee_id": "0",
        "brand_id": "31",
        "created_at": now,
        "custom_status": "1",
        "description": f"{TEXT} ({number})",
        "external_id": "",
        "form_id": "41",
        "group_id": "21",
        "id": str(number),
        "is_public": True,
        "organization_id": "0",
        "priority": None,
        "requester_id": "7001",
        "status": "NEW",
        "subject": f"{subject} {number}",
        "submitter_id": "7001",
        "tags": ["vip"],
        "type": None,
        "updated_at": now,
        "via": {"channel": "web"},
    }
    event = {
        "account_id": 424242,
        "detail": detail,
        "event": {"meta": {"sequence": {"id": f"01HX{number}", "position": 1, "total": 1}}},
        "id": f"5f0c1d2e-77aa-4b0f-9a55-{number:012d}",
        "subject": f"zen:ticket:{number}",
        "time": now,
        "type": "zen:event-type:ticket.created",
        "zendesk_event_version": "2022-11-06",
    }
    return json.dumps(event).encode()


def signed(helpdesk: str, body: bytes) -> bytes:
    """The whole request with which the helpdesk would deliver it now."""
    headers = HELPDESKS[helpdesk].inbound.sample(body, secret=SECRET, now=datetime.now(UTC))
    return post(f"/webhooks/{helpdesk}", headers, body)


def tickets(first: int, count: int) -> list[bytes]:
    """Requests of so many new Zendesk tickets."""
    return [signed("zendesk", created(first + number)) for number in range(count)]


def touched(first: int, count: int) -> list[bytes]:
    """Requests of so many new Freshdesk tickets."""
    return [signed("freshdesk", body_of("freshdesk", first + number)) for number in range(count)]


def body_of(helpdesk: str, number: int) -> bytes:
    """A new ticket's body; Freshdesk's rule names only the ticket."""
    if helpdesk == "zendesk":
        return created(number)
    return json.dumps({"ticket_id": number, "event": "ticket_created"}).encode()
