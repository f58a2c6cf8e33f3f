"""One Zendesk account: its desk, its webhooks, its limits, its doors."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, request

from sandbox.limits import Reading, Windows
from sandbox.vendor import answer
from sandbox.zendesk import access, errors, events, form_routes
from sandbox.zendesk.webhooks import Webhook, Webhooks
from sandbox.zendesk.wire import FORM_ID

if TYPE_CHECKING:
    from sandbox.deliveries import Courier
    from sandbox.desk import Desk
    from sandbox.dials import Dials
    from sandbox.faults import Fault
    from sandbox.records import Ticket, User
    from sandbox.settings import Settings

PER_TICKET_SECONDS = 600.0
SYSTEM_FIELDS = (
    "subject",
    "description",
    "status",
    "tickettype",
    "priority",
    "group",
    "assignee",
)
_FOR_ADMINS = re.compile(
    r"(POST|PUT|PATCH|DELETE) /(ticket_fields|ticket_forms)|\w+ /(webhooks|slas|incremental)"
)
"""https://developer.zendesk.com/api-reference/ticketing/introduction/: "Allowed for: Admins"."""
_DEFAULT_WAIT = 2


class ZendeskAccount:
    """What the Zendesk routes share; a `Vendor` to the gate."""

    def __init__(self, settings: Settings, dials: Dials, desk: Desk, courier: Courier) -> None:
        self.settings = settings
        self.dials = dials
        self.desk = desk
        self.windows = Windows()
        self.tokens = access.Tokens()
        self.webhooks = Webhooks(courier, dials)
        self.triggers: dict[int, dict[str, Any]] = {}
        self.sla_policies: dict[int, dict[str, Any]] = {}
        self.system_fields = dict(enumerate(SYSTEM_FIELDS, 1))
        laid = [*self.system_fields, *desk.fields]
        form = form_routes.new_form(FORM_ID, "Default Ticket Form", laid, default=True)
        self.forms: dict[int, dict[str, Any]] = {FORM_ID: form}
        desk.listeners.append(self.webhooks.announce)
        if settings.minutehand_url:
            self.webhooks.add(
                Webhook(
                    name="Minutehand",
                    endpoint=f"{settings.minutehand_url}/webhooks/zendesk",
                    subscriptions=[events.PREFIX + event for event in events.TOLD],
                    secret=settings.zendesk_webhook_secret,
                    created_by=desk.service_user.id,
                )
            )

    def tidy_forms(self) -> None:
        """A field that is deleted is on no form any more."""
        known = {*self.system_fields, *self.desk.fields}
        for form in self.forms.values():
            listed = form["ticket_field_ids"]
            form["ticket_field_ids"] = [number for number in listed if number in known]

    def authenticate(self) -> User | None:
        """The service user, when the credentials count. Asking for a token needs none."""
        if request.path.startswith("/zendesk/oauth/"):
            return None
        if not access.recognised(self.settings, self.tokens):
            raise errors.unauthorized()
        if self.dials.service_user_is_admin:
            return self.desk.service_user
        asked = f"{request.method} {request.path.removeprefix('/zendesk/api/v2')}"
        if _FOR_ADMINS.match(asked):
            raise errors.forbidden()
        return replace(self.desk.service_user, role="agent")

    def meter(self) -> dict[str, str]:
        """Spend one request, and where it applies one update or export.

        https://developer.zendesk.com/api-reference/introduction/rate-limits/
        """
        overall = self.windows.take("account", self.dials.requests_per_minute)
        headers = {
            "X-Rate-Limit": str(overall.total),
            "X-Rate-Limit-Remaining": str(overall.remaining),
            "ratelimit-limit": str(overall.total),
            "ratelimit-remaining": str(overall.remaining),
            "ratelimit-reset": str(overall.resets),
        }
        if overall.exceeded:
            raise errors.too_many(overall.resets, "requests per minute", headers)
        path = request.path.removeprefix("/zendesk/api/v2/")
        if path.startswith("tickets") and request.method == "PUT":
            updates = self.windows.take("updates", self.dials.updates_per_minute)
            headers["Zendesk-RateLimit-tickets-update"] = _line(updates)
            if updates.exceeded:
                raise errors.too_many(updates.resets, "ticket updates per minute", headers)
        if path.startswith("incremental/"):
            exports = self.windows.take("exports", self.dials.exports_per_minute)
            headers["Zendesk-RateLimit-incremental-exports-cursor"] = _line(exports)
            if exports.exceeded:
                raise errors.too_many(exports.resets, "incremental exports per minute", headers)
        return headers

    def meter_ticket(self, ticket: Ticket) -> None:
        """Spend one of the updates a user has for one ticket in ten minutes."""
        spent = self.windows.take(
            ("ticket", ticket.id), self.dials.updates_per_ticket, seconds=PER_TICKET_SECONDS
        )
        if spent.exceeded:
            raise errors.too_many(spent.resets, "updates of one ticket in ten minutes")

    def faulty(self, fault: Fault) -> Response:
        """Zendesk's answer for a fault."""
        if fault.kind == "429":
            wait = _DEFAULT_WAIT if fault.retry_after is None else fault.retry_after
            return errors.too_many(wait, "requests per minute").answer
        if fault.kind == "409":
            return errors.conflict().answer
        if fault.kind in {"422", "required_field"}:
            reason = [{"description": "Product area: cannot be blank", "error": "BlankValue"}]
            return errors.record_invalid({"base": reason}).answer
        status = HTTPStatus(int(fault.kind))
        wait_header = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return answer({"error": status.phrase}, status, wait_header)

    def ticket(self, ticket_id: int) -> Ticket:
        """A ticket that the API shows; Refused with 404 when there is none or it is deleted."""
        found = self.desk.tickets.get(ticket_id)
        if found is None or found.gone:
            raise errors.not_found()
        return found


def _line(reading: Reading) -> str:
    return f"total={reading.total}; remaining={reading.remaining}; resets={reading.resets}"
