"""Which of the account's triggers our writes set off, and what its own SLA promises. Pure.

https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from worker.helpdesks.wishes import Firing, NativeTarget
from worker.helpdesks.zendesk.fields import SEVERITIES
from worker.helpdesks.zendesk.setup_fields import OPTIONS, TAGS

OUR_TAGS = {tag for options in OPTIONS.values() for tag in options} | set(TAGS.values())
_CHANGES = {"changed", "changed_to", "changed_from", "value", "value_previous"}
"""Operators that ask for a change of that very field in the same update."""
AT_EVERY_UPDATE = "it runs at every update that fits its other conditions"
_PUBLIC = {"true", "requester_can_see_comment"}


def firing(triggers: list[dict[str, Any]], field_ids: Mapping[str, int]) -> Iterator[Firing]:
    """Each active trigger that an update of ours may set off, with the reason.

    An update of ours changes priority, our five fields with their tags, and may add an internal
    note; nothing else, and no creation. All triggers run at each update of a ticket:
    https://support.zendesk.com/hc/en-us/articles/4408883223322
    """
    for trigger in triggers:
        why = _why(
            trigger, {f"custom_fields_{number}": title for title, number in field_ids.items()}
        )
        if trigger.get("active") is not False and why:
            yield Firing(title=str(trigger.get("title") or trigger.get("id")), why=why)


def native_targets(policies: list[dict[str, Any]]) -> Iterator[NativeTarget]:
    """First-reply targets, by priority; minutes there, seconds here."""
    for policy in policies:
        for metric in policy.get("policy_metrics") or ():
            if not isinstance(metric, dict) or metric.get("metric") != "first_reply_time":
                continue
            severity = SEVERITIES.get(str(metric.get("priority") or "").lower())
            seconds = metric.get("target_in_seconds")
            if not isinstance(seconds, int):
                minutes = metric.get("target")
                seconds = minutes * 60 if isinstance(minutes, int) else None
            if severity is not None and seconds is not None:
                yield NativeTarget(
                    policy=str(policy.get("title") or policy.get("id")),
                    severity=severity,
                    seconds=seconds,
                    business_hours=metric.get("business_hours") is True,
                )


def _why(trigger: Mapping[str, Any], ours: Mapping[str, str]) -> str:
    conditions = trigger.get("conditions")
    said = conditions if isinstance(conditions, dict) else {}
    every, any_of = (
        [one for one in said.get(name) or () if isinstance(one, dict)] for name in ("all", "any")
    )
    if any(_rules_us_out(one, {"priority", "current_tags", *ours}) for one in every):
        return ""
    reasons = (_reason(one, ours) for one in every + any_of)
    return next((why for why in reasons if why), AT_EVERY_UPDATE)


def _rules_us_out(condition: Mapping[str, Any], written: set[str]) -> bool:
    """A condition that no update of ours meets."""
    field, value = str(condition.get("field")), str(condition.get("value")).lower()
    if field == "update_type":
        return value == "create"
    if field == "comment_is_public":
        return value in _PUBLIC
    return field not in written and condition.get("operator") in _CHANGES


def _reason(condition: Mapping[str, Any], ours: Mapping[str, str]) -> str:
    field, value = str(condition.get("field")), str(condition.get("value")).lower()
    tags = OUR_TAGS & set(value.split())
    if field == "current_tags" and tags:
        return f"it looks at the tag {min(tags)}"
    if field in ours:
        return f"it looks at the field {ours[field]!r}"
    known = {
        "priority": "it looks at the priority",
        "comment_is_public": "it runs on internal notes",
    }
    return known.get(field, "")
