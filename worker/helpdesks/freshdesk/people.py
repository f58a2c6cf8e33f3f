"""Companies, agents and groups of a Freshdesk account.

https://developers.freshdesk.com/api/#view_company https://developers.freshdesk.com/api/#view_agent
https://developers.freshdesk.com/api/#view_group
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from worker.errors import Gone
from worker.helpdesks.freshdesk.calls import Calls
from worker.tickets import Customer, Person

MOST_MEMBERS = 20
SECONDS = 3.0
"""A new ticket waits for its customer's plan no longer than this."""


def customer(calls: Calls, company_id: str) -> Customer:
    """A company: its name and fields by their name, `account_tier` among them. Raises `Gone`."""
    found = _show(calls, "companies", company_id)
    custom = found.get("custom_fields")
    told: dict[str, Any] = dict(custom) if isinstance(custom, dict) else {}
    told.setdefault("account_tier", found.get("account_tier"))
    return Customer(
        name=str(found.get("name") or ""),
        fields={key: str(value) for key, value in told.items() if value is not None},
    )


def agent(calls: Calls, agent_id: str) -> Person | None:
    """An agent's name and address; None when there is no such agent any more."""
    try:
        found = _show(calls, "agents", agent_id)
    except Gone:
        return None
    contact = found.get("contact")
    told: dict[str, Any] = contact if isinstance(contact, dict) else {}
    email = told.get("email")
    if not isinstance(email, str) or "@" not in email:
        return None
    return Person(name=str(told.get("name") or ""), email=email)


def members(calls: Calls, group_id: str) -> tuple[Person, ...]:
    """The agents of a group who have an address; one call for the group and one for each."""
    try:
        listed = _show(calls, "groups", group_id).get("agent_ids")
    except Gone:
        return ()
    numbers = [str(one) for one in (listed if isinstance(listed, list) else [])][:MOST_MEMBERS]
    found = [agent(calls, number) for number in numbers]
    return tuple(person for person in found if person)


def agent_with(calls: Calls, email: str) -> int | None:
    """The number of the agent with this address, or None."""
    content = calls.call(
        "GET",
        "/agents",
        what="Freshdesk's agents",
        right="to view agents",
        about_ticket=False,
        params={"email": email},
    ).content
    for one in content if isinstance(content, list) else []:
        contact = one.get("contact") if isinstance(one, dict) else None
        known = contact.get("email") if isinstance(contact, dict) else None
        if isinstance(known, str) and known.casefold() == email.casefold():
            return one.get("id") if isinstance(one.get("id"), int) else None
    return None


def _show(calls: Calls, kind: str, number: str) -> dict[str, Any]:
    content = calls.call(
        "GET",
        f"/{kind}/{quote(number, safe='')}",
        what=f"Freshdesk {kind} {number}",
        right=f"to view {kind}",
        timeout=SECONDS,
    ).content
    return content if isinstance(content, dict) else {}
