"""The webhook that tells us of ticket events, its signing secret, and Zendesk's test of it.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from worker.errors import Permanent, Transient
from worker.helpdesks.wishes import Made, State, TestSent, Wish
from worker.helpdesks.zendesk.events import KINDS
from worker.helpdesks.zendesk.fields import object_in
from worker.helpdesks.zendesk.setup_calls import NOT_OURS, SetupCalls, id_of

KIND, NAME = "webhook", "Minutehand"
WHERE = "Admin Center > Apps and integrations > Webhooks"
SUBSCRIPTIONS = tuple(f"zen:event-type:{name}" for name in KINDS)
_SECONDS = 20.0
"""Zendesk itself waits 12 s for our answer to a test."""


def wish(calls: SetupCalls, address: str, ours: Made | None) -> Wish:
    """How it stands: ours by its id, else any that sends ticket events to our address."""
    wanted = Wish(kind=KIND, title=NAME, state=State.MAKE, text=f"{NAME!r} to {address}")
    try:
        listed = calls.listed("/webhooks", "webhooks", "webhooks")
    except Permanent as fault:
        if fault.status not in NOT_OURS:
            raise
        return wanted.model_copy(update={"state": State.BY_HAND, "advice": by_hand(address)})
    known = ours.id if ours else ""
    found = next((one for one in listed if known and one.get("id") == known), None)
    found = found or next((one for one in listed if _leads_to(one, address)), None)
    if found is None:
        return wanted
    there = wanted.model_copy(update={"id": str(found.get("id")), "state": State.THERE})
    wrong = _fault(found, address)
    if wrong and ours is not None:
        text = f"{wanted.text} (it {wrong})"
        return there.model_copy(update={"state": State.CHANGE, "text": text})
    if wrong:
        said = f"the webhook {found.get('name')!r} {wrong}: put that right in {WHERE}"
        return there.model_copy(update={"caution": said})
    return there


def make(calls: SetupCalls, wanted: Wish, address: str) -> str:
    """Make it, or put ours right; its id.

    Event subscriptions need POST and JSON, and cannot be given to a webhook that triggers call.
    """
    sent = {
        "name": NAME,
        "description": "Tells Minutehand of new tickets, replies and changes",
        "status": "active",
        "endpoint": address,
        "http_method": "POST",
        "request_format": "json",
        "subscriptions": list(SUBSCRIPTIONS),
    }
    what = f"webhook {NAME!r}"
    if wanted.state is State.CHANGE:
        path = f"/webhooks/{quote(wanted.id, safe='')}"
        calls.call("PATCH", path, what=what, json={"webhook": sent})
        return wanted.id
    return id_of(calls.call("POST", "/webhooks", what=what, json={"webhook": sent}), "webhook")


def signing_secret(calls: SetupCalls, number: str) -> str:
    """The secret with which Zendesk signs what this webhook sends."""
    path = f"/webhooks/{quote(number, safe='')}/signing_secret"
    content = calls.call("GET", path, what="the webhook's signing secret")
    secret = object_in(content, "signing_secret").get("secret")
    if not isinstance(secret, str) or not secret:
        raise Transient("Zendesk: the answer holds no signing secret")
    return secret


def send_test(calls: SetupCalls, number: str, address: str) -> TestSent:
    """Zendesk signs a body, sends it to us and tells what we answered.

    The body's type is one that nobody subscribes to, so it is verified and then left alone.
    """
    payload = {"type": "zen:event-type:minutehand.test", "subject": "minutehand:test"}
    sent = {
        "endpoint": address,
        "http_method": "POST",
        "request_format": "json",
        "payload": json.dumps(payload),
    }
    content = calls.call(
        "POST",
        "/webhooks/test",
        what="test of the webhook",
        params={"webhook_id": number},
        json={"request": sent},
        timeout=_SECONDS,
    )
    told = object_in(content, "response")
    status = str(told.get("status_code") or told.get("status") or "")
    said = str(told.get("payload") or "")[:200]
    return TestSent(status=int(status) if status.isdigit() else 0, said=said)


def by_hand(address: str | None) -> tuple[str, ...]:
    """The clicks that make it."""
    events = ", ".join(name.removeprefix("ticket.").replace("_", " ") for name in KINDS)
    return (
        f"{WHERE} > Create webhook > Zendesk events",
        f"  events, all of Ticket: {events}",
        f"  name: {NAME}; endpoint URL: {address}; authentication: none",
        "  after saving: Reveal secret, and put it into .env as ZENDESK_WEBHOOK_SECRET",
    )


def _leads_to(webhook: Mapping[str, Any], address: str) -> bool:
    """A webhook that a trigger calls may lead here as well; it hears of no events."""
    subscribed = webhook.get("subscriptions") or ()
    return webhook.get("endpoint") == address and any(
        str(one).startswith("zen:event-type:ticket.") for one in subscribed
    )


def _fault(webhook: Mapping[str, Any], address: str) -> str:
    if webhook.get("endpoint") != address:
        return "leads elsewhere"
    if webhook.get("status") != "active":
        return "is not active"
    missing = set(SUBSCRIPTIONS) - {str(one) for one in webhook.get("subscriptions") or ()}
    short = ", ".join(sorted(one.removeprefix("zen:event-type:") for one in missing))
    return f"does not hear {short}" if missing else ""
