"""Who we are at Freshdesk, what our agent may, and which plan the account is on.

https://developers.freshdesk.com/api/#me, #account and #ratelimit
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.errors import Permanent
from worker.helpdesks.wishes import Standing

if TYPE_CHECKING:
    from worker.helpdesks.freshdesk.calls import Calls

PLANS = {50: "a trial", 200: "Growth", 400: "Pro", 700: "Enterprise"}
"""Calls a minute -> the plan that has them."""
ALL_TICKETS = 1
NOT_OURS = {403, 404}
"""Statuses of what our agent may not see, or the plan does not have."""
NOT_ADMIN = (
    "our agent may not set the account up: make the API key of an agent with the role "
    "Administrator (Admin > Team > Agents), or do by hand what the plan says"
)
NARROW = (
    "our agent does not see all tickets, so it cannot guard them: give it Global Access "
    "(Admin > Team > Agents > its profile > Scope)"
)


def standing(calls: Calls) -> tuple[Standing, bool, str]:
    """GET /agents/me, /account and the admin's list of fields: also whether we may set the

    account up, and our agent's e-mail address. Raises `Permanent` when the key is refused.
    """
    agent = _object(calls, "/agents/me", what="Freshdesk sign-in")
    contact = agent.get("contact")
    person = contact if isinstance(contact, dict) else {}
    email = str(person.get("email") or "")
    try:
        calls.call(
            "GET",
            "/admin/ticket_fields",
            what="Freshdesk's ticket fields",
            right="the role Administrator",
            about_ticket=False,
        )
        may = True
    except Permanent as fault:
        if fault.status not in NOT_OURS:
            raise
        may = False
    cautions = [] if may else [NOT_ADMIN]
    if agent.get("ticket_scope") not in {ALL_TICKETS, None}:
        cautions.append(NARROW)
    rights = "may set the account up" if may else "may not set the account up"
    if agent.get("ticket_scope") == ALL_TICKETS:
        rights += ", sees all tickets"
    found = Standing(
        who=f"{person.get('name') or 'unnamed agent'} <{email or 'no address'}>",
        plan=_plan(calls),
        rights=rights,
        cautions=tuple(cautions),
        signs_as=tuple(str(one) for one in (person.get("name"), agent.get("id")) if one),
        clock=calls.last_date,
    )
    return found, may, email


def _plan(calls: Calls) -> str:
    try:
        tier = str(_object(calls, "/account", what="Freshdesk's account").get("tier_type") or "")
    except Permanent as fault:
        if fault.status not in NOT_OURS:
            raise
        tier = ""
    total = int(calls.last_rate.total) if calls.last_rate and calls.last_rate.total else None
    words = [tier or PLANS.get(total or 0, "unknown")]
    if total:
        words.append(f"{total} calls a minute")
    return ", ".join(words)


def _object(calls: Calls, path: str, *, what: str) -> dict[str, Any]:
    right = "to be an active agent"
    content = calls.call("GET", path, what=what, right=right, about_ticket=False).content
    return content if isinstance(content, dict) else {}
