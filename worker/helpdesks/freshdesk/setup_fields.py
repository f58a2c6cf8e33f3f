"""The five ticket fields as Freshdesk has to have them, and how one that exists compares. Pure.

https://developers.freshdesk.com/api/#ticket-fields
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.helpdesks.freshdesk.fields import Title
from worker.helpdesks.wishes import State, Wish

KIND = "ticket field"
WHERE = "Admin > Workflows > Ticket Fields"
CHOICES: Mapping[Title, tuple[str, ...]] = {
    Title.SEVERITY: ("P1", "P2", "P3", "P4"),
    Title.STATE: ("on_track", "near", "breached", "met"),
}
TYPES = {
    Title.SEVERITY: "custom_dropdown",
    Title.DEADLINE: "custom_text",  # a date field has no time
    Title.STATE: "custom_dropdown",
    Title.REVIEW: "custom_checkbox",
    Title.META: "custom_checkbox",
}
TYPE_WORDS = {
    "custom_dropdown": "dropdown",
    "custom_text": "single-line text",
    "custom_checkbox": "checkbox",
}


def body(title: Title) -> dict[str, Any]:
    """What makes it: hidden from customers, and nobody has to fill it in."""
    made: dict[str, Any] = {
        "label": title.value,
        "label_for_customers": title.value,
        "type": TYPES[title],
        "displayed_to_customers": False,
        "customers_can_edit": False,
    }
    if title in CHOICES:
        made["choices"] = _choices(CHOICES[title])
    return made


def missing_choices(title: Title, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that a field of ours has lost; a new one is told by having no id."""
    return [one for one in _choices(CHOICES.get(title, ())) if one["value"] not in _values(found)]


def wish(title: Title, found: Mapping[str, Any] | None, *, ours: bool, may: bool) -> Wish:
    """How the field stands. `found` is the account's field with this label, `ours` when we made

    it; `may`: our agent is allowed to make fields.
    """
    name, text = title.value, f"{title.value!r}: {in_words(title)}"
    if found is None:
        state = State.MAKE if may else State.BY_HAND
        advice = () if may else by_hand(title)
        return Wish(kind=KIND, title=name, state=state, text=text, advice=advice)
    number = str(found.get("id") or "")
    fault = _fault(title, found)
    if not fault:
        caution = ""
        if found.get("required_for_agents") or found.get("required_for_closure"):
            caution = f"agents have to fill in {name!r}: make it optional in {WHERE}"
        there = Wish(kind=KIND, title=name, state=State.THERE, text=text, id=number)
        return there.model_copy(update={"caution": caution})
    if ours and may and found.get("type") == TYPES[title] and not found.get("archived"):
        text = f"{text} (it {fault})"
        return Wish(kind=KIND, title=name, state=State.CHANGE, text=text, id=number)
    problem = (
        f"the ticket field {name!r} (id {number}) {fault}; it has to be {in_words(title)}. "
        f"Put that right, or rename the field, in {WHERE}, then run this again"
    )
    return Wish(kind=KIND, title=name, state=State.BLOCKED, text=text, id=number, advice=(problem,))


def in_words(title: Title) -> str:
    """`a dropdown field with the choices P1, P2, P3, P4`."""
    made = f"a {TYPE_WORDS[TYPES[title]]} field"
    return f"{made} with the choices {', '.join(CHOICES[title])}" if title in CHOICES else made


def by_hand(title: Title) -> tuple[str, ...]:
    """The clicks that make it."""
    kind = TYPE_WORDS[TYPES[title]].capitalize()
    line = f"{WHERE} > New field > {kind}: label {title.value}, not required, not for customers"
    if title in CHOICES:
        return line, f"  choices: {', '.join(CHOICES[title])}"
    return (line,)


def _fault(title: Title, found: Mapping[str, Any]) -> str:
    kind = str(found.get("type") or "")
    if kind != TYPES[title]:
        return f"is a {TYPE_WORDS.get(kind, kind)} field"
    if found.get("archived"):
        return "is archived"
    missing = [one["value"] for one in missing_choices(title, found)]
    return f"lacks the choices {', '.join(missing)}" if missing else ""


def _values(found: Mapping[str, Any]) -> set[str]:
    """The admin's list has objects, the agents' list has texts, older accounts text -> objects."""
    listed = found.get("choices") or ()
    return {str(one.get("value")) if isinstance(one, dict) else str(one) for one in listed}


def _choices(values: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"value": value, "position": number} for number, value in enumerate(values, 1)]
