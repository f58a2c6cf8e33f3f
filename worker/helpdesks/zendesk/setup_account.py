"""Who we are at Zendesk, what our user may, and what the rate limit tells of the plan.

https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

from worker.errors import Permanent
from worker.helpdesks.wishes import Standing
from worker.helpdesks.zendesk.calls import Calls
from worker.helpdesks.zendesk.fields import object_in

PLANS = {
    200: "a Team plan",
    400: "Growth or Professional",
    700: "Enterprise",
    2500: "Enterprise Plus, or the High Volume add-on",
}
"""Requests a minute -> the plans that have them; Zendesk has no API for a plan's name."""


def standing(calls: Calls) -> tuple[Standing, bool]:
    """GET /users/me, and whether our user is an admin.

    Raises `Permanent` when the sign-in is refused, or is nobody's.
    """
    content = calls.call(
        "GET",
        "/users/me",
        what="Zendesk sign-in",
        right="to be an active user",
        about_ticket=False,
    )
    user = object_in(content, "user")
    if not user.get("id"):
        # To a request that is not signed in Zendesk answers 200 with an anonymous user.
        raise Permanent(
            "Zendesk sign-in: Zendesk does not know us; check ZENDESK_CLIENT_ID and "
            "ZENDESK_CLIENT_SECRET",
            status=401,
        )
    role = str(user.get("role") or "unknown")
    may = role == "admin"
    limit = calls.last_rate.limit if calls.last_rate else None
    plan = "unknown"
    if limit:
        likely = PLANS.get(limit)
        plan = f"{limit} requests a minute" + (f" ({likely})" if likely else "")
    rights = (
        "may set the account up, read and write tickets, and poll"
        if may
        else "may work on tickets, but neither set the account up nor poll: that is for admins"
    )
    cautions = () if may else (NOT_ADMIN.format(role=role),)
    who = f"{user.get('name') or 'unnamed'} <{user.get('email') or 'no address'}>, {role}"
    found = Standing(
        who=who,
        plan=plan,
        rights=rights,
        cautions=cautions,
        signs_as=tuple(str(user[key]) for key in ("name", "id") if user.get(key)),
        clock=calls.last_date,
    )
    return found, may


NOT_ADMIN = (
    "our user's role is {role}: make the OAuth client while signed in as an admin user that is "
    "Minutehand's alone (Admin Center > People > Team members > Create team member, role Admin; "
    "then, as that user, Apps and integrations > APIs > OAuth clients > Add, kind Confidential), "
    "because a token acts as whoever made its client"
)
