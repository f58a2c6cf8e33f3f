"""Automation rules and the webhooks they trigger.

No signature exists: a rule's own header carries the shared secret
(https://developers.freshdesk.com/api/#automation-rules). A failed webhook is tried again three
times (https://supportsandbox.freshdesk.com/support/solutions/articles/11000000028141-receiving-webhook-failure-emails).
"""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import TYPE_CHECKING, Any

from sandbox import moments
from sandbox.deliveries import Courier, Parcel
from sandbox.freshdesk.wire import PRIORITIES, PRIORITY_LABELS, STATUS_LABELS, STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.dials import Dials
    from sandbox.records import Delivery, Happening, Ticket

CREATION, HOURLY, UPDATES = 1, 3, 4
AGENT, REQUESTER, EITHER, SYSTEM = 1, 2, 3, 4
_FIELDS = {"status_changed": "status", "priority_changed": "priority"}


class Rules:
    """Every rule of the account; a listener of its desk."""

    def __init__(self, courier: Courier, dials: Dials) -> None:
        self.lock = threading.Lock()
        self.kept: dict[int, dict[int, dict[str, Any]]] = {CREATION: {}, HOURLY: {}, UPDATES: {}}
        self._courier = courier
        self._dials = dials

    def add(self, kind: int, number: int, rule: dict[str, Any]) -> dict[str, Any]:
        """Keep a rule under its number; the rule as the API shows it."""
        moment = moments.written(moments.now())
        with self.lock:
            kept = self.kept[kind]
            kept[number] = {
                "position": len(kept) + 1,
                "active": True,
                "outdated": False,
                "last_updated_by": None,
                "summary": {},
                "created_at": moment,
                "affected_tickets_count": None,
                **rule,
                "id": number,
                "updated_at": moment,
            }
            return kept[number]

    def announce(self, ticket: Ticket, happened: list[Happening], delivery: Delivery) -> None:
        """Run the rules that match what happened."""
        created = [one for one in happened if one.kind == "created"]
        kind = CREATION if created else UPDATES
        if kind == UPDATES and not self._updates_run(happened):
            return
        with self.lock:
            rules = sorted(self.kept[kind].values(), key=lambda rule: rule["position"])
        for rule in rules:
            matches = rule["active"] and (
                _conditions_met(rule, ticket)
                if created
                else any(_concerns(rule, one) for one in happened)
            )
            if not matches:
                continue
            for action in rule["actions"]:
                if action.get("field_name") == "trigger_webhook":
                    self._send(action, ticket, "created" if created else "updated", delivery)
            if created and not self._dials.cascading_rules:
                return

    def _updates_run(self, happened: list[Happening]) -> bool:
        if not self._dials.freshdesk_update_webhooks:
            return False
        return self._dials.freshdesk_rules_on_api_writes or not happened[0].by_api

    def _send(self, action: dict[str, Any], ticket: Ticket, event: str, delivery: Delivery) -> None:
        content = _filled(action.get("content", {}), ticket)
        body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        for _ in range(2 if delivery == "twice" else 1):
            parcel = Parcel(
                helpdesk="freshdesk",
                ticket=str(ticket.id),
                event=event,
                url=str(action.get("url", "")),
                body=body,
                headers=_headers(action),
                retry_in=self._retry_in,
                timeout=self._dials.webhook_timeout_seconds,
            )
            self._courier.send(parcel, lost=delivery == "lost")

    def _retry_in(self, status: int | None, retry_after: str | None, attempts: int) -> float | None:
        del status, retry_after  # it asks neither
        pauses = self._dials.freshdesk_retry_seconds
        return pauses[attempts - 1] if attempts <= len(pauses) else None


def webhook_rule(name: str, url: str, secret: str, event: str) -> dict[str, Any]:
    """A rule that posts a ticket's id and a constant, with the shared secret in its header."""
    return {
        "name": name,
        "conditions": [
            {
                "name": "condition_set_1",
                "match_type": "all",
                "properties": [
                    {
                        "resource_type": "ticket",
                        "field_name": "priority",
                        "operator": "in",
                        "value": [1, 2, 3, 4],
                    }
                ],
            }
        ],
        "performer": {"type": EITHER},
        "events": [],
        "actions": [
            {
                "field_name": "trigger_webhook",
                "request_type": "POST",
                "content_type": "JSON",
                "content_layout": "2",
                "url": url,
                "content": {"ticket_id": "{{ticket.id}}", "event": event},
                "custom_headers": {"X-Minutehand-Secret": secret},
            }
        ],
    }


def _headers(action: dict[str, Any]) -> Callable[[bytes], dict[str, str]]:
    sent = {"Content-Type": "application/json", "User-Agent": "Freshdesk"}
    sent |= {str(name): str(value) for name, value in (action.get("custom_headers") or {}).items()}
    pair = action.get("auth_header") or {}
    if pair.get("username"):
        text = f"{pair['username']}:{pair.get('password', '')}".encode()
        sent["Authorization"] = "Basic " + base64.b64encode(text).decode()
    return lambda _: sent


def _conditions_met(rule: dict[str, Any], ticket: Ticket) -> bool:
    """Looks at priority and status; any other condition counts as met."""
    actual = {
        "priority": PRIORITIES[ticket.priority or "low"],
        "status": STATUSES[ticket.status],
    }
    checks = []
    for group in rule.get("conditions") or []:
        wanted = [one for one in group.get("properties", []) if one.get("field_name") in actual]
        met = [actual[one["field_name"]] in _listed(one.get("value")) for one in wanted]
        checks.append(any(met) if group.get("match_type") == "any" and met else all(met))
    return all(checks)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _concerns(rule: dict[str, Any], happening: Happening) -> bool:
    performer = int((rule.get("performer") or {}).get("type", EITHER))
    by = AGENT if happening.actor.is_staff else REQUESTER
    if performer not in {EITHER, by}:
        return False
    wanted = {event.get("field_name") for event in rule.get("events") or []}
    if not wanted:
        return True
    if happening.comment is not None:
        name = "reply_sent" if happening.comment.public else "note_type"
    else:
        name = _FIELDS.get(happening.kind, happening.field.name if happening.field else "")
    return name in wanted


def _filled(content: Any, ticket: Ticket) -> Any:
    """The rule's template with its placeholders filled; every value becomes text."""
    if isinstance(content, dict):
        return {key: _filled(value, ticket) for key, value in content.items()}
    if isinstance(content, list):
        return [_filled(item, ticket) for item in content]
    if not isinstance(content, str):
        return content
    values = {
        "ticket.id": str(ticket.id),
        "ticket.subject": ticket.subject,
        "ticket.description": ticket.description,
        "ticket.status": STATUS_LABELS[STATUSES[ticket.status]],
        "ticket.priority": PRIORITY_LABELS[ticket.priority or "low"],
        "ticket.ticket_type": ticket.kind or "",
        "ticket.requester.name": ticket.requester.name,
        "ticket.requester.email": ticket.requester.email,
    }
    return re.sub(r"\{\{\s*([\w.]+)\s*\}\}", lambda found: values.get(found[1], ""), content)
