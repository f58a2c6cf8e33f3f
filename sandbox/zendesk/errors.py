"""Zendesk's refusals, in its own shapes.

https://developer.zendesk.com/api-reference/introduction/requests/ and, for closed tickets and
wrong values, what public clients recorded.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sandbox.vendor import Refused, answer

CLOSED = {"status": [{"description": "Status: closed prevents ticket update"}]}


def not_found() -> Refused:
    """404: no such record, or not for this user."""
    return Refused(
        answer({"error": "RecordNotFound", "description": "Not found"}, HTTPStatus.NOT_FOUND)
    )


def unauthorized() -> Refused:
    """401: no credentials, or ones that no longer count."""
    return Refused(answer({"error": "Couldn't authenticate you"}, HTTPStatus.UNAUTHORIZED))


def forbidden() -> Refused:
    """403: signed in, but not allowed to."""
    body = {
        "error": {"title": "Forbidden", "message": "You do not have access to this page."},
    }
    return Refused(answer(body, HTTPStatus.FORBIDDEN))


def bad_request(description: str) -> Refused:
    """400: the request cannot be understood."""
    return Refused(
        answer({"error": "InvalidValue", "description": description}, HTTPStatus.BAD_REQUEST)
    )


def record_invalid(details: dict[str, list[dict[str, str]]]) -> Refused:
    """422: the record would not be valid; `details` is by attribute."""
    return Refused(answer(record_invalid_body(details), HTTPStatus.UNPROCESSABLE_ENTITY))


def record_invalid_body(details: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """The body of a 422."""
    return {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": details,
    }


def wrong_value(attribute: str, title: str, value: object) -> Refused:
    """422 for one attribute."""
    text = f"{title}: {value} is not a valid value"
    return record_invalid({attribute: [{"description": text, "error": "InvalidValue"}]})


def conflict() -> Refused:
    """409: somebody else changed the ticket since it was read."""
    return Refused(answer(CONFLICT, HTTPStatus.CONFLICT))


CONFLICT = {
    "error": "UpdateConflict",
    "description": "The ticket changed since updated_stamp. Read it again, then update it.",
}


def too_many(retry_after: int, what: str, headers: dict[str, str] | None = None) -> Refused:
    """429 with Retry-After in seconds.

    https://developer.zendesk.com/api-reference/introduction/rate-limits/
    """
    body = {
        "error": "TooManyRequests",
        "description": f"Limit of {what} reached; wait {retry_after} seconds.",
    }
    sent = {**(headers or {}), "Retry-After": str(retry_after)}
    return Refused(answer(body, HTTPStatus.TOO_MANY_REQUESTS, sent))
