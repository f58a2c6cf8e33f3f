"""Fields, automation rules and people: how the account is set up.

https://developers.freshdesk.com/api/#ticket-fields and #automation-rules
"""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from sandbox import moments
from sandbox.freshdesk import changes, errors, wire
from sandbox.freshdesk.rules import CREATION, UPDATES
from sandbox.records import Field, User
from sandbox.vendor import Refused, answer

if TYPE_CHECKING:
    from sandbox.freshdesk.account import FreshdeskAccount

KINDS = {vendor: ours for ours, vendor in wire.ALL_TYPES.items()}
WEBHOOK_PARTS = ("url", "request_type", "content_type", "content_layout", "content")


def routes(account: FreshdeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("freshdesk_setup", __name__)
    _field_routes(made, account)
    _rule_routes(made, account)
    _people_routes(made, account)
    _customer_routes(made, account)
    return made


def _field_routes(made: Blueprint, account: FreshdeskAccount) -> None:  # noqa: C901 - many small routes
    desk = account.desk

    def found(field_id: int) -> Field:
        field = desk.fields.get(field_id)
        if field is None:
            raise errors.not_found()
        return field

    @made.get("/ticket_fields")
    def readable() -> Response:
        with desk.lock:
            shown = [wire.field(field) for field in desk.fields.values()]
        for field in shown:
            if "choices" in field:
                field["choices"] = [choice["value"] for choice in field["choices"]]
        return answer(shown)

    @made.get("/admin/ticket_fields")
    def listed() -> Response:
        with desk.lock:
            return answer([wire.field(field) for field in desk.fields.values()])

    @made.get("/admin/ticket_fields/<int:field_id>")
    def show(field_id: int) -> Response:
        return answer(wire.field(found(field_id)))

    @made.post("/admin/ticket_fields")
    def create() -> Response:
        field = _new_field(account, changes.sent_body())
        with desk.lock:
            desk.fields[field.id] = field
        return answer(wire.field(field), HTTPStatus.CREATED)

    @made.put("/admin/ticket_fields/<int:field_id>")
    def update(field_id: int) -> Response:
        sent = changes.sent_body()
        with desk.lock:
            field = found(field_id)
            field.title = str(sent.get("label") or field.title)
            if "choices" in sent:
                field.options |= _choices(sent)
            return answer(wire.field(field))

    @made.delete("/admin/ticket_fields/<int:field_id>")
    def delete(field_id: int) -> Response:
        with desk.lock:
            found(field_id)
            del desk.fields[field_id]
            for ticket in desk.tickets.values():
                ticket.values.pop(field_id, None)
        return answer(None, HTTPStatus.NO_CONTENT)


def _new_field(account: FreshdeskAccount, sent: dict[str, Any]) -> Field:
    """Its name is made from the label, with a number behind it, as the vendor often does."""
    label, kind = str(sent.get("label") or ""), str(sent.get("type") or "")
    if not label or kind not in KINDS:
        field = "type" if label else "label"
        allowed = ",".join(KINDS)
        text = f"It should be one of these values: '{allowed}'" if label else "It is missing"
        raise errors.invalid((field, text, "invalid_value" if label else "missing_field"))
    if any(field.title == label for field in account.desk.fields.values()):
        raise errors.invalid(("label", "It should be a unique value", "duplicate_value"))
    word = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return Field(
        id=next(account.desk.numbers),
        title=label,
        kind=KINDS[kind],  # type: ignore[arg-type]  # the table holds only kinds there are
        name=f"cf_{word}_{secrets.randbelow(900_000) + 100_000}",
        options=_choices(sent),
        vendor=sent,
        created_at=moments.now(),
    )


def _choices(sent: dict[str, Any]) -> dict[str, str]:
    return {
        str(choice["value"]): str(choice["value"])
        for choice in sent.get("choices") or []
        if isinstance(choice, dict) and choice.get("value")
    }


def _rule_routes(made: Blueprint, account: FreshdeskAccount) -> None:
    rules = account.rules

    def found(kind: int, rule_id: int | None = None) -> dict[int, dict[str, Any]]:
        kept = rules.kept.get(kind)
        if kept is None or (rule_id is not None and rule_id not in kept):
            raise errors.not_found()
        return kept

    @made.get("/automations/<int:kind>/rules")
    def rules_of(kind: int) -> Response:
        kept = found(kind)
        meta: dict[str, Any] = {"count": len(kept)}
        if account.dials.cascading_rules_told:
            meta["cascading_rules"] = account.dials.cascading_rules
        return answer({"rules": list(kept.values()), "meta": meta})

    @made.get("/automations/<int:kind>/rules/<int:rule_id>")
    def show_rule(kind: int, rule_id: int) -> Response:
        return answer(found(kind, rule_id)[rule_id])

    @made.post("/automations/<int:kind>/rules")
    def create_rule(kind: int) -> Response:
        found(kind)
        sent = changes.sent_body()
        _check_rule(kind, sent, rules.kept[kind])
        rule = rules.add(kind, next(account.desk.numbers), sent)
        return answer(rule, HTTPStatus.CREATED)

    @made.put("/automations/<int:kind>/rules/<int:rule_id>")
    def update_rule(kind: int, rule_id: int) -> Response:
        rule = found(kind, rule_id)[rule_id]
        rule.update(changes.sent_body(), id=rule_id)
        return answer(rule)

    @made.delete("/automations/<int:kind>/rules/<int:rule_id>")
    def delete_rule(kind: int, rule_id: int) -> Response:
        del found(kind, rule_id)[rule_id]
        return answer(None, HTTPStatus.NO_CONTENT)


def _check_rule(kind: int, sent: dict[str, Any], kept: dict[int, dict[str, Any]]) -> None:
    needed = {"name", "actions"} | ({"conditions"} if kind == CREATION else set())
    needed |= {"performer", "events"} if kind == UPDATES else set()
    missing = sorted(name for name in needed if not sent.get(name))
    if missing:
        raise errors.invalid(*((name, "It is missing", "missing_field") for name in missing))
    if any(rule["name"] == sent["name"] for rule in kept.values()):
        raise errors.invalid(("name", "It should be a unique value", "duplicate_value"))
    for action in sent["actions"]:
        if action.get("field_name") == "trigger_webhook" and any(
            part not in action for part in WEBHOOK_PARTS
        ):
            # The vendor answers 500 here, not 400:
            # https://github.com/slop-place/terraform-provider-freshdesk CHANGELOG 0.1.2
            raise Refused(answer(None, HTTPStatus.INTERNAL_SERVER_ERROR))


def _people_routes(made: Blueprint, account: FreshdeskAccount) -> None:
    desk = account.desk

    def user(user_id: int, *, staff: bool) -> User:
        found = desk.users.get(user_id)
        if found is None or found.is_staff != staff:
            raise errors.not_found()
        return found

    @made.get("/agents/me")
    def me() -> Response:
        return answer(wire.agent(g.user))

    @made.get("/agents")
    def agents() -> Response:
        wanted = request.args.get("email", "").lower()
        staff = [one for one in list(desk.users.values()) if one.is_staff]
        return answer([wire.agent(one) for one in staff if wanted in {"", one.email.lower()}])

    @made.get("/agents/<int:user_id>")
    def agent(user_id: int) -> Response:
        return answer(wire.agent(user(user_id, staff=True)))

    @made.get("/contacts/<int:user_id>")
    def contact(user_id: int) -> Response:
        return answer(wire.contact(user(user_id, staff=False)))

    @made.get("/settings/helpdesk")
    def helpdesk() -> Response:
        others: dict[str, list[str]] = {"supported_languages": [], "portal_languages": []}
        return answer({"primary_language": "en", **others})


def _customer_routes(made: Blueprint, account: FreshdeskAccount) -> None:
    desk = account.desk

    @made.get("/groups/<int:group_id>")
    def group(group_id: int) -> Response:
        if group_id not in desk.groups:
            raise errors.not_found()
        name, people = desk.groups[group_id]
        return answer({"id": group_id, "name": name, "agent_ids": [one.id for one in people]})

    @made.get("/companies/<int:company_id>")
    def company(company_id: int) -> Response:
        found = desk.organizations.get(company_id)
        if found is None:
            raise errors.not_found()
        return answer(wire.company(found))
