"""The first public agent reply read from the comments, where the metrics were not to be had.

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
    try:
        content = calls.call(
            "GET",
            f"/tickets/{quote(ticket.key.id, safe='')}/comments",
            what=f"Zendesk ticket {ticket.key.id}'s comments",
            right="to view all tickets",
            about_ticket=False,
            params={"include": "users"},
            timeout=timeout,
        )
    except Permanent as fault:
        if fault.status not in {403, 404}:
            raise
        return None  # the ticket is there, its comments are not for us: no reply is known
    staff = {
        identifier(user.get("id"))
        for user in _objects(content.get("users"))
        if user.get("role") in STAFF
    }
    told = [
        (at, comment)
        for comment in _objects(content.get("comments"))
        if (at := moment(comment.get("created_at")))
    ]
    told.sort(key=itemgetter(0))
    replies = (
        at
        for at, comment in told[1:]
        if comment.get("public") is True
        and (author := identifier(comment.get("author_id"))) in staff
        and author != ticket.requester
    )
    return next(replies, None)


def _objects(listed: Any) -> list[dict[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
