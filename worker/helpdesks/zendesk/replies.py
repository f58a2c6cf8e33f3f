"""Public agent replies read from the comments, where the metrics do not tell.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#list-comments
"""

from __future__ import annotations

from datetime import datetime
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from worker.errors import Permanent
from worker.helpdesks.zendesk.calls import Calls
from worker.helpdesks.zendesk.fields import identifier, moment
from worker.tickets import Ticket

STAFF = {"agent", "admin"}


def first_public_reply(calls: Calls, ticket: Ticket, *, timeout: float) -> datetime | None:
    """When an agent first replied in public, or None; one GET of the oldest 100 comments.

    The comment that opened the ticket is no reply. Comments that may not be read tell of none.
    Raises what `Calls.call` raises.
    """
    told = _comments(calls, ticket, timeout, {})
    return next((at for at, is_reply in told[1:] if is_reply), None)


def latest_public_reply(calls: Calls, ticket: Ticket, *, timeout: float) -> datetime | None:
    """When an agent last replied in public, or None; one GET of the newest 100 comments."""
    told = _comments(calls, ticket, timeout, {"sort_order": "desc"})
    return next((at for at, is_reply in reversed(told) if is_reply), None)


def _comments(
    calls: Calls, ticket: Ticket, timeout: float, order: dict[str, str]
) -> list[tuple[datetime, bool]]:
    """When each comment was made and whether it is a public one by an agent, oldest first."""
    try:
        content = calls.call(
            "GET",
            f"/tickets/{quote(ticket.key.id, safe='')}/comments",
            what=f"Zendesk ticket {ticket.key.id}'s comments",
            right="to view all tickets",
            about_ticket=False,
            params={"include": "users", **order},
            timeout=timeout,
        )
    except Permanent as fault:
        if fault.status not in {403, 404}:
            raise
        return []  # the ticket is there, its comments are not for us: no reply is known
    staff = {
        identifier(user.get("id"))
        for user in _objects(content.get("users"))
        if user.get("role") in STAFF
    }
    told = [
        (
            at,
            comment.get("public") is True
            and (author := identifier(comment.get("author_id"))) in staff
            and author != ticket.requester,
        )
        for comment in _objects(content.get("comments"))
        if (at := moment(comment.get("created_at")))
    ]
    return sorted(told, key=itemgetter(0))


def _objects(listed: Any) -> list[dict[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
