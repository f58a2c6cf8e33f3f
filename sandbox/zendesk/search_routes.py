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
MOST = 1000
"""Results that a search gives at most, however many there are."""


def routes(account: ZendeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("zendesk_search", __name__)

    @made.get("/search")
    def search() -> Response:
        asked = request.args
        size, page = asked.get("per_page", str(PAGE)), asked.get("page", "1")
        if not size.isdigit() or not page.isdigit() or not 1 <= int(size) <= PAGE or page == "0":
            raise errors.bad_request(f"per_page is 1 to {PAGE}, page a number from 1.")
        first = (int(page) - 1) * int(size)
        if first >= MOST:
            raise errors.bad_request(f"Search lists {MOST} results at most.")
        ordered = asked.get("sort_by") == "updated_at", asked.get("sort_order") == "asc"
        return answer(_search(account.desk, asked.get("query", ""), first, int(size), *ordered))

    return made


def _search(
    desk: Desk, query: str, first: int, size: int, by_update: bool, rising: bool
) -> dict[str, Any]:
    """Find tickets by `type:ticket`, `updated>2026-11-23T10:00:00Z`, `created>`, `status<solved`.

    Other words must be in the subject. Metrics are not told.
    """
    with desk.lock:
        found = [one for one in desk.tickets.values() if not one.gone]
        for word in query.split():
            found = [one for one in found if _meets(one, word)]
        if by_update:
            found.sort(key=lambda one: (one.updated_at, one.id), reverse=not rising)
        page = found[first : first + size]
        shown = [{**wire.ticket(desk, one), "result_type": "ticket"} for one in page]
    following = wire.url("search") if first + size < min(len(found), MOST) else None
    return {"results": shown, "next_page": following, "previous_page": None, "count": len(found)}


def _meets(one: Ticket, word: str) -> bool:
    order = list(wire.STATUS_IDS)
    if word.startswith("type:"):
        return word == "type:ticket"
    if word.startswith("status<"):
        return order.index(one.status) < order.index(word.removeprefix("status<"))
    for name, moment in (("updated", one.updated_at), ("created", one.created_at)):
        if word.startswith((f"{name}>", f"{name}_at>")):
            try:
                least = word.partition(">")[2]
                second = moment.replace(microsecond=0)  # that is how exact searches are
                if least.startswith("="):
                    return second >= moments.read(least[1:])
                return second > moments.read(least)
            except ValueError as error:
                raise errors.bad_request(str(error)) from None
    return word.lower() in one.subject.lower()
