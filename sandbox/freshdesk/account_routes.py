"""The account itself and its native SLA policies.

https://developers.freshdesk.com/api/#account and #sla-policies
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from sandbox.freshdesk import changes, errors
from sandbox.vendor import answer

if TYPE_CHECKING:
    from sandbox.freshdesk.account import FreshdeskAccount


def routes(account: FreshdeskAccount) -> Blueprint:
    """The blueprint."""
    made = Blueprint("freshdesk_account", __name__)

    @made.get("/account")
    def show() -> Response:
        body: dict[str, Any] = {
            "account_id": 1840509,
            "account_name": "Sandbox",
            "account_domain": "sandbox.freshdesk.com",
            "timezone": "UTC",
            "data_center": "US",
            "tier_type": "Pro",
        }
        return answer(body)

    @made.get("/sla_policies")
    def policies() -> Response:
        return answer(account.sla_policies)

    @made.post("/sla_policies")
    def create() -> Response:
        sent = changes.sent_body()
        missing = sorted(name for name in ("name", "sla_target") if not sent.get(name))
        if missing:
            raise errors.invalid(*((name, "It is missing", "missing_field") for name in missing))
        policy = {"active": True, "is_default": False, **sent}
        policy["id"] = next(account.desk.numbers)
        account.sla_policies.append(policy)
        return answer(policy, HTTPStatus.CREATED)

    return made
