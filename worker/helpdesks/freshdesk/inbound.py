"""Freshdesk's webhooks: bytes in, our nouns out. No I/O.

An automation rule posts whatever its author typed: no signature, no delivery id, ids as text and
labels that admins rename (https://support.freshdesk.com/support/solutions/articles/132589). So
only a shared secret, a ticket id and "created or not" are read; the ticket itself is fetched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from worker.errors import Unreadable, Unverified
from worker.events import Delivery, Event, EventKind
from worker.helpdesks.base import ticket_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

SECRET_HEADER = "X-Minutehand-Secret"  # noqa: S105 - a header's name
SEEN_FOR = timedelta(seconds=60)
"""The same body within this time is the same delivery: Freshdesk has no delivery id."""
READ_AT_MOST = 1_000_000
"""Characters of a broken body that are searched for an id."""

_DIGITS = re.compile(r"[0-9]+")
_LONGEST_ID = 19
_ID_IN_BROKEN_JSON = re.compile(
    r"ticket(?:_?id|[\"'\s]{0,8}:\s{0,8}\{[\"'\s]{0,8}id)"
    r"[\\\"'\s]{0,8}[:=][\\\"'\s]{0,8}#?(?:[a-z]{1,10}[-:#]?)?([0-9]{1,19})(?![0-9.e])",
    re.IGNORECASE,
)
_WRAPPED_KEY = re.compile(r"\w{1,40}\[(\w{1,40})\]")


class FreshdeskInbound:
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
        """Check the shared secret, then find the ticket's id in the body.

        Raises `Unverified` ("missing_secret", "bad_secret") and `Unreadable`. The event never
        carries a ticket: what a rule's author typed is not the truth about it.
        """
        _verify(headers, secrets)
        digest = hashlib.sha256(body).hexdigest()
        ticket_id, kind = _understand(body)
        return Delivery(
            event=Event(
                id=digest,
                kind=kind,
                key=ticket_key("freshdesk", account, ticket_id),
                received_at=now,
            ),
            seen_key=f"freshdesk:{account}:{digest}",
            seen_for=SEEN_FOR,
        )

    def sample(self, body: bytes, *, secret: str, now: datetime) -> dict[str, str]:  # noqa: ARG002
        """Headers with which our automation rule delivers; neither body nor time is signed."""
        return {"Content-Type": "application/json", SECRET_HEADER: secret}


def _verify(headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    presented = list(_presented(headers))
    if not presented:
        raise Unverified(
            "missing_secret",
            f"the Freshdesk webhook has no secret: add the header {SECRET_HEADER} to its rule",
        )
    equal = [
        hmac.compare_digest(candidate, secret.encode())
        for candidate in presented
        for secret in secrets
    ]
    if not any(equal):
        raise Unverified(
            "bad_secret",
            "the Freshdesk webhook's secret is not FRESHDESK_WEBHOOK_SECRET: copy it into the rule",
        )


def _presented(headers: Mapping[str, str]) -> Iterator[bytes]:
    header = (headers.get(SECRET_HEADER) or "").strip()
    if header:
        # WSGI hands header bytes over as latin-1 text, whatever they were written in.
        yield header.encode("latin-1", "backslashreplace")
        yield header.encode("utf-8", "backslashreplace")
    scheme, _, credentials = (headers.get("Authorization") or "").strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            _, _, password = base64.b64decode(credentials.strip()).partition(b":")
        except (binascii.Error, ValueError):
            password = b""
        if password:
            yield password


def _understand(body: bytes) -> tuple[str, EventKind]:
    text = body.decode("utf-8-sig", "replace")
    said = _words(text)
    ticket_id = _ticket_id(said)
    if ticket_id is not None:
        event = f"{said.get('triggered_event', '')} {said.get('event', '')}".lower()
        return ticket_id, EventKind.CREATED if "created" in event else EventKind.TOUCHED
    found = _ID_IN_BROKEN_JSON.search(text, 0, READ_AT_MOST)
    ticket_id = _digits(found.group(1)) if found else None
    if ticket_id is None:
        raise Unreadable(
            'no ticket id in the Freshdesk webhook: its body must hold "ticket_id": "{{ticket.id}}"'
        )
    return ticket_id, EventKind.TOUCHED


def _words(text: str) -> dict[str, Any]:
    """The body's own words, keys in lower case, without Freshdesk's wrapper; {} when it has none.

    Simple content is wrapped in `freshdesk_webhook`; advanced content is free.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):  # ValueError also stands for a number without end
        content = _form(text)
    said = _lowered(content)
    return said | _lowered(said.get("freshdesk_webhook"))


def _form(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text[:READ_AT_MOST], max_num_fields=200)
    except ValueError:
        return {}
    return {_WRAPPED_KEY.sub(r"\1", key): value for key, value in pairs}


def _lowered(content: Any) -> dict[str, Any]:
    return {key.lower(): value for key, value in content.items()} if _is_object(content) else {}


def _is_object(content: Any) -> bool:
    return isinstance(content, dict)


def _ticket_id(said: dict[str, Any]) -> str | None:
    nested = _lowered(said.get("ticket"))
    for value in (
        said.get("ticket_id"),
        said.get("ticketid"),
        nested.get("id"),
        nested.get("ticket_id"),
        str(said.get("ticket_url", "")).partition("?")[0],
        said.get("id"),
    ):
        ticket_id = _digits(value)
        if ticket_id is not None:
            return ticket_id
    return None


def _digits(value: Any) -> str | None:
    """A ticket's id from "11", 11, 11.0, "#11" or "INC-11": the last run of digits."""
    if isinstance(value, float):
        value = f"{value:.0f}" if value.is_integer() else ""
    elif isinstance(value, int):
        # A float has no more digits than this, and `str` of a huge int raises.
        value = str(value) if 0 < value < 10**_LONGEST_ID else ""
    if not isinstance(value, str):
        return None
    runs = _DIGITS.findall(value[-200:])
    digits = runs[-1].lstrip("0") if runs else ""
    return digits if 0 < len(digits) <= _LONGEST_ID else None
