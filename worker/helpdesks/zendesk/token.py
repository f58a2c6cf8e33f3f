"""Signing in: OAuth client credentials, minted and renewed by itself, or the legacy API token.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Protocol

from worker.errors import Permanent, Transient
from worker.transport import Transport

RENEW_BEFORE = 60.0
"""Seconds before its end a token is replaced, so that none ends in the middle of a call."""
ASKED_LIFE = 1800
"""Seconds; Zendesk's own default for clients made since 2026-04-30 (5 minutes to 48 hours)."""


class SignIn(Protocol):
    """What puts an Authorization header on a call."""

    def header(self, *, timeout: float = 10.0) -> str:
        """The header's value now; raises `Transient` or `Permanent` when it cannot be had."""
        ...

    def refused(self, header: str) -> bool:
        """Zendesk answered 401 to this header; True when it makes sense to try once more."""
        ...


class ApiToken:
    """The legacy way: `email/token:token`. Zendesk switches it off on 2027-04-30."""

    def __init__(self, email: str, token: str) -> None:
        pair = f"{email}/token:{token}".encode()
        self._header = f"Basic {base64.b64encode(pair).decode()}"

    def header(self, *, timeout: float = 10.0) -> str:
        del timeout
        return self._header

    def refused(self, header: str) -> bool:
        del header
        return False


class OAuth:
    """A token of the client-credentials grant, kept in memory. Threads share it and mint once."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        transport: Transport,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = f"{url.rstrip('/')}/oauth/tokens"
        self._client_id = client_id
        self._client_secret = client_secret
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._header: str | None = None
        self._until = 0.0

    def header(self, *, timeout: float = 10.0) -> str:
        if not self._lock.acquire(timeout=timeout):
            raise Transient("Zendesk sign-in: another thread is still waiting for it")
        try:
            if self._header is None or self._clock() >= self._until:
                self._header, self._until = self._mint(timeout)
            return self._header
        finally:
            self._lock.release()

    def refused(self, header: str) -> bool:
        """Drop the token, unless another thread has replaced it already."""
        with self._lock:
            if self._header == header:
                self._header = None
        return True

    def _mint(self, timeout: float) -> tuple[str, float]:
        asked = self._clock()
        answer = self._transport.request(
            "POST",
            self._url,
            what="Zendesk sign-in",
            json={
                "grant_type": "client_credentials",
                "client_id": self._client_id,
                "client_secret": self._client_secret,
                "scope": "read write",
                "expires_in": ASKED_LIFE,
            },
            timeout=timeout,
        )
        if not answer.ok:
            raise Permanent(
                f"Zendesk sign-in: refused with {answer.status_code}; check ZENDESK_CLIENT_ID and "
                "ZENDESK_CLIENT_SECRET, and that the user who made the client is still active",
                status=answer.status_code,
            )
        try:
            granted = answer.json()
            token, life = granted["access_token"], granted.get("expires_in") or ASKED_LIFE
            margin = min(RENEW_BEFORE, float(life) / 2)
            return f"Bearer {token}", asked + float(life) - margin
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise Transient("Zendesk sign-in: the answer holds no token") from None
