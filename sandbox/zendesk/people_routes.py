"""Users, organizations and triggers.

https://developer.zendesk.com/api-reference/ticketing/users/users/
https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from sandbox import moments
from sandbox.vendor import answer
from sandbox.zendesk import errors, wire
from sandbox.zendesk.ticket_routes import ids_asked, sent_body

if TYPE_CHECKING:
    from sandbox.zendesk.account import ZendeskAccount

CATEGORY_ID = "360004000001"


def routes(account: ZendeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("zendesk_people", __name__)
    desk = account.desk

    @made.get("/users/me")
    def me() -> Response:
        return answer({"user": wire.user(g.user)})

    @made.get("/users/<int:user_id>")
    def user(user_id: int) -> Response:
        found = desk.users.get(user_id)
        if found is None:
            raise errors.not_found()
        return answer({"user": wire.user(found)})

    @made.get("/users/show_many")
    def users() -> Response:
        shown = [wire.user(desk.users[one]) for one in ids_asked() if one in desk.users]
        return answer({"users": shown, "count": len(shown), "next_page": None})

    @made.get("/groups/<int:group_id>/users")
    def group_users(group_id: int) -> Response:
        if group_id not in desk.groups:
            raise errors.not_found()
        shown = [wire.user(one) for one in desk.groups[group_id][1]]
        return answer({"users": shown, "count": len(shown), "next_page": None})

    @made.get("/organizations/<int:organization_id>")
    def organization(organization_id: int) -> Response:
        found = desk.organizations.get(organization_id)
        if found is None:
            raise errors.not_found()
        return answer({"organization": wire.organization(found)})

    @made.get("/organizations/show_many")
    def organizations() -> Response:
        kept = desk.organizations
        shown = [wire.organization(kept[one]) for one in ids_asked() if one in kept]
        return answer({"organizations": shown, "count": len(shown), "next_page": None})

    _trigger_routes(made, account)
    return made


def _trigger_routes(made: Blueprint, account: ZendeskAccount) -> None:
    kept = account.triggers

    def listed(shown: list[dict[str, Any]]) -> Response:
        body = {"triggers": shown, "next_page": None, "previous_page": None, "count": len(shown)}
        return answer(body)

    @made.get("/triggers")
    def triggers() -> Response:
        return listed(list(kept.values()))

    @made.get("/triggers/active")
    def active_triggers() -> Response:
        return listed([one for one in list(kept.values()) if one["active"]])

    @made.get("/triggers/search")
    def search() -> Response:
        part = request.args.get("query", "").lower()
        return listed([one for one in list(kept.values()) if part in one["title"].lower()])

    @made.post("/triggers")
    def create_trigger() -> Response:
        sent = sent_body("trigger")
        conditions = sent.get("conditions") or {}
        if not sent.get("title") or not sent.get("actions"):
            reason = [{"description": "A trigger needs a title and actions"}]
            raise errors.record_invalid({"base": reason})
        number = next(account.desk.numbers)
        moment = moments.written(moments.now())
        kept[number] = {
            "url": wire.url(f"triggers/{number}"),
            "id": number,
            "title": str(sent["title"]),
            "raw_title": str(sent["title"]),
            "active": bool(sent.get("active", True)),
            "default": False,
            "actions": sent["actions"],
            "conditions": {
                "all": conditions.get("all", sent.get("all", [])),
                "any": conditions.get("any", sent.get("any", [])),
            },
            "description": sent.get("description"),
            "position": len(kept) + 1,
            "category_id": str(sent.get("category_id", CATEGORY_ID)),
            "created_at": moment,
            "updated_at": moment,
        }
        return answer({"trigger": kept[number]}, HTTPStatus.CREATED)

    @made.delete("/triggers/<int:trigger_id>")
    def delete_trigger(trigger_id: int) -> Response:
        if kept.pop(trigger_id, None) is None:
            raise errors.not_found()
        return answer(None, HTTPStatus.NO_CONTENT)
