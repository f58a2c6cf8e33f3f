"""The creation rule that tells us of new tickets: where it stands, making it, putting it right.

https://developers.freshdesk.com/api/#automation-rules
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from worker.errors import Permanent, Transient
from worker.helpdesks.freshdesk import setup_rules
from worker.helpdesks.freshdesk.inbound import SECRET_HEADER
from worker.helpdesks.freshdesk.setup_account import NOT_OURS
from worker.helpdesks.wishes import State, Wish

if TYPE_CHECKING:
    from worker.helpdesks.freshdesk.setup_calls import SetupCalls
    from worker.helpdesks.wishes import Made

KIND = "rule"
CREATION, UPDATES = "/automations/1/rules", "/automations/4/rules"
ONLY_THE_FIRST = (
    "on this account only the first matching rule runs, so ours would run instead of yours, or "
    "never. To have webhooks:"
)
NOT_TOLD = (
    "Freshdesk does not say whether more than the first matching rule runs here; if not, ours "
    "would run instead of yours. To have webhooks:"
)
THE_SETTING = (
    f"{setup_rules.WHERE} > Execution rule, above the list > Execute all matching rules",
    "then run this again; until then Minutehand polls: it sees new tickets within a minute",
)


def wish(calls: SetupCalls, address: str, secret: str, ours: Made | None) -> Wish:
    """How it stands: ours by its id, else any creation rule whose webhook leads to our address.

    Appended last, it takes nothing from anybody's rules, provided that all matching rules run:
    else none is made.
    """
    wanted = Wish(
        kind=KIND,
        title=setup_rules.NAME,
        state=State.MAKE,
        text=f"{setup_rules.NAME!r} for new tickets, the last in its list, to {address}",
    )
    try:
        rules, cascading = listed(calls, CREATION)
    except Permanent as fault:
        if fault.status not in NOT_OURS:
            raise
        return wanted.model_copy(update={"state": State.BY_HAND, "advice": by_hand(address)})
    number = ours.id if ours else ""
    found = next((one for one in rules if number and str(one.get("id")) == number), None)
    leads = (one for one in rules if setup_rules.webhook_of(one).get("url") == address)
    found = found or next(leads, None)
    if found is None:
        if cascading is True:
            return wanted
        advice = (NOT_TOLD if cascading is None else ONLY_THE_FIRST, *THE_SETTING)
        return wanted.model_copy(update={"state": State.LATER, "advice": advice})
    there = wanted.model_copy(update={"id": str(found.get("id")), "state": State.THERE})
    wrong = setup_rules.fault(found, address, secret)
    if wrong and ours is not None:
        text = f"{wanted.text} (it {wrong})"
        return there.model_copy(update={"state": State.CHANGE, "text": text})
    if wrong:
        said = f"the rule {found.get('name')!r} {wrong}: put that right in {setup_rules.WHERE}"
        return there.model_copy(update={"caution": said})
    only_first = f"{ONLY_THE_FIRST} {THE_SETTING[0]}" if cascading is False else ""
    return there.model_copy(update={"caution": only_first})


def make(calls: SetupCalls, wanted: Wish, address: str, secret: str) -> str:
    """Make it, or put ours right, behind all others; its id."""
    rules, _ = listed(calls, CREATION)
    others = [rule for rule in rules if str(rule.get("id")) != wanted.id]
    last = max((setup_rules.position(rule) for rule in others), default=0) + 1
    sent = setup_rules.body(address, secret, last)
    what = f"rule {setup_rules.NAME!r}"
    if wanted.state is State.CHANGE:
        calls.call("PUT", f"{CREATION}/{quote(wanted.id, safe='')}", what=what, json=sent)
        return wanted.id
    calls.call("POST", CREATION, what=what, json=sent)
    for rule in listed(calls, CREATION)[0]:
        if setup_rules.webhook_of(rule).get("url") == address and rule.get("id"):
            return str(rule["id"])
    raise Transient("Freshdesk took the rule but does not list it yet; run this again")


def by_hand(address: str | None) -> tuple[str, ...]:
    """The clicks that make it."""
    return (
        f"{setup_rules.WHERE} > New rule, as the last one; name: {setup_rules.NAME}",
        "  condition: match ANY, Priority is Low, Medium, High or Urgent (always true)",
        f"  action: Trigger Webhook, POST, {address}, encoding JSON, content Advanced:",
        '    {"event": "ticket_created", "ticket_id": "{{ticket.id}}"}',
        f"  custom header: {SECRET_HEADER}: the value of FRESHDESK_WEBHOOK_SECRET in .env",
    )


def listed(calls: SetupCalls, path: str) -> tuple[list[dict[str, Any]], bool | None]:
    """The rules of one kind, and whether all that match run (None: Freshdesk does not say)."""
    content = calls.call("GET", path, what="automation rules")
    said = content if isinstance(content, dict) else {"rules": content}
    found = said.get("rules")
    meta = said.get("meta")
    cascading = meta.get("cascading_rules") if isinstance(meta, dict) else None
    rules = [one for one in (found if isinstance(found, list) else []) if isinstance(one, dict)]
    return rules, cascading if isinstance(cascading, bool) else None
