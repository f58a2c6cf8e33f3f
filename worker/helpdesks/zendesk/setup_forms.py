"""Our fields on every active ticket form: a field that is on no form is seen by nobody.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from worker.errors import Permanent, Transient
from worker.helpdesks.wishes import State, Wish
from worker.helpdesks.zendesk.fields import TITLES, object_in
from worker.helpdesks.zendesk.setup_calls import NOT_OURS, SetupCalls

KIND = "ticket form"
WHERE = "Admin Center > Objects and rules > Tickets > Forms"


def wishes(calls: SetupCalls, fields: Mapping[str, dict[str, Any]], *, may: bool) -> Iterator[Wish]:
    """One wish for each active form. `fields` are those of ours that exist, by title."""
    forms = _active(calls)
    names = [str(form.get("name") or form["id"]) for form in forms]
    for form, name in zip(forms, names, strict=True):
        on_it = set(form.get("ticket_field_ids") or ())
        missing = [
            title for title in TITLES if title not in fields or fields[title]["id"] not in on_it
        ]
        title = f"{name} ({form['id']})" if names.count(name) > 1 else name
        state = State.THERE
        if missing:
            state = State.MAKE if may else State.BY_HAND
        yield Wish(
            kind=KIND,
            title=title,
            state=state,
            text=f"{title!r}: add {', '.join(missing)}" if missing else repr(title),
            id=str(form["id"]),
            advice=by_hand(title) if state is State.BY_HAND else (),
        )


def by_hand(title: str) -> tuple[str, ...]:
    """The clicks that put the fields on a form."""
    return (f"{WHERE} > {title}: drag in {', '.join(TITLES)}, then Save",)


def missing(calls: SetupCalls, number: str, field_ids: Sequence[int]) -> list[int]:
    """Those of the fields that are not on the form."""
    on_it = set(_field_ids(calls, number))
    return [one for one in field_ids if one not in on_it]


def add(calls: SetupCalls, number: str, field_ids: Sequence[int]) -> None:
    """Put fields behind those that are on the form."""
    _put(calls, number, [*_field_ids(calls, number), *field_ids])


def take_off(calls: SetupCalls, number: str, field_ids: Sequence[int]) -> bool:
    """Take fields off a form; False: none of them was on it."""
    before = _field_ids(calls, number)
    after = [one for one in before if one not in field_ids]
    if after == before:
        return False
    _put(calls, number, after)
    return True


def _active(calls: SetupCalls) -> list[dict[str, Any]]:
    try:
        forms = calls.listed("/ticket_forms", "ticket_forms", "ticket forms")
    except Permanent as fault:
        if fault.status not in NOT_OURS:
            raise
        return []  # a plan without forms shows every field
    return [form for form in forms if form.get("active") is not False and form.get("id")]


def _field_ids(calls: SetupCalls, number: str) -> list[int]:
    path = f"/ticket_forms/{quote(number, safe='')}"
    form = object_in(calls.call("GET", path, what=f"ticket form {number}"), "ticket_form")
    listed = form.get("ticket_field_ids")
    if not isinstance(listed, list):
        # Without the list an update would empty the form.
        raise Transient(f"Zendesk ticket form {number}: the answer does not list its fields")
    return listed


def _put(calls: SetupCalls, number: str, field_ids: list[int]) -> None:
    path = f"/ticket_forms/{quote(number, safe='')}"
    sent = {"ticket_form": {"ticket_field_ids": field_ids}}
    calls.call("PUT", path, what=f"ticket form {number}", json=sent)
