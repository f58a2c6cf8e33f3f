"""One call to Zendesk's API, and what each answer means to us.

https://developer.zendesk.com/api-reference/introduction/requests/
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests

from worker.errors import Gone, Permanent, Transient
from worker.helpdesks.spending import ALL, UNLIMITED, Budget, Rates, Said, Spending
from worker.helpdesks.zendesk import fields
from worker.helpdesks.zendesk.token import SignIn
from worker.settings import account_of
from worker.tickets import Noun, one_line
from worker.transport import TimeLeft, Transport, date_in

_PER_ENDPOINT = re.compile(r"total=(\d+);\s*remaining=(\d+)(?:;\s*resets=(\d+))?")
UPDATES, EXPORTS = "updates", "exports"
"""What has a limit of its own, which may be the narrower one."""


class Rate(Noun):
    """What Zendesk said last of the account's budget, in requests per minute.

    https://developer.zendesk.com/api-reference/introduction/rate-limits/
    """

    limit: int | None = None
    remaining: int | None = None
    updates_total: int | None = None
    """Ticket updates per minute for the whole account, agents included."""
    updates_remaining: int | None = None


class Refused(Permanent):
    """422: Zendesk validated the update and did nothing of it."""


class Calls:
    """Signed calls to one account. Safe to share between threads."""

    def __init__(
        self, url: str, sign_in: SignIn, transport: Transport, budget: Budget = UNLIMITED
    ) -> None:
        self._url = url.rstrip("/")
        self._sign_in = sign_in
        self._transport = transport
        self._spending = Spending(budget, f"zendesk/{account_of(self._url)}", rates)
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
    ) -> dict[str, Any]:
        """One request. `what` names it for people, `right` is what our user needs for it.
        `about_ticket`: a 404 says that the one thing asked for, a ticket or a person, is not there.

        `timeout` in seconds holds for signing in and the request together.

        A 401 in the middle of work renews the token and tries once more. Raises `NotNow` when the
        budget does not allow it, `Transient` (network, 409, 429, 5xx, no JSON), `Gone` (404, 410,
        a closed ticket), `Refused` (422) and `Permanent` (401, 403, any other).
        """
        left = TimeLeft(timeout)
        # Watching a batch's job ends what the batch began, as every write does.
        ends = method != "GET" or path.startswith("/job_statuses/")
        with self._spending.call(what, part=_part(method, path), ends=ends) as told:
            header = self._sign_in.header(timeout=left.seconds())
            answer = self._send(method, path, header, what, json, params, left)
            if answer.status_code == 401 and self._sign_in.refused(header):
                header = self._sign_in.header(timeout=left.seconds())
                answer = self._send(method, path, header, what, json, params, left)
            told(answer.headers)
        self._note_rate(answer.headers)
        self.last_date = date_in(answer.headers)
        if not answer.ok:
            raise _fault(answer, what=what, right=right, about_ticket=about_ticket)
        if answer.status_code == 204:
            return {}
        content = _content(answer)
        if not isinstance(content, dict):
            raise Transient(f"{what}: answered {answer.status_code} without a JSON object")
        return content

    def _send(
        self,
        method: str,
        path: str,
        header: str,
        what: str,
        json: Any,
        params: Mapping[str, str] | None,
        left: TimeLeft,
    ) -> requests.Response:
        return self._transport.request(
            method,
            f"{self._url}/api/v2{path}",
            what=what,
            json=json,
            params=params,
            headers={"Accept": "application/json", "Authorization": header},
            timeout=left.seconds(),
        )

    def _note_rate(self, headers: Mapping[str, str]) -> None:
        before = self.last_rate or Rate()
        limit, left, _ = _whole_account(headers)
        updates = _updates(headers)
        self.last_rate = Rate(
            limit=_whole(limit) if limit else before.limit,
            remaining=_whole(left) if left else before.remaining,
            updates_total=int(updates[1]) if updates else before.updates_total,
            updates_remaining=int(updates[2]) if updates else before.updates_remaining,
        )


def rates(headers: Mapping[str, str]) -> Rates:
    """What an answer says of the account's requests, and of its ticket updates when it does."""
    limit, left, resets = (_number(text) for text in _whole_account(headers))
    said = {} if limit is None and left is None else {ALL: Said(limit, left, resets)}
    updates = _updates(headers)
    if updates:
        said[UPDATES] = Said(float(updates[1]), float(updates[2]), _number(updates[3]))
    return said


def _whole_account(headers: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """Limit, remaining, reset: the ticketing APIs say ratelimit-..., all of them x-rate-limit."""
    limit = headers.get("ratelimit-limit") or headers.get("X-Rate-Limit")
    left = headers.get("ratelimit-remaining") or headers.get("X-Rate-Limit-Remaining")
    return limit, left, headers.get("ratelimit-reset")


def _updates(headers: Mapping[str, str]) -> re.Match[str] | None:
    """Both spellings: recorded traffic says zendesk-rate-limit-..., the docs ratelimit."""
    return _PER_ENDPOINT.search(
        headers.get("Zendesk-RateLimit-tickets-update")
        or headers.get("Zendesk-Rate-Limit-tickets-update")
        or ""
    )


def _part(method: str, path: str) -> str:
    if method == "PUT" and path.startswith("/tickets/"):
        return UPDATES
    return EXPORTS if path.startswith("/incremental/") else ""


def _fault(answer: requests.Response, *, what: str, right: str, about_ticket: bool) -> Exception:
    status = answer.status_code
    reason = _reason(_content(answer))
    if status == 422 and _is_closed(answer.text):
        return Gone(f"{what}: it is closed and cannot be changed", status=422)
    if status == 422:
        return Refused(f"{what}: refused by Zendesk ({reason})", status=422)
    if status in {404, 410} and about_ticket:
        return Gone(f"{what}: it does not exist in Zendesk, or our user may not see it", status=404)
    texts: dict[int, Exception] = {
        401: Permanent(
            f"{what}: Zendesk refused our sign-in; check ZENDESK_CLIENT_ID and "
            "ZENDESK_CLIENT_SECRET (or ZENDESK_EMAIL and ZENDESK_API_TOKEN)",
            status=401,
        ),
        403: Permanent(
            f"{what}: our Zendesk user is not allowed to; it needs: {right}", status=403
        ),
        404: Permanent(
            f"{what}: answered 404; is ZENDESK_URL https://<account>.zendesk.com?", status=404
        ),
        408: Transient(f"{what}: answered 408"),
        409: Transient(f"{what}: in conflict with another change"),
    }
    return texts.get(status) or Permanent(f"{what}: answered {status} ({reason})", status=status)


def _content(answer: requests.Response) -> Any:
    try:
        return fields.read_json(answer.content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _reason(content: Any) -> str:
    """The vendor's own words, cut short: `RecordInvalid: Record validation errors`."""
    if not isinstance(content, dict):
        return "no reason given"
    error = content.get("error")
    if isinstance(error, dict):
        error = error.get("message") or error.get("title")
    words = [str(part) for part in (error, content.get("description")) if part]
    listed = content.get("errors")  # the webhooks API's own shape
    words += [
        str(item.get("detail") or item.get("title"))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict)
    ]
    details = content.get("details")
    if isinstance(details, dict):
        words += [
            str(item.get("description"))
            for items in details.values()
            if isinstance(items, list)
            for item in items
            if isinstance(item, dict)
        ]
    return one_line(": ".join(words) or "no reason given", 200)


def _is_closed(text: str) -> bool:
    lowered = text.lower()
    return "closed prevents ticket update" in lowered or "closedticket" in lowered


def _whole(text: str) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
