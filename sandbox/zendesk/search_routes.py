"""Search, as far as finding tickets by when they changed needs it.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from sandbox import moments
from sandbox.vendor import answer
from sandbox.zendesk import errors, wire

if TYPE_CHECKING:
    from sandbox.desk import Desk
    from sandbox.records import Ticket
    from sandbox.zendesk.account import ZendeskAccount

PAGE = 100


def routes(account: ZendeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("zendesk_search", __name__)

    @made.get("/search")
    def search() -> Response:
        return answer(_search(account.desk, request.args.get("query", "")))

    return made


def _search(desk: Desk, query: str) -> dict[str, Any]:
    """Find tickets by `type:ticket`, `updated>2026-11-23T10:00:00Z`, `created>`, `status<solved`.

    Other words must be in the subject.
    """
    with desk.lock:
        found = [one for one in desk.tickets.values() if not one.gone]
        for word in query.split():
            found = [one for one in found if _meets(one, word)]
        shown = [{**wire.ticket(desk, one), "result_type": "ticket"} for one in found[:PAGE]]
    return {"results": shown, "next_page": None, "previous_page": None, "count": len(found)}


def _meets(one: Ticket, word: str) -> bool:
    order = list(wire.STATUS_IDS)
    if word.startswith("type:"):
        return word == "type:ticket"
    if word.startswith("status<"):
        return order.index(one.status) < order.index(word.removeprefix("status<"))
    for name, moment in (("updated", one.updated_at), ("created", one.created_at)):
        if word.startswith((f"{name}>", f"{name}_at>")):
            try:
                return moment > moments.read(word.partition(">")[2].lstrip("="))
            except ValueError as error:
                raise errors.bad_request(str(error)) from None
    return word.lower() in one.subject.lower()
