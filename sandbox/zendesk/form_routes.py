"""Ticket forms, SLA policies and account settings: what an admin has set up besides fields.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/
https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/
https://developer.zendesk.com/api-reference/ticketing/account-configuration/account_settings/
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from sandbox import moments
from sandbox.vendor import answer
from sandbox.zendesk import errors, wire
from sandbox.zendesk.ticket_routes import sent_body

if TYPE_CHECKING:
    from sandbox.zendesk.account import ZendeskAccount

CHANGEABLE = ("name", "active", "ticket_field_ids", "position", "end_user_visible")


def routes(account: ZendeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("zendesk_forms", __name__)
    _form_routes(made, account)
    kept = account.sla_policies

    @made.get("/slas/policies")
    def policies() -> Response:
        body = {"sla_policies": list(kept.values()), "count": len(kept), "next_page": None}
        return answer(body)

    @made.post("/slas/policies")
    def create_policy() -> Response:
        sent = sent_body("sla_policy")
        if not sent.get("title") or "filter" not in sent:
            reason = [{"description": "An SLA policy needs a title and a filter"}]
            raise errors.record_invalid({"base": reason})
        number, moment = next(account.desk.numbers), moments.written(moments.now())
        kept[number] = {
            "url": wire.url(f"slas/policies/{number}"),
            "id": number,
            "title": str(sent["title"]),
            "description": str(sent.get("description") or ""),
            "position": len(kept) + 1,
            "filter": sent["filter"],
            "policy_metrics": sent.get("policy_metrics") or [],
            "created_at": moment,
            "updated_at": moment,
        }
        return answer({"sla_policy": kept[number]}, HTTPStatus.CREATED)

    @made.get("/account/settings")
    def settings() -> Response:
        features = {"ticket_forms": True, "ticket_tagging": True, "business_hours": True}
        return answer({"settings": {"active_features": features}})

    return made


def _form_routes(made: Blueprint, account: ZendeskAccount) -> None:
    kept = account.forms

    def found(form_id: int) -> dict[str, Any]:
        if form_id not in kept:
            raise errors.not_found()
        return kept[form_id]

    @made.get("/ticket_forms")
    def listed() -> Response:
        wanted = request.args.get("active")
        shown = [
            form
            for form in list(kept.values())
            if wanted is None or form["active"] is (wanted == "true")
        ]
        forms = [_shown(form) for form in shown]
        return answer({"ticket_forms": forms, "count": len(shown), "next_page": None})

    @made.get("/ticket_forms/<int:form_id>")
    def show(form_id: int) -> Response:
        return answer({"ticket_form": _shown(found(form_id))})

    @made.post("/ticket_forms")
    def create() -> Response:
        sent = sent_body("ticket_form")
        form = new_form(next(account.desk.numbers), str(sent.get("name") or "Form"), [])
        kept[form["id"]] = form
        return _change(form, sent, HTTPStatus.CREATED)

    @made.put("/ticket_forms/<int:form_id>")
    def update(form_id: int) -> Response:
        return _change(found(form_id), sent_body("ticket_form"), HTTPStatus.OK)

    def _change(form: dict[str, Any], sent: dict[str, Any], status: int) -> Response:
        """A field that does not exist makes the whole form invalid."""
        known = {*account.system_fields, *account.desk.fields}
        unknown = [number for number in sent.get("ticket_field_ids") or () if number not in known]
        if unknown:
            text = f"Ticket field {unknown[0]} does not exist"
            raise errors.record_invalid({"ticket_field_ids": [{"description": text}]})
        form.update({name: sent[name] for name in CHANGEABLE if name in sent})
        return answer({"ticket_form": _shown(form)}, status)


def new_form(number: int, name: str, field_ids: list[int], *, default: bool = False) -> Any:
    """One active form."""
    return {
        "id": number,
        "name": name,
        "end_user_visible": True,
        "active": True,
        "default": default,
        "position": 1,
        "in_all_brands": True,
        "restricted_brand_ids": [],
        "ticket_field_ids": field_ids,
    }


def _shown(form: dict[str, Any]) -> dict[str, Any]:
    name = form["name"]
    return {
        "url": wire.url(f"ticket_forms/{form['id']}"),
        "raw_name": name,
        "display_name": name,
        **form,
    }
