"""The incremental ticket export by cursor: what changed since a moment, oldest change first.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

import base64
import binascii
import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from sandbox.vendor import answer
from sandbox.zendesk import errors, wire
from sandbox.zendesk.ticket_routes import included

if TYPE_CHECKING:
    from sandbox.zendesk.account import ZendeskAccount

PAGE = 1000
Position = tuple[float, int]


def routes(account: ZendeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("zendesk_export", __name__)
    desk = account.desk

    @made.get("/incremental/tickets/cursor")
    def export() -> Response:
        lag = account.dials.export_lag_seconds
        until = time.time() - lag
        after = _start(lag)
        asked = request.args.get("per_page", str(PAGE))
        page = min(PAGE, max(1, int(asked))) if asked.isdigit() else PAGE
        with desk.lock:
            due = sorted(
                (one.touched, one.id)
                for one in desk.tickets.values()
                if one.touched <= until and (one.touched, one.id) > after
            )
            tickets = [desk.tickets[number] for _, number in due[:page]]
            if request.args.get("exclude_deleted") == "true":
                tickets = [one for one in tickets if not one.gone]
            last = due[:page][-1] if due else after
            cursor = _written(last)
            body: dict[str, Any] = {
                "tickets": [wire.ticket(desk, one) for one in tickets],
                "after_url": f"{wire.url('incremental/tickets/cursor')}?cursor={cursor}",
                "after_cursor": cursor,
                "before_url": None,
                "before_cursor": None,
                "end_of_stream": len(due) <= page,
            }
            if "metric_sets" in included():
                body["metric_sets"] = [wire.metrics(desk, one) for one in tickets]
            if "users" in included():
                people = {one.requester.id: one.requester for one in tickets}
                body["users"] = [wire.user(person) for person in people.values()]
        return answer(body)

    return made


def _start(lag: float) -> Position:
    cursor = request.args.get("cursor")
    if cursor:
        try:
            moment, _, number = base64.b64decode(cursor, validate=True).decode().partition("||")
            return float(moment), int(number)
        except (binascii.Error, ValueError):
            raise errors.bad_request("This cursor was not given by an export.") from None
    start = request.args.get("start_time", "")
    if not start.isdigit():
        raise errors.bad_request("start_time is a moment in whole Unix seconds.")
    if lag and int(start) > time.time() - lag:
        raise errors.bad_request(f"Too recent start_time; it must be {lag:g} s old or more.")
    return float(start), -1


def _written(position: Position) -> str:
    return base64.b64encode(f"{position[0]!r}||{position[1]}".encode()).decode()
