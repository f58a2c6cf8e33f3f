"""The rule that tells us of new tickets, rules that our writes set off, native targets. Pure.

https://developers.freshdesk.com/api/#automation-rules and #sla-policies
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from worker.helpdesks.freshdesk.fields import PRIORITY
from worker.helpdesks.freshdesk.inbound import SECRET_HEADER
from worker.helpdesks.wishes import Firing, NativeTarget

NAME = "Minutehand: ticket created"
CONTENT = {"event": "ticket_created", "ticket_id": "{{ticket.id}}"}
"""No text of a customer's: it could break the JSON."""
WHERE = "Admin > Workflows > Automations > Ticket Creation"
PERFORMERS = {"1": "an agent", "3": "anybody", "4": "the system"}
REQUESTER = "2"


def body(address: str, secret: str, position: int) -> dict[str, Any]:
    """The rule. A creation rule needs a condition; this one is always true.

    All five parts of the webhook have to be there, or the API answers 500, which a provider that
    runs against a live account found: https://github.com/slop-place/terraform-provider-freshdesk
    """
    always = {
        "resource_type": "ticket",
        "field_name": "priority",
        "operator": "in",
        "value": [1, 2, 3, 4],
    }
    return {
        "name": NAME,
        "position": position,
        "active": True,
        "conditions": [
            {"name": "condition_set_1", "match_type": "all", "properties": [always]},
        ],
        "actions": [
            {
                "field_name": "trigger_webhook",
                "request_type": "POST",
                "content_type": "JSON",
                "content_layout": "2",
                "url": address,
                "content": dict(CONTENT),
                "custom_headers": {SECRET_HEADER: secret},
            }
        ],
    }


def webhook_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's webhook action, or an empty one."""
    for action in rule.get("actions") or ():
        if isinstance(action, dict) and action.get("field_name") == "trigger_webhook":
            return action
    return {}


def fault(rule: Mapping[str, Any], address: str, secret: str) -> str:
    """What is wrong with a rule that leads to us, or "". A secret that is not shown is believed."""
    action = webhook_of(rule)
    if action.get("url") != address:
        return "leads elsewhere"
    if rule.get("active") is False:
        return "is not active"
    headers = action.get("custom_headers")
    shown = headers.get(SECRET_HEADER) if isinstance(headers, dict) else None
    if isinstance(shown, str) and shown and set(shown) != {"*"} and shown != secret:
        return "carries another secret than .env"
    return ""


def position(rule: Mapping[str, Any]) -> int:
    found = rule.get("position")
    return found if isinstance(found, int) else 0


def firing(rules: list[dict[str, Any]], names: Mapping[str, str]) -> Iterator[Firing]:
    """Update rules that hear of what we write; `names` is our fields' name -> label.

    Whether rules run for a write through the API at all, nobody has confirmed.
    """
    for rule in rules:
        performer = rule.get("performer")
        kind = str(performer.get("type") if isinstance(performer, dict) else performer or "")
        if rule.get("active") is False or kind == REQUESTER:
            continue
        heard = {
            str(event.get("field_name"))
            for event in rule.get("events") or ()
            if isinstance(event, dict)
        }
        written = {"priority": "the priority", "note_type": "notes", "tags": "tags"} | {
            name: f"the field {label!r}" for name, label in names.items()
        }
        about = [words for name, words in written.items() if name in heard]
        if about:
            by = PERFORMERS.get(kind, "somebody")
            yield Firing(
                title=str(rule.get("name") or rule.get("id")),
                why=f"it runs when {by} changes {' or '.join(about)}",
            )


def native_targets(policies: list[Any]) -> Iterator[NativeTarget]:
    """First-response targets by priority, in seconds."""
    for policy in policies:
        if not isinstance(policy, dict) or policy.get("active") is False:
            continue
        targets = policy.get("sla_target")
        for severity, number in PRIORITY.items():
            found = targets.get(f"priority_{number}") if isinstance(targets, dict) else None
            if not isinstance(found, dict):
                continue
            seconds = found.get("respond_within")
            if isinstance(seconds, int):
                yield NativeTarget(
                    policy=str(policy.get("name") or policy.get("id")),
                    severity=severity,
                    seconds=seconds,
                    business_hours=found.get("business_hours") is True,
                )
