"""One call to Freshdesk's API v2, and what each answer means to us.

https://developers.freshdesk.com/api/#errors
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from worker.errors import Gone, Permanent, Transient
from worker.helpdesks.spending import ALL, UNLIMITED, Budget, Rates, Said, Spending
from worker.settings import account_of
from worker.tickets import Noun, one_line
from worker.transport import date_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import requests

    from worker.transport import Transport


_ONE_TICKET = re.compile(r"/tickets/[^/]+")


class Rate(Noun):
    """What Freshdesk said last of the account's budget, in credits per minute.

    It is shared by every agent, app and key: https://developers.freshdesk.com/api/#ratelimit
    """

    total: float | None = None
    remaining: float | None = None
    used: float | None = None
    """Credits of that one request: embedding costs more than one."""


class Fault(NamedTuple):
    """One field that Freshdesk refused, and why, in its words."""

    field: str
    code: str
    message: str


class Refused(Permanent):
    """400: Freshdesk validated the update and did nothing of it."""

    def __init__(self, text: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(text, status=400)
        self.faults = faults


class Answer(NamedTuple):
    """A good answer: its JSON, and whether another page waits behind it."""

    content: Any
    more: bool


class Calls:
    """Signed calls to one account. Safe to share between threads."""

    def __init__(
        self, url: str, api_key: str, transport: Transport, budget: Budget = UNLIMITED
    ) -> None:
        self._spending = Spending(budget, f"freshdesk/{account_of(url.rstrip('/'))}", rates)
        self._base = f"{url.rstrip('/')}/api/v2"
        self._auth = (api_key, "X")
        self._transport = transport
        self.last_rate: Rate | None = None
        self.last_date: datetime | None = None
        """What the helpdesk's clock said last."""

    def call(
        self,
        method: str,
        path: str,
        *,
        what: str,
        right: str,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        about_ticket: bool = True,
        timeout: float = 10.0,
    ) -> Answer:
        """One request. `what` names it for people, `right` is what its agent needs for it.
        `about_ticket`: a 404 says that the one thing asked for, a ticket or a person, is not there.

        Only what a GET answers is read: a write that arrived must not fail for its answer.

        Raises `NotNow` when the budget does not allow it, `Transient` (network, 409, 429, 5xx, no
        JSON), `Gone` (404, 405), `Refused` (400) and `Permanent` (401, 403, any other).
        """
        with self._spending.call(what, part=_part(method, path), ends=method != "GET") as told:
            answer = self._transport.request(
                method,
                self._base + path,
                what=what,
                json=json,
                params=params,
                headers={"Accept": "application/json"},
                auth=self._auth,
                timeout=timeout,
            )
            told(answer.headers)
        self.last_rate = _rate(answer.headers)
        self.last_date = date_in(answer.headers)
        if not answer.ok:
            raise _fault(answer, what=what, right=right, about_ticket=about_ticket)
        if method != "GET":
            return Answer(None, more=False)
        try:
            content = answer.json()
        except (ValueError, RecursionError):
            raise Transient(f"{what}: answered {answer.status_code} without JSON") from None
        return Answer(content, more="next" in answer.links)


def _fault(answer: requests.Response, *, what: str, right: str, about_ticket: bool) -> Exception:
    status = answer.status_code
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        content = None
    said = content if isinstance(content, dict) else {}
    code = one_line(str(said.get("code") or "no code"), 60)
    if status == 400:
        faults = _faults(said)
        names = ", ".join(fault.field for fault in faults) or one_line(
            str(said.get("description") or said.get("message") or "no reason given")
        )
        return Refused(f"{what}: refused by Freshdesk ({names})", faults)
    if status == 404 and not about_ticket:
        return Permanent(
            f"{what}: answered 404; is FRESHDESK_URL https://<account>.freshdesk.com?", status=404
        )
    # 405: "updating or deleting a ticket that has been marked as spam or deleted"
    texts: dict[int, Exception] = {
        401: Permanent(
            f"{what}: FRESHDESK_API_KEY was refused; set the key from the agent's profile page",
            status=401,
        ),
        403: Permanent(
            f"{what}: FRESHDESK_API_KEY is not allowed to ({code}); its agent needs: {right}",
            status=403,
        ),
        404: Gone(f"{what}: it does not exist in Freshdesk", status=404),
        405: Gone(f"{what}: it is deleted or spam and cannot be changed", status=405),
        408: Transient(f"{what}: answered 408"),
        409: Transient(f"{what}: in conflict with another change"),
    }
    return texts.get(status) or Permanent(f"{what}: answered {status} ({code})", status=status)


def _faults(said: dict[str, Any]) -> tuple[Fault, ...]:
    errors = said.get("errors")
    return tuple(
        Fault(
            field=one_line(str(error.get("field") or "")).removeprefix("custom_fields."),
            code=one_line(str(error.get("code") or "")),
            message=one_line(str(error.get("message") or "")),
        )
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    )


def _rate(headers: Mapping[str, str]) -> Rate:
    return Rate(
        total=_number(headers.get("X-RateLimit-Total")),
        remaining=_number(headers.get("X-RateLimit-Remaining")),
        used=_number(headers.get("X-RateLimit-Used-CurrentRequest")),
    )


def rates(headers: Mapping[str, str]) -> Rates:
    """What an answer says of the account's credits; sub-limits have no header."""
    said = _rate(headers)
    if said.total is None and said.remaining is None:
        return {}
    return {ALL: Said(said.total, said.remaining, None, 1.0 if said.used is None else said.used)}


def _part(method: str, path: str) -> str:
    """What has a limit of its own: https://developers.freshdesk.com/api/#ratelimit ."""
    if method == "PUT" and _ONE_TICKET.fullmatch(path):
        return "updates"
    return "lists" if method == "GET" and path == "/tickets" else ""


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")  # some accounts say "100.0"
    except ValueError:
        return None
    return number if math.isfinite(number) else None
