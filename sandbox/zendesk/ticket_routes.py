"""Tickets one at a time: show, create, update, comments, metrics.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from sandbox import moments
from sandbox.desk import Desk, Origin
from sandbox.vendor import answer
from sandbox.zendesk import changes, errors, wire

if TYPE_CHECKING:
    from sandbox.records import Comment, Ticket, User
    from sandbox.zendesk.account import ZendeskAccount

MOST_AT_ONCE = 100


def sent_body(name: str) -> dict[str, Any]:
    """The object under `name` in the request's JSON; Refused with 400 when there is none."""
    body = request.get_json(silent=True)
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise errors.bad_request(f"The body needs an object {name!r} in JSON.")
    return found


def origin() -> Origin:
    """The present request as the origin of a change."""
    path = request.path.removeprefix("/zendesk")
    return Origin(
        actor=g.user,
        request=f"{request.method} {path}",
        body=request.get_json(silent=True),
    )


def ids_asked() -> list[int]:
    """`?ids=1,2,3`, at most a hundred of them."""
    parts = [part.strip() for part in request.args.get("ids", "").split(",") if part.strip()]
    if not parts or not all(part.isdigit() for part in parts):
        raise errors.bad_request("ids is a list of numbers with commas between them.")
    if len(parts) > MOST_AT_ONCE:
        raise errors.bad_request(f"{len(parts)} ids; at most {MOST_AT_ONCE} at once.")
    return [int(part) for part in parts]


def included() -> set[str]:
    """The side-loads asked for."""
    return set(request.args.get("include", "").split(","))


def routes(account: ZendeskAccount) -> Blueprint:  # noqa: C901 - many small routes
    """The blueprint."""
    made = Blueprint("zendesk_tickets", __name__)
    desk = account.desk

    @made.get("/tickets/<int:ticket_id>")
    def show(ticket_id: int) -> Response:
        with desk.lock:
            one = account.ticket(ticket_id)
            shown = wire.ticket(desk, one)
            if "metric_sets" in included():
                shown["metric_set"] = wire.metrics(desk, one)
            return answer({"ticket": shown, **_sideloaded([one])})

    @made.get("/tickets/show_many")
    def show_many() -> Response:
        wanted = ids_asked()
        with desk.lock:
            found = [desk.tickets[one] for one in wanted if one in desk.tickets]
            found = [one for one in found if not one.gone]
            shown = [wire.ticket(desk, one) for one in found]
            body = {"tickets": shown, "next_page": None, "previous_page": None}
            if "metric_sets" in included():
                body["metric_sets"] = [wire.metrics(desk, one) for one in found]
            return answer({**body, "count": len(shown), **_sideloaded(found)})

    @made.get("/tickets/<int:ticket_id>/metrics")
    def metrics(ticket_id: int) -> Response:
        with desk.lock:
            return answer({"ticket_metric": wire.metrics(desk, account.ticket(ticket_id))})

    @made.get("/tickets/<int:ticket_id>/comments")
    def comments(ticket_id: int) -> Response:
        with desk.lock:
            one = account.ticket(ticket_id)
            shown = [wire.comment(comment) for comment in one.comments]
            newest_first = ("sort_order", "desc") in request.args.items()
            if newest_first or request.args.get("sort") == "-created_at":
                shown.reverse()
            body: dict[str, Any] = {"comments": shown}
            if "users" in included():
                authors = {comment.author.id: comment.author for comment in one.comments}
                body["users"] = [wire.user(author) for author in authors.values()]
            return answer({**body, "next_page": None, "previous_page": None, "count": len(shown)})

    @made.post("/tickets")
    def create() -> Response:
        sent = sent_body("ticket")
        said = changes.comment(None, {"comment": sent.get("comment", sent.get("description"))})
        if said is None:
            raise errors.wrong_value("comment", "Description", "an empty description")
        wanted = changes.understood(desk, sent)
        subject = str(wanted.pop("subject", "") or said.body[:60])
        one = desk.create(
            subject=subject,
            body=said.body,
            requester=_requester(desk, sent, g.user),
            origin=origin(),
            changes=wanted,
        )
        body = {"ticket": wire.ticket(desk, one), "audit": audit(desk, one, 0, {}, said=True)}
        headers = {"Location": wire.url(f"tickets/{one.id}")}
        return answer(body, HTTPStatus.CREATED, headers)

    @made.put("/tickets/<int:ticket_id>")
    def update(ticket_id: int) -> Response:
        sent = sent_body("ticket")
        with desk.lock:
            one = account.ticket(ticket_id)
            account.meter_ticket(one)
            body = apply(account, one, sent, origin())
        return answer(body)

    @made.delete("/tickets/<int:ticket_id>")
    def delete(ticket_id: int) -> Response:
        desk.remove(account.ticket(ticket_id), "soft", origin())
        return answer(None, HTTPStatus.NO_CONTENT)

    return made


def apply(
    account: ZendeskAccount, one: Ticket, sent: dict[str, Any], cause: Origin
) -> dict[str, Any]:
    """Update one ticket under the desk's lock; the answer's body, or Refused."""
    desk = account.desk
    changes.open_for_writing(one)
    changes.safe(one, sent)
    wanted = changes.understood(desk, sent)
    said = changes.comment(one, sent)
    before = _comparable(desk, one)
    commented = len(one.comments)
    desk.change(one, wanted, cause, said)
    return {
        "ticket": wire.ticket(desk, one),
        "audit": audit(desk, one, commented, before, said=said is not None),
    }


def audit(
    desk: Desk, one: Ticket, commented: int, before: dict[str, Any], *, said: bool
) -> dict[str, Any]:
    """The audit of one update: its comment, then every attribute that changed."""
    number = next(desk.numbers)
    events: list[dict[str, Any]] = []
    if said:
        events.append(_comment_event(one.comments[commented], number))
    for name, value in _comparable(desk, one).items():
        if before.get(name) != value:
            event: dict[str, Any] = {
                "id": next(desk.numbers),
                "type": "Change" if before else "Create",
            }
            event |= {"value": value, "field_name": name}
            if before:
                event["previous_value"] = before.get(name)
            events.append(event)
    return {
        "id": number,
        "ticket_id": one.id,
        "created_at": moments.written(moments.now()),
        "author_id": desk.service_user.id,
        "metadata": {"system": {}, "custom": {}},
        "events": events,
        "via": wire.via("api"),
    }


def _comparable(desk: Desk, one: Ticket) -> dict[str, Any]:
    fixed = {
        "subject": one.subject,
        "priority": one.priority,
        "type": one.kind,
        "status": one.status,
        "tags": list(one.tags),
        "group_id": str(one.group_id) if one.group_id else None,
        "assignee_id": str(one.assignee_id) if one.assignee_id else None,
    }
    return fixed | {str(field_id): one.values.get(field_id) for field_id in desk.fields}


def _comment_event(comment: Comment, audit_id: int) -> dict[str, Any]:
    shown = wire.comment(comment)
    keys = ("id", "type", "author_id", "body", "html_body", "plain_body", "public", "attachments")
    return {key: shown[key] for key in keys} | {"audit_id": audit_id}


def _sideloaded(tickets: list[Ticket]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if "users" in included():
        people = {one.requester.id: one.requester for one in tickets}
        people |= {one.submitter.id: one.submitter for one in tickets}
        body["users"] = [wire.user(person) for person in people.values()]
    if "organizations" in included():
        found = {one.organization.id: one.organization for one in tickets if one.organization}
        body["organizations"] = [wire.organization(one) for one in found.values()]
    return body


def _requester(desk: Desk, sent: dict[str, Any], fallback: User) -> User:
    wanted = sent.get("requester")
    if isinstance(wanted, dict) and wanted.get("email"):
        return desk.person(str(wanted.get("name") or wanted["email"]), str(wanted["email"]))
    return desk.users.get(int(sent.get("requester_id") or 0), fallback)
