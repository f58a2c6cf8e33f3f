"""One Freshdesk account: its desk, its rules, its credits, its door."""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, request

from sandbox.freshdesk import errors, rules
from sandbox.limits import Windows
from sandbox.vendor import answer

if TYPE_CHECKING:
    from sandbox.deliveries import Courier
    from sandbox.desk import Desk
    from sandbox.dials import Dials
    from sandbox.faults import Fault
    from sandbox.records import Ticket, User
    from sandbox.settings import Settings

_DEFAULT_WAIT = 2
_LIST = "/freshdesk/api/v2/tickets"
_FOR_ADMINS = re.compile(r"/freshdesk/api/v2/(admin|automations|sla_policies)\b")
_ONE = re.compile(r"/freshdesk/api/v2/tickets/\d+\Z")


class FreshdeskAccount:
    """What the Freshdesk routes share; a `Vendor` to the gate."""

    def __init__(self, settings: Settings, dials: Dials, desk: Desk, courier: Courier) -> None:
        self.settings = settings
        self.dials = dials
        self.desk = desk
        self.windows = Windows()
        self.sla_policies: list[dict[str, Any]] = []
        self.rules = rules.Rules(courier, dials)
        desk.listeners.append(self.rules.announce)
        if settings.minutehand_url:
            url = f"{settings.minutehand_url}/webhooks/freshdesk"
            for kind, name, event in (
                (rules.CREATION, "Minutehand: ticket created", "ticket_created"),
                (rules.UPDATES, "Minutehand: ticket updated", "ticket_updated"),
            ):
                rule = rules.webhook_rule(name, url, settings.freshdesk_webhook_secret, event)
                self.rules.add(kind, next(desk.numbers), rule)

    def authenticate(self) -> User | None:
        """The service user, for basic authentication `<api key>:X`."""
        wanted = request.authorization
        key = (wanted.username or "") if wanted and wanted.type == "basic" else ""
        if not hmac.compare_digest(key.encode(), self.settings.freshdesk_api_key.encode()):
            raise errors.unauthorized()
        if not self.dials.service_user_is_admin and _FOR_ADMINS.match(request.path):
            raise errors.denied()
        return self.desk.service_user

    def meter(self) -> dict[str, str]:
        """Spend this request's credits; refused requests count too.

        An include costs 1 more on one ticket, 2 on a list
        (https://developers.freshdesk.com/api/#ratelimit).
        """
        cost = 1
        extras = len([one for one in request.args.get("include", "").split(",") if one])
        if request.method == "GET" and request.path == _LIST:
            cost += 2 * extras
        elif request.method == "GET" and _ONE.match(request.path):
            cost += extras
        spent = self.windows.take("account", self.dials.requests_per_minute, cost=cost)
        headers = {
            "X-RateLimit-Total": str(spent.total),
            "X-RateLimit-Remaining": str(spent.remaining),
            "X-RateLimit-Used-CurrentRequest": str(cost),
            "X-Freshdesk-API-Version": "latest=v2; requested=v2",
        }
        if spent.exceeded:
            raise errors.too_many(spent.resets, headers)
        for method, asked, name, total in (
            ("PUT", _ONE.match(request.path), "updates", self.dials.updates_per_minute),
            ("GET", request.path == _LIST, "lists", self.dials.lists_per_minute),
        ):
            if request.method == method and asked:
                part = self.windows.take(name, total)
                if part.exceeded:
                    raise errors.too_many(part.resets, headers)
        return headers

    def faulty(self, fault: Fault) -> Response:
        """Freshdesk's answer for a fault."""
        if fault.kind == "429":
            wait = _DEFAULT_WAIT if fault.retry_after is None else fault.retry_after
            return errors.too_many(wait).answer
        if fault.kind in {"422", "required_field"}:
            # Dynamic form validation refuses an update over a field it does not touch.
            text = "It should not be blank as this is a mandatory field"
            return errors.invalid(("cf_product_area", text, "missing_field")).answer
        if fault.kind == "409":
            body = {"code": "inconsistent_state", "message": "Somebody else changed it; try again."}
            return answer(body, HTTPStatus.CONFLICT)
        wait_header = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return answer(None, HTTPStatus(int(fault.kind)), wait_header)

    def ticket(self, ticket_id: int, *, writing: bool = False) -> Ticket:
        """A ticket; 404 when there is none, 405 for writing to spam or trash."""
        found = self.desk.tickets.get(ticket_id)
        if found is None or found.gone == "permanently":
            raise errors.not_found()
        if writing and found.gone:
            raise errors.gone()
        return found
