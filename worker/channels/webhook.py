"""The generic webhook: one signed JSON POST per alert, for whatever has no channel of its own.

Signed as https://www.standardwebhooks.com says when the channel has a `secret`. A receiver tells
a repeated alert by `webhook-id`, which is the alert's id, and checks the signature with any of the
libraries there.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator
from standardwebhooks import Webhook as Signer

from worker.channels.address import Address
from worker.channels.base import Alert, AlertTicket
from worker.errors import Permanent
from worker.tickets import Reason
from worker.transport import Transport

PREFIX = "whsec_"
FOLLOWS, GATHERS = True, False
TEXT_LIMIT = 1000
"""Characters of a subject or a quote: cuts only what is meant to hurt."""


class Options(BaseModel):
    """Where to post, and the secret to sign with.

    A `secret` is base64 as Standard Webhooks writes it, with or without `whsec_`; any other text
    is taken as it is, and the receiver's library wants it base64-encoded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Address
    secret: SecretStr | None = None

    @field_validator("secret")
    @classmethod
    def _usable(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            signing_key(secret.get_secret_value())
        return secret


@dataclass(frozen=True)
class Webhook:
    """One receiver of alerts."""

    name: str
    options: Options
    transport: Transport

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Post the alert; any 2xx is success, any other answer below 500 but 429 is `Permanent`."""
        what = f"channel {self.name}"
        body = json.dumps(payload(alert, now)).encode()
        answer = self.transport.request(
            "POST",
            self.options.url.get_secret_value(),
            what=what,
            body=body,
            headers={"Content-Type": "application/json", **self._signed(alert, body, now)},
        )
        if not answer.ok:
            raise Permanent(f"{what}: answered {answer.status_code}", status=answer.status_code)

    def _signed(self, alert: Alert, body: bytes, now: datetime) -> dict[str, str]:
        if self.options.secret is None:
            return {}
        signer = Signer(signing_key(self.options.secret.get_secret_value()))
        sent_at = now.astimezone(UTC)
        return {
            "webhook-id": alert.id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": signer.sign(alert.id, sent_at, body.decode()),
        }


def build(name: str, options: Options, transport: Transport) -> Webhook:
    """A webhook channel; makes no call yet."""
    return Webhook(name, options, transport)


def payload(alert: Alert, now: datetime) -> dict[str, Any]:
    """The body. Text is as the helpdesk gave it: the receiver escapes it for its own place.

    `instead_of` is the channel in whose place this one is told, or null; with digest, `listed`
    has one entry for each ticket.
    """
    body: dict[str, Any] = {
        "type": alert.type,
        "id": alert.id,
        "ticket": _ticket(alert.ticket),
        "severity": alert.severity.value,
        "target": alert.target.value,
        "step": alert.step,
        "created_at": _moment(alert.created_at),
        "deadline": _moment(alert.deadline),
        "sent_at": _moment(now),
        "reasons": [_in_words(reason) for reason in alert.reasons],
        "acknowledge_url": alert.acknowledge_url,
        "plan": alert.plan,
        "meta_dependency": alert.meta_dependency,
        "confirmed": alert.confirmed,
        "minutehand_url": alert.minutehand_url,
        "instead_of": alert.instead_of,
    }
    if alert.type == "digest":
        body["listed"] = [
            {
                "ticket": _ticket(one.ticket),
                "severity": one.severity.value,
                "target": one.target.value,
                "step": one.step,
                "deadline": _moment(one.deadline),
            }
            for one in alert.listed
        ]
    return body


def signing_key(secret: str) -> bytes:
    """The bytes that a secret stands for; raises ValueError, which never shows it."""
    text = secret.removeprefix(PREFIX)
    if not text:
        raise ValueError("must not be empty")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        if text != secret:
            raise ValueError(f"begins with {PREFIX}, so the rest must be base64") from None
        return text.encode()
    return key or text.encode()


def _ticket(ticket: AlertTicket) -> dict[str, Any]:
    return {
        "helpdesk": ticket.helpdesk,
        "account": ticket.account,
        "id": ticket.id,
        "subject": ticket.subject[:TEXT_LIMIT],
        "url": ticket.url,
    }


def _in_words(reason: Reason) -> str:
    return f'{reason.text}: "{reason.quote[:TEXT_LIMIT]}"' if reason.quote else reason.text


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
