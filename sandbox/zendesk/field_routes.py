"""Ticket fields: system ones, and those that an admin made.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from sandbox import moments
from sandbox.records import Field
from sandbox.vendor import answer
from sandbox.zendesk import errors, wire
from sandbox.zendesk.ticket_routes import sent_body

if TYPE_CHECKING:
    from sandbox.zendesk.account import ZendeskAccount

KINDS = {
    "text": "text",
    "textarea": "textarea",
    "regexp": "regexp",
    "checkbox": "checkbox",
    "tagger": "dropdown",
    "integer": "integer",
    "date": "date",
}


def routes(account: ZendeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("zendesk_fields", __name__)
    desk = account.desk

    def found(field_id: int) -> Field:
        field = desk.fields.get(field_id)
        if field is None:
            raise errors.not_found()
        return field

    @made.get("/ticket_fields")
    def listed() -> Response:
        with desk.lock:
            own = [wire.field(field) for field in desk.fields.values()]
        system = [_system(number, kind) for number, kind in account.system_fields.items()]
        count = len(system) + len(own)
        body = {"ticket_fields": system + own, "next_page": None, "previous_page": None}
        return answer({**body, "count": count})

    @made.get("/ticket_fields/<int:field_id>")
    def show(field_id: int) -> Response:
        return answer({"ticket_field": wire.field(found(field_id))})

    @made.post("/ticket_fields")
    def create() -> Response:
        field = _new_field(account, sent_body("ticket_field"))
        with desk.lock:
            desk.fields[field.id] = field
        return answer({"ticket_field": wire.field(field)}, HTTPStatus.CREATED)

    @made.put("/ticket_fields/<int:field_id>")
    def update(field_id: int) -> Response:
        sent = sent_body("ticket_field")
        with desk.lock:
            field = found(field_id)
            field.title = str(sent.get("title") or field.title)
            field.tag = sent.get("tag", field.tag)
            field.pattern = sent.get("regexp_for_validation", field.pattern)
            if "custom_field_options" in sent:
                field.options = _options(sent)
            return answer({"ticket_field": wire.field(field)})

    @made.delete("/ticket_fields/<int:field_id>")
    def delete(field_id: int) -> Response:
        with desk.lock:
            found(field_id)
            del desk.fields[field_id]
            for ticket in desk.tickets.values():
                ticket.values.pop(field_id, None)
            account.tidy_forms()
        return answer(None, HTTPStatus.NO_CONTENT)

    return made


def _new_field(account: ZendeskAccount, sent: dict[str, Any]) -> Field:
    title, kind = str(sent.get("title") or ""), str(sent.get("type", "text"))
    if not title:
        raise errors.record_invalid({"title": [{"description": "Title: cannot be blank"}]})
    if kind not in KINDS:
        raise errors.record_invalid({"type": [{"description": f"Type: {kind} is invalid"}]})
    field = Field(
        id=next(account.desk.numbers),
        title=title,
        kind=KINDS[kind],  # type: ignore[arg-type]  # the table holds only kinds there are
        options=_options(sent),
        tag=sent.get("tag"),
        pattern=sent.get("regexp_for_validation"),
        vendor=sent,
        created_at=moments.now(),
    )
    taken = {tag for other in account.desk.fields.values() for tag in other.tags}
    shared = sorted(field.tags & taken)
    if shared:
        text = f"Tags: {shared[0]} is already used in another field"
        raise errors.record_invalid({"custom_field_options": [{"description": text}]})
    if kind == "tagger" and not field.options:
        text = "A dropdown needs custom_field_options"
        raise errors.record_invalid({"custom_field_options": [{"description": text}]})
    return field


def _options(sent: dict[str, Any]) -> dict[str, str]:
    return {
        str(option["value"]): str(option.get("name", option["value"]))
        for option in sent.get("custom_field_options") or []
        if isinstance(option, dict) and option.get("value")
    }


def _system(number: int, kind: str) -> dict[str, Any]:
    field = Field(id=number, title=kind.capitalize(), kind="text", created_at=moments.now())
    return wire.field(field) | {"type": kind, "removable": False}
