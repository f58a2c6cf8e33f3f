"""Zendesk's webhooks: bytes in, our nouns out. No I/O.

The signature covers the timestamp header and the raw body, so both are checked before a byte of
JSON is read (https://developer.zendesk.com/documentation/webhooks/verifying/). The timestamp is
that of the attempt, not of the event: a delivery delayed by minutes is still fresh.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.errors import Unreadable, Unverified
from worker.events import Delivery, Event, EventKind
from worker.helpdesks.base import ticket_key
from worker.helpdesks.zendesk import events
from worker.helpdesks.zendesk.fields import identifier, moment, read_json

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"
INVOCATION = "X-Zendesk-Webhook-Invocation-Id"
FRESH = timedelta(seconds=300)
"""How far the timestamp may be from our clock, either way; Zendesk itself states no window."""
SEEN_FOR = timedelta(hours=24)
"""All attempts of one invocation come within minutes; a day leaves room for a replay by hand."""
READ_AT_MOST = 1_000_000

_ID_IN_BROKEN_JSON = re.compile(
    r"zen:ticket:([0-9]{1,19})(?![0-9])"
    r"|ticket(?:[_ ]?id|[\"'\s]{0,8}:\s{0,8}\{[\"'\s]{0,8}id)"
    r"[\\\"'\s]{0,8}[:=][\\\"'\s]{0,8}#?([0-9]{1,19})(?![0-9.e])",
    re.IGNORECASE,
)


class ZendeskInbound:
    """Implements `worker.helpdesks.base.Inbound`."""

    def read(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        account: str,
        secrets: Sequence[str],
        now: datetime,
    ) -> Delivery:
        """Check signature and age, then read an event-subscription body or an admin's own.

        Raises `Unverified` ("missing_signature", "bad_signature", "stale") and `Unreadable`.
        """
        _verify(headers, body, secrets, now)
        text = body.decode("utf-8-sig", "replace")
        said = _words(text)
        kind = said.get("type")
        if isinstance(kind, str) and kind.strip().lower().startswith("zen:event-type:"):
            return _subscribed(said, body, account, now)
        return _typed_by_an_admin(text, said, headers, body, account, now)

    def sample(self, body: bytes, *, secret: str, now: datetime) -> dict[str, str]:
        """Headers with which Zendesk would deliver `body` at `now`."""
        stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            TIMESTAMP: stamp,
            SIGNATURE: signature(secret, stamp, body),
            INVOCATION: f"SAMPLE{hashlib.sha256(body).hexdigest()[:20].upper()}",
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """base64(HMAC-SHA256(secret as shown, timestamp + body)); the secret is not decoded."""
    digest = hmac.new(
        secret.encode(), timestamp.encode("utf-8", "backslashreplace") + body, hashlib.sha256
    )
    return base64.b64encode(digest.digest()).decode()


def _verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
    presented, stamp = headers.get(SIGNATURE, "").strip(), headers.get(TIMESTAMP, "").strip()
    if not presented or not stamp:
        raise Unverified(
            "missing_signature", "the webhook is not signed: no X-Zendesk-Webhook-Signature"
        )
    theirs = presented.encode("utf-8", "backslashreplace")
    equal = [
        hmac.compare_digest(theirs, signature(secret, stamp, body).encode()) for secret in secrets
    ]
    if not any(equal):
        raise Unverified(
            "bad_signature",
            "the webhook's signature is wrong: is ZENDESK_WEBHOOK_SECRET this webhook's secret?",
        )
    sent = moment(stamp)
    if sent is None or abs(now - sent) > FRESH:
        raise Unverified(
            "stale",
            f"the webhook was signed more than {FRESH.seconds} s from now: a replay, or a clock "
            "that is wrong",
        )


def _words(text: str) -> dict[str, Any]:
    try:
        said = read_json(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _subscribed(said: dict[str, Any], body: bytes, account: str, now: datetime) -> Delivery:
    name = str(said["type"]).strip().lower().removeprefix("zen:event-type:")
    event_id = str(said.get("id") or "")[:100]
    account_id = identifier(said.get("account_id"))  # signed, unlike the header
    seen = f"zendesk:{account}:{event_id or hashlib.sha256(body).hexdigest()}"
    event = events.read(name, said, account=account, now=now, event_id=event_id or seen)
    return Delivery(
        event=event,
        seen_key=seen,
        seen_for=SEEN_FOR,
        account_id=account_id,
        ignored="" if event else name[:80],
    )


def _typed_by_an_admin(
    text: str,
    said: dict[str, Any],
    headers: Mapping[str, str],
    body: bytes,
    account: str,
    now: datetime,
) -> Delivery:
    ticket_id = _ticket_id(said)
    if ticket_id is None:
        found = _ID_IN_BROKEN_JSON.search(text, 0, READ_AT_MOST)
        ticket_id = identifier(found[1] or found[2]) if found else None
    if ticket_id is None:
        raise Unreadable(
            "no ticket id in the webhook's body: the trigger's JSON must hold \"ticket_id\": "
            '"{{ticket.id}}"'
        )
    invocation = headers.get(INVOCATION, "").strip()[:64]
    unique = invocation or hashlib.sha256(headers.get(TIMESTAMP, "").encode() + body).hexdigest()
    created = "created" in str(said.get("event", "")).lower()
    return Delivery(
        event=Event(
            id=unique,
            kind=EventKind.CREATED if created else EventKind.TOUCHED,
            key=ticket_key("zendesk", account, ticket_id),
            received_at=now,
        ),
        seen_key=f"zendesk:{account}:{unique}",
        seen_for=SEEN_FOR,
    )


def _ticket_id(said: dict[str, Any]) -> str | None:
    """An id under any of the names that admins give it, in any letter case."""
    flat = {_plain(key): value for key, value in said.items()}
    nested = flat.get("ticket")
    inner = (
        {_plain(key): value for key, value in nested.items()} if isinstance(nested, dict) else {}
    )
    candidates = (flat.get("ticketid"), inner.get("id"), inner.get("ticketid"), flat.get("id"))
    return next((found for value in candidates if (found := identifier(value))), None)


def _plain(key: str) -> str:
    """`ticket_id`, `ticketID` and `ticket.id` are the same key."""
    return re.sub(r"[^a-z]", "", key[:40].lower())
