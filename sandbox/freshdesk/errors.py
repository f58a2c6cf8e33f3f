"""Freshdesk's refusals, in its own shapes (https://developers.freshdesk.com/api/#error)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sandbox.vendor import Refused, answer

Fault = tuple[str, str, str]
"""(field, message, code)."""


def invalid(*faults: Fault) -> Refused:
    """400: every fault of the body at once."""
    listed = [{"field": field, "message": message, "code": code} for field, message, code in faults]
    body = {"description": "Validation failed", "errors": listed}
    return Refused(answer(body, HTTPStatus.BAD_REQUEST))


def unreadable() -> Refused:
    """400: the body is not JSON."""
    body = {"code": "invalid_json", "message": "The body is not an object in JSON."}
    return Refused(answer(body, HTTPStatus.BAD_REQUEST))


def unauthorized() -> Refused:
    """401: not the API key."""
    body = {"code": "invalid_credentials", "message": "Authenticate with the API key, then X."}
    return Refused(answer(body, HTTPStatus.UNAUTHORIZED))


def denied() -> Refused:
    """403: the key's agent may not."""
    body = {"code": "access_denied", "message": "You are not authorized to perform this action."}
    return Refused(answer(body, HTTPStatus.FORBIDDEN))


def not_found() -> Refused:
    """404, with an empty body."""
    return Refused(answer(None, HTTPStatus.NOT_FOUND))


def gone() -> Refused:
    """405: the ticket is spam or in the trash."""
    body: dict[str, Any] = {"message": "PUT method is not allowed. It should be one of: GET"}
    return Refused(answer(body, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET"}))


def too_many(retry_after: int, headers: dict[str, str] | None = None) -> Refused:
    """429 with Retry-After in seconds."""
    body = {"message": f"Rate limit reached; wait {retry_after} seconds."}
    sent = {**(headers or {}), "Retry-After": str(retry_after)}
    return Refused(answer(body, HTTPStatus.TOO_MANY_REQUESTS, sent))
