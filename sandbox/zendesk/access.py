"""Who may use the API: OAuth client credentials, or the legacy e-mail and API token.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from sandbox.vendor import Refused, answer

if TYPE_CHECKING:
    from sandbox.dials import Dials
    from sandbox.settings import Settings

SHORTEST, LONGEST = 300, 172_800
"""Lives a client may ask for, in seconds."""


class Tokens:
    """OAuth tokens in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}

    def mint(self, life: float) -> str:
        """A new token that ends after `life` seconds."""
        token = secrets.token_hex(32)
        with self._lock:
            self._ends[token] = time.monotonic() + life
        return token

    def good(self, token: str) -> bool:
        """True until it expires or is revoked."""
        with self._lock:
            return self._ends.get(token, 0.0) > time.monotonic()

    def revoke_all(self) -> int:
        """End every token now; how many there were."""
        with self._lock:
            ended = len(self._ends)
            self._ends.clear()
        return ended


def recognised(settings: Settings, tokens: Tokens) -> bool:
    """True when the present request carries credentials that count."""
    wanted = request.authorization
    if wanted is None:
        return False
    if wanted.type == "bearer":
        return tokens.good(wanted.token or "")
    if wanted.type == "basic" and settings.zendesk_email and settings.zendesk_api_token:
        name = f"{settings.zendesk_email}/token"
        return _same(wanted.username, name) and _same(wanted.password, settings.zendesk_api_token)
    return False


def routes(settings: Settings, dials: Dials, tokens: Tokens) -> Blueprint:
    """`POST /oauth/tokens`."""
    made = Blueprint("zendesk_access", __name__)

    @made.post("/oauth/tokens")
    def mint() -> Response:
        sent: dict[str, Any] = request.get_json(silent=True) or request.form.to_dict()
        if sent.get("grant_type") != "client_credentials":
            raise _refused("unsupported_grant_type", "Ask with grant_type client_credentials.")
        if not _same(sent.get("client_id"), settings.zendesk_client_id) or not _same(
            sent.get("client_secret"), settings.zendesk_client_secret
        ):
            raise _refused(
                "invalid_client", "Client authentication failed.", HTTPStatus.UNAUTHORIZED
            )
        life = dials.token_seconds
        asked = sent.get("expires_in")
        if asked is not None:
            if not str(asked).isdigit() or not SHORTEST <= int(asked) <= LONGEST:
                raise _refused("invalid_request", f"expires_in is {SHORTEST} to {LONGEST}.")
            life = int(asked) if dials.token_seconds >= SHORTEST else dials.token_seconds
        return answer(
            {
                "access_token": tokens.mint(life),
                "token_type": "bearer",
                "scope": sent.get("scope", "read"),
                "expires_in": life,
            }
        )

    return made


def _same(sent: object, wanted: str) -> bool:
    return bool(wanted) and hmac.compare_digest(str(sent).encode(), wanted.encode())


def _refused(error: str, description: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Refused:
    return Refused(answer({"error": error, "error_description": description}, status))
