"""The control API under /sandbox: for tests, the page and the demo; no vendor has this.

It answers only to this machine, and only to pages that this sandbox served.
"""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from sandbox import acts, views
from sandbox.alteration import TicketClosedError
from sandbox.desk import Desk, Origin
from sandbox.vendor import Refused, answer

if TYPE_CHECKING:
    from sandbox.records import Ticket
    from sandbox.state import Sandbox

UNKNOWN = "192.0.2.0"
"""An address that nobody has: a client that cannot be told is not local."""
LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]", "::1"}


def refuse(text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Refused:
    """An answer that says what to change."""
    return Refused(answer({"error": text}, status))


def sent_body() -> dict[str, Any]:
    """The JSON object sent, or an empty one; Refused with 400 for anything else."""
    if not request.get_data():
        return {}
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise refuse("Send an object in JSON, with Content-Type: application/json.")
    return body


def only_from_here() -> None:
    """Refused with 403 unless asked from this machine, without a proxy, by no foreign page."""
    client = ipaddress.ip_address(request.remote_addr or UNKNOWN)
    host = urlsplit(f"//{request.host}").hostname or ""
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    proxied = "X-Forwarded-For" in request.headers
    if not client.is_loopback or host not in LOCAL_NAMES or foreign or proxied:
        raise refuse(
            "The sandbox is controlled from its own machine only: use http://127.0.0.1.",
            HTTPStatus.FORBIDDEN,
        )


def routes(sandbox: Sandbox) -> Blueprint:  # noqa: C901 - many small routes
    """Tickets: list, look, open, reply, change, merge, delete."""
    made = Blueprint("control", __name__, url_prefix="/sandbox")
    made.before_request(only_from_here)

    def desk_named(name: object) -> Desk:
        desk = sandbox.desks.get(str(name))
        if desk is None:
            raise refuse(f"helpdesk is one of {', '.join(sandbox.desks)}, not {name!r}.")
        return desk

    def found(helpdesk: str, ticket_id: int) -> tuple[Desk, Ticket]:
        desk = desk_named(helpdesk)
        ticket = desk.tickets.get(ticket_id)
        if ticket is None:
            raise refuse(f"{helpdesk} has no ticket {ticket_id}.", HTTPStatus.NOT_FOUND)
        return desk, ticket

    @made.get("/tickets")
    def listed() -> Response:
        limit = request.args.get("limit", "500")
        found = []
        for desk in sandbox.desks.values():
            with desk.lock:
                found += [(one.created_at, desk, one) for one in desk.tickets.values()]
        found.sort(key=lambda row: row[0], reverse=True)
        newest = found[: int(limit) if limit.isdigit() else 500]
        return answer({"tickets": [views.summary(desk, one) for _, desk, one in newest]})

    @made.post("/tickets")
    def create() -> Response:
        wanted = sent_body()
        desk = desk_named(wanted.get("helpdesk"))
        ticket = _done(acts.open_ticket, desk, wanted)
        url = f"{request.host_url}#{desk.name}-{ticket.id}"
        return answer({"id": str(ticket.id), "url": url}, HTTPStatus.CREATED)

    @made.get("/tickets/<helpdesk>/<int:ticket_id>")
    def show(helpdesk: str, ticket_id: int) -> Response:
        desk, ticket = found(helpdesk, ticket_id)
        with desk.lock:
            return answer(views.whole(desk, ticket))

    @made.post("/tickets/<helpdesk>/<int:ticket_id>/reply")
    def reply(helpdesk: str, ticket_id: int) -> Response:
        desk, ticket = found(helpdesk, ticket_id)
        _done(acts.reply, desk, ticket, sent_body())
        return show(helpdesk, ticket_id)

    @made.post("/tickets/<helpdesk>/<int:ticket_id>/change")
    def change(helpdesk: str, ticket_id: int) -> Response:
        desk, ticket = found(helpdesk, ticket_id)
        _done(acts.change, desk, ticket, sent_body())
        return show(helpdesk, ticket_id)

    @made.post("/tickets/<helpdesk>/<int:ticket_id>/merge")
    def merge(helpdesk: str, ticket_id: int) -> Response:
        wanted = sent_body()
        desk, ticket = found(helpdesk, ticket_id)
        into = str(wanted.get("into", ""))
        if not into.isdigit() or int(into) == ticket_id:
            raise refuse("into is the number of another ticket.")
        origin = Origin(actor=desk.agents[0], delivery=_done(acts.delivery, wanted))
        _done(desk.merge, ticket, found(helpdesk, int(into))[1], origin)
        return show(helpdesk, ticket_id)

    @made.post("/tickets/<helpdesk>/<int:ticket_id>/delete")
    def delete(helpdesk: str, ticket_id: int) -> Response:
        wanted = sent_body()
        desk, ticket = found(helpdesk, ticket_id)
        kind = wanted.get("kind", "soft")
        if kind not in {"soft", "permanent", "spam"}:
            raise refuse("kind is soft, permanent or spam.")
        origin = Origin(actor=desk.agents[0], delivery=_done(acts.delivery, wanted))
        desk.remove(ticket, kind, origin)
        return show(helpdesk, ticket_id)

    return made


def _done(act: Any, *arguments: Any) -> Any:
    try:
        return act(*arguments)
    except ValueError as error:
        raise refuse(str(error)) from None
    except TicketClosedError:
        raise refuse("The ticket is closed; closed tickets cannot change.") from None
