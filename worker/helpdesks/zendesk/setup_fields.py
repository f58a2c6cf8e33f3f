"""The five ticket fields as Zendesk has to have them, and how one that exists compares. Pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.helpdesks.wishes import State, Wish
from worker.helpdesks.zendesk.fields import DEADLINE, META, REVIEW, SEVERITY, STATE, TITLES

KIND = "ticket field"
WHERE = "Admin Center > Objects and rules > Tickets > Fields"
OPTIONS: Mapping[str, Mapping[str, str]] = {
    SEVERITY: {"sla_p1": "P1", "sla_p2": "P2", "sla_p3": "P3", "sla_p4": "P4"},
    STATE: {
        "sla_on_track": "On track",
        "sla_near": "Breach soon",
        "sla_breached": "Breached",
        "sla_met": "Answered",
    },
}
"""Tag -> what agents read. A tag belongs to one field of the account only."""
TAGS = {REVIEW: "sla_review", META: "meta_dependency"}
PATTERN = r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\z"
"""Zendesk has no field for a date with a time, so a moment is text of this shape."""
TYPES: Mapping[str, tuple[str, ...]] = {
    SEVERITY: ("tagger",),
    DEADLINE: ("regexp", "text"),
    STATE: ("tagger",),
    REVIEW: ("checkbox",),
    META: ("checkbox",),
}
"""The first is what we make; the others do as well."""
TYPE_WORDS = {"tagger": "drop-down", "regexp": "regex", "checkbox": "checkbox", "text": "text"}
DESCRIPTION = "Written by Minutehand"


def body(title: str) -> dict[str, Any]:
    """The `ticket_field` object that makes it; agents see it, end users do not."""
    made: dict[str, Any] = {
        "type": TYPES[title][0],
        "title": title,
        "agent_description": DESCRIPTION,
    }
    if title in OPTIONS:
        made["custom_field_options"] = [
            {"name": name, "value": value} for value, name in OPTIONS[title].items()
        ]
    if title in TAGS:
        made["tag"] = TAGS[title]
    if title == DEADLINE:
        made["regexp_for_validation"] = PATTERN
    return made


def wish(title: str, found: Mapping[str, Any] | None, *, ours: bool, may: bool) -> Wish:
    """How the field stands. `found` is the account's field of this title, `ours` when we made it;
    `may`: our user is allowed to make fields.
    """
    text = f"{title!r}: {in_words(title)}"
    if found is None:
        state = State.MAKE if may else State.BY_HAND
        advice = () if may else by_hand(title)
        return Wish(kind=KIND, title=title, state=state, text=text, advice=advice)
    number = str(found.get("id") or "")
    fault = _fault(title, found)
    if not fault:
        return Wish(kind=KIND, title=title, state=State.THERE, text=text, id=number)
    if ours and may and found.get("type") == TYPES[title][0]:
        text = f"{text} (it {fault})"
        return Wish(kind=KIND, title=title, state=State.CHANGE, text=text, id=number)
    problem = (
        f"the ticket field {title!r} (id {number}) {fault}; it has to be {in_words(title)}. "
        f"Put that right, or rename the field, in {WHERE}, then run this again"
    )
    return Wish(
        kind=KIND, title=title, state=State.BLOCKED, text=text, id=number, advice=(problem,)
    )


def repair(title: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What puts a field of ours right again; options that an admin added stay."""
    wanted = {"active": True, **body(title)}
    if title in OPTIONS:
        present = found.get("custom_field_options") or []
        kept = [
            {"id": one.get("id"), "name": one["name"], "value": one["value"]} for one in present
        ]
        values = {one["value"] for one in kept}
        missing = [one for one in wanted["custom_field_options"] if one["value"] not in values]
        wanted["custom_field_options"] = kept + missing
    del wanted["type"]
    return wanted


def in_words(title: str) -> str:
    """`a drop-down with the values sla_p1, sla_p2, sla_p3, sla_p4`."""
    made = f"a {' or '.join(TYPE_WORDS[one] for one in TYPES[title])} field"
    if title in OPTIONS:
        return f"{made} with the values {', '.join(OPTIONS[title])}"
    if title in TAGS:
        return f"{made} with the tag {TAGS[title]}"
    return f"{made} that holds 2026-11-23T10:45:00Z"


def by_hand(title: str) -> tuple[str, ...]:
    """The clicks that make it."""
    kind = TYPE_WORDS[TYPES[title][0]].capitalize()
    lines = [f"{WHERE} > Add field: type {kind}, name {title}, permission Agents can edit"]
    if title in OPTIONS:
        pairs = ", ".join(f"{name} (tag {value})" for value, name in OPTIONS[title].items())
        lines.append(f"  values: {pairs}")
    if title in TAGS:
        lines.append(f"  tag: {TAGS[title]}")
    if title == DEADLINE:
        lines.append(f"  regex: {PATTERN}")
    return tuple(lines)


def _fault(title: str, found: Mapping[str, Any]) -> str:
    """What is wrong with an existing field, or ""."""
    kind = str(found.get("type") or "")
    if kind not in TYPES[title]:
        return f"is a {TYPE_WORDS.get(kind, kind)} field"
    if found.get("active") is False:
        return "is deactivated"
    if title in OPTIONS:
        options = found.get("custom_field_options")
        listed = options if isinstance(options, list) else []
        values = {one.get("value") for one in listed if isinstance(one, dict)}
        missing = [value for value in OPTIONS[title] if value not in values]
        return f"lacks the values {', '.join(missing)}" if missing else ""
    if title in TAGS and found.get("tag") != TAGS[title]:
        return f"has {found.get('tag') or 'no'} as its tag"
    return ""


assert set(TYPES) == set(TITLES)  # noqa: S101 - a field without a type cannot be made
