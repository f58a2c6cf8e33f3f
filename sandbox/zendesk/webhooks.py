"""The webhooks that exist on the account, and sending events through them."""

from __future__ import annotations

import base64
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox import identifiers, moments
from sandbox.deliveries import Courier, Parcel
from sandbox.zendesk import events

if TYPE_CHECKING:
    from sandbox.dials import Dials
    from sandbox.records import Delivery, Happening, Ticket

TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - published by Zendesk
"""Signs test requests made before a webhook exists
(https://developer.zendesk.com/documentation/webhooks/verifying/)."""


def new_secret() -> str:
    """A signing secret in Zendesk's shape."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(kw_only=True)
class Webhook:
    """One webhook, as the API shows it apart from its secrets."""

    name: str
    endpoint: str
    subscriptions: list[str]
    secret: str
    created_by: int
    id: str = field(default_factory=identifiers.ulid)
    status: str = "active"
    http_method: str = "POST"
    request_format: str = "json"
    description: str | None = None
    authentication: dict[str, Any] | None = None
    custom_headers: dict[str, str] = field(default_factory=dict)
    created_at: str = field(default_factory=lambda: moments.written_finely(moments.now()))

    def hears(self, event: str) -> bool:
        """True when this event is sent through it."""
        return self.status == "active" and events.PREFIX + event in self.subscriptions

    def extra_headers(self) -> dict[str, str]:
        """Authentication and custom headers, as the admin asked for them."""
        sent = dict(self.custom_headers)
        wanted = self.authentication or {}
        secret = wanted.get("data") or {}
        if wanted.get("type") == "basic_auth":
            pair = f"{secret.get('username', '')}:{secret.get('password', '')}"
            sent["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif wanted.get("type") == "bearer_token":
            sent["Authorization"] = f"Bearer {secret.get('token', '')}"
        elif wanted.get("type") == "api_key":
            sent[str(secret.get("name", "X-Api-Key"))] = str(secret.get("value", ""))
        return sent


class Webhooks:
    """All webhooks of the account; a listener of its desk."""

    def __init__(self, courier: Courier, dials: Dials) -> None:
        self.lock = threading.Lock()
        self.kept: dict[str, Webhook] = {}
        self._courier = courier
        self._dials = dials

    def add(self, webhook: Webhook) -> None:
        """Keep a webhook."""
        with self.lock:
            self.kept[webhook.id] = webhook

    def announce(self, ticket: Ticket, happened: list[Happening], delivery: Delivery) -> None:
        """Send what happened through every webhook that hears it."""
        with self.lock:
            webhooks = list(self.kept.values())
        for event, body in events.bodies(ticket, happened):
            for webhook in webhooks:
                if not webhook.hears(event):
                    continue
                for _ in range(2 if delivery == "twice" else 1):
                    parcel = self._parcel(webhook, str(ticket.id), event, body)
                    self._courier.send(parcel, lost=delivery == "lost")

    def _parcel(self, webhook: Webhook, ticket: str, event: str, body: bytes) -> Parcel:
        return Parcel(
            helpdesk="zendesk",
            ticket=ticket,
            event=event,
            url=webhook.endpoint,
            body=body,
            headers=events.headers(webhook.secret, webhook.id, webhook.extra_headers()),
            retry_in=events.retry_in(lambda: self._dials.zendesk_retry_seconds),
            timeout=self._dials.webhook_timeout_seconds,
        )
