"""Tickets: list, show, create, update, and their conversations.

https://developers.freshdesk.com/api/#tickets
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from sandbox import moments
from sandbox.desk import Origin, Said
from sandbox.freshdesk import changes, errors, wire
from sandbox.vendor import answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.freshdesk.account import FreshdeskAccount
    from sandbox.records import Ticket

PAGE, LARGEST_PAGE = 30, 100
SHOWN_DAYS = 30
"""A list without `updated_since` shows tickets created in the last 30 days."""
CREATE_ONLY = frozenset({"cc_emails", "facebook_id", "twitter_id", "related_ticket_ids"})


def origin() -> Origin:
    """The present request as the origin of a change."""
    path = request.path.removeprefix("/freshdesk")
    body = request.get_json(silent=True)
    return Origin(actor=g.user, request=f"{request.method} {path}", body=body)


def page_asked() -> tuple[int, int]:
    """(page, per_page), both from 1; Refused with 400 outside the vendor's bounds."""
    found = []
    for name, default, largest in (("page", 1, 300), ("per_page", PAGE, LARGEST_PAGE)):
        text = request.args.get(name, str(default))
        if not text.isdigit() or not 1 <= int(text) <= largest:
            message = f"It should be a Positive Integer less than or equal to {largest}"
            raise errors.invalid((name, message, "invalid_value"))
        found.append(int(text))
    return found[0], found[1]


def routes(account: FreshdeskAccount) -> Blueprint:  # noqa: C901, PLR0915 - many small routes
    """The blueprint."""
    made = Blueprint("freshdesk_tickets", __name__)
    desk = account.desk

    def included() -> set[str]:
        return {one for one in request.args.get("include", "").split(",") if one}

    def shown(one: Ticket, *, described: bool = True) -> dict[str, Any]:
        body = wire.ticket(desk, one, described=described)
        wanted = included()
        if "stats" in wanted:
            body["stats"] = wire.stats(desk, one)
        if "requester" in wanted:
            body["requester"] = wire.requester(one.requester)
        if "company" in wanted:
            found = one.organization
            body["company"] = {"id": found.id, "name": found.name} if found else {}
        return body

    @made.get("/tickets/<int:ticket_id>")
    def show(ticket_id: int) -> Response:
        with desk.lock:
            one = account.ticket(ticket_id)
            body = shown(one)
            if "conversations" in included():
                talk = [wire.conversation(said, one.id) for said in one.comments[1:11]]
                body["conversations"] = talk
            return answer(body)

    @made.get("/tickets")
    def listed() -> Response:
        page, per_page = page_asked()
        with desk.lock:
            found = _ordered([one for one in desk.tickets.values() if not one.gone])
            first = (page - 1) * per_page
            part = found[first : first + per_page]
            body = [shown(one, described="description" in included()) for one in part]
        headers = {}
        if len(found) > first + per_page:
            headers["link"] = f'<{_next_page(page)}>; rel="next"'
        return answer(body, headers=headers)

    @made.post("/tickets")
    def create() -> Response:
        sent = changes.sent_body()
        missing = [name for name in ("subject", "description", "email") if not sent.get(name)]
        if missing and not (missing == ["email"] and sent.get("requester_id")):
            text = "It should be a/an String"
            raise errors.invalid(*((name, text, "missing_field") for name in missing))
        wanted = changes.understood(desk, sent, also=CREATE_ONLY)
        subject = str(wanted.pop("subject"))
        requester = desk.users.get(int(sent.get("requester_id") or 0))
        if requester is None:
            email = str(sent.get("email"))
            requester = desk.person(str(sent.get("name") or email), email)
        one = desk.create(
            subject=subject,
            body=wire.as_text(str(sent["description"])),
            requester=requester,
            origin=origin(),
            changes=wanted,
        )
        headers = {"Location": f"{request.base_url}/{one.id}"}
        return answer(wire.ticket(desk, one), HTTPStatus.CREATED, headers)

    @made.put("/tickets/<int:ticket_id>")
    def update(ticket_id: int) -> Response:
        with desk.lock:
            one = account.ticket(ticket_id, writing=True)
            sent = changes.sent_body()
            desk.change(one, changes.understood(desk, sent, also=frozenset()), origin())
            return answer(wire.ticket(desk, one))

    @made.delete("/tickets/<int:ticket_id>")
    def delete(ticket_id: int) -> Response:
        desk.remove(account.ticket(ticket_id, writing=True), "soft", origin())
        return answer(None, HTTPStatus.NO_CONTENT)

    _conversation_routes(made, account)
    return made


def _conversation_routes(made: Blueprint, account: FreshdeskAccount) -> None:
    desk = account.desk

    def say(ticket_id: int, *, is_note: bool) -> tuple[Ticket, dict[str, Any]]:
        sent = changes.sent_body()
        if not sent.get("body"):
            raise errors.invalid(("body", "It should be a/an String", "missing_field"))
        public = not sent.get("private", True) if is_note else True
        said = Said(body=str(sent["body"]), public=public, is_html=True, is_note=is_note)
        with desk.lock:
            one = account.ticket(ticket_id, writing=True)
            desk.change(one, {}, origin(), said)
            return one, sent

    @made.get("/tickets/<int:ticket_id>/conversations")
    def conversations(ticket_id: int) -> Response:
        page, per_page = page_asked()
        with desk.lock:
            one = account.ticket(ticket_id)
            said = one.comments[1:]
            part = said[(page - 1) * per_page : page * per_page]
            body = [wire.conversation(comment, one.id) for comment in part]
        headers = {}
        if len(said) > page * per_page:
            headers["link"] = f'<{_next_page(page)}>; rel="next"'
        return answer(body, headers=headers)

    @made.post("/tickets/<int:ticket_id>/notes")
    def note(ticket_id: int) -> Response:
        one, sent = say(ticket_id, is_note=True)
        body = wire.conversation(one.comments[-1], one.id)
        body["notified_to"] = sent.get("notify_emails", [])
        return answer(body, HTTPStatus.CREATED)

    @made.post("/tickets/<int:ticket_id>/reply")
    def reply(ticket_id: int) -> Response:
        one, _ = say(ticket_id, is_note=False)
        body = wire.conversation(one.comments[-1], one.id)
        body["replied_to"] = [one.requester.email]
        return answer(body, HTTPStatus.CREATED)


def _ordered(tickets: list[Ticket]) -> list[Ticket]:
    since = request.args.get("updated_since")
    if since:
        try:
            after = moments.read(since.replace(" ", "+"))
        except ValueError as error:
            raise errors.invalid(("updated_since", str(error), "invalid_value")) from None
        tickets = [one for one in tickets if one.updated_at.replace(microsecond=0) >= after]
    else:
        oldest = moments.now() - timedelta(days=SHOWN_DAYS)
        tickets = [one for one in tickets if one.created_at >= oldest]
    order = request.args.get("order_by", "created_at")
    if order not in {"created_at", "updated_at", "status", "due_by"}:
        allowed = "It should be one of these values: 'due_by,created_at,updated_at,status'"
        raise errors.invalid(("order_by", allowed, "invalid_value"))
    keys: dict[str, Callable[[Ticket], tuple[Any, int]]] = {
        "created_at": lambda one: (one.created_at, one.id),
        "due_by": lambda one: (one.created_at, one.id),
        "updated_at": lambda one: (one.updated_at, one.id),
        "status": lambda one: (wire.STATUSES[one.status], one.id),
    }
    descending = request.args.get("order_type", "desc") != "asc"
    return sorted(tickets, key=keys[order], reverse=descending)


def _next_page(page: int) -> str:
    asked = request.args.to_dict() | {"page": str(page + 1)}
    return request.base_url + "?" + "&".join(f"{key}={value}" for key, value in asked.items())
