"""Organisations, agents and groups of a Zendesk account.

https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#show-organization
https://developer.zendesk.com/api-reference/ticketing/users/users/#show-user
https://developer.zendesk.com/api-reference/ticketing/users/users/#list-users
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from worker.errors import Gone
from worker.helpdesks.zendesk.calls import Calls
from worker.helpdesks.zendesk.fields import object_in, tags
from worker.tickets import Customer, Person

MOST_MEMBERS = 20
SECONDS = 3.0
"""A new ticket waits for its customer's plan no longer than this."""


def customer(calls: Calls, organization: str) -> Customer:
    """An organisation: its name, its own fields by their key, its tags. Raises `Gone`."""
    found = object_in(_show(calls, "organizations", organization), "organization")
    return Customer(
        name=str(found.get("name") or ""),
        fields={
            key: str(value)
            for key, value in object_in(found, "organization_fields").items()
            if value is not None
        },
        tags=tags(found.get("tags")),
    )


def agent(calls: Calls, user_id: str) -> Person | None:
    """A user's name and address; None when there is no such user any more."""
    try:
        return _person(object_in(_show(calls, "users", user_id), "user"))
    except Gone:
        return None


def members(calls: Calls, group_id: str) -> tuple[Person, ...]:
    """The active agents of a group who have an address."""
    try:
        content = _show(calls, "groups", group_id, "/users")
    except Gone:
        return ()
    listed = content.get("users")
    found = [
        _person(one)
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("suspended") is not True
    ]
    return tuple(person for person in found if person)[:MOST_MEMBERS]


def _show(calls: Calls, kind: str, number: str, rest: str = "") -> dict[str, Any]:
    return calls.call(
        "GET",
        f"/{kind}/{quote(number, safe='')}{rest}",
        what=f"Zendesk {kind[:-1]} {number}",
        right=f"to view {kind}",
        timeout=SECONDS,
    )


def _person(user: dict[str, Any]) -> Person | None:
    email = user.get("email")
    if not isinstance(email, str) or "@" not in email:
        return None
    return Person(name=str(user.get("name") or ""), email=email)
