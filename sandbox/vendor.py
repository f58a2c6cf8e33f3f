"""What the gate asks of each vendor, and the shape of a vendor's answer."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from flask import Response

if TYPE_CHECKING:
    from sandbox.desk import Desk
    from sandbox.faults import Fault
    from sandbox.records import User


class Refused(Exception):
    """Ends a request with this answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Vendor(Protocol):
    """One helpdesk behind the gate."""

    desk: Desk

    def meter(self) -> dict[str, str]:
        """Spend the present request from its limits; the headers to answer with, else Refused."""

    def authenticate(self) -> User | None:
        """Who is asking; Refused when nobody we know. None where nobody needs to be known."""

    def faulty(self, fault: Fault) -> Response:
        """The vendor's answer for a fault that answers at once."""


def answer(
    body: Any, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    """A JSON answer; None is an empty body."""
    text = "" if body is None else json.dumps(body, ensure_ascii=False)
    made = Response(text, status=status, content_type="application/json; charset=utf-8")
    made.headers.update(headers or {})
    return made
