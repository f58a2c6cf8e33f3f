"""Setting one Freshdesk account up for us, and undoing that: `minutehand connect freshdesk`.

https://developers.freshdesk.com/api/#ticket-fields and #automation-rules
Both are for admins. A POST is answered with what it made, but it is looked up again instead, so
that an answer that got lost does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from worker.errors import Permanent, Transient
from worker.helpdesks.freshdesk import setup_fields, setup_rule, setup_rules
from worker.helpdesks.freshdesk.calls import Refused
from worker.helpdesks.freshdesk.fields import Title, titles
from worker.helpdesks.freshdesk.setup_account import NOT_OURS, standing
from worker.helpdesks.freshdesk.setup_calls import SetupCalls
from worker.helpdesks.wishes import Firing, Made, NativeTarget, Standing, State, TestSent, Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.helpdesks.freshdesk.calls import Calls


class FreshdeskSetup:
    """Implements `worker.helpdesks.base.Setup`."""

    makes_its_secret = False
    test_in_words = "a test ticket is opened, and deleted once its webhook has come"

    def __init__(self, calls: Calls) -> None:
        self._calls = SetupCalls(calls)
        self._may = True
        self._email = ""

    def standing(self) -> Standing:
        """Our agent, and the account's plan."""
        found, self._may, self._email = standing(self._calls.calls)
        return found

    def wishes(self, address: str | None, secret: str, made: Sequence[Made]) -> tuple[Wish, ...]:
        """Five fields, then the rule for new tickets."""
        ours = {(one.kind, one.title): one for one in made}
        found = self._fields()
        wanted = [
            setup_fields.wish(
                title,
                found.get(title),
                ours=(setup_fields.KIND, title.value) in ours,
                may=self._may,
            )
            for title in Title
        ]
        if address:
            rule = ours.get((setup_rule.KIND, setup_rules.NAME))
            wanted.append(setup_rule.wish(self._calls, address, secret, rule))
        return tuple(wanted)

    def begin(self, wish: Wish) -> Made:
        """Nothing is known before it is made."""
        return Made(kind=wish.kind, title=wish.title, id=wish.id)

    def make(self, wish: Wish, address: str | None, secret: str) -> Made:
        """One POST or PUT, and a look at what came of it."""
        begun = self.begin(wish)
        try:
            if wish.kind == setup_rule.KIND:
                number = setup_rule.make(self._calls, wish, address or "", secret)
            else:
                number = self._make_field(wish)
        except Refused as fault:
            words = "; ".join(f"{one.field}: {one.message}" for one in fault.faults)
            raise Permanent(f"{fault}: {words}" if words else str(fault), status=400) from None
        return begun.model_copy(update={"id": number})

    def signing_secret(self, webhook_id: str) -> str | None:
        """Freshdesk signs nothing: the rule carries a secret of ours."""
        del webhook_id
        return None

    def remove(self, thing: Made) -> bool:
        """Delete the field or the rule."""
        number = quote(thing.id, safe="")
        kind = setup_rule.CREATION if thing.kind == setup_rule.KIND else "/admin/ticket_fields"
        try:
            self._calls.call("DELETE", f"{kind}/{number}", what=f"{thing.kind} {thing.title!r}")
        except Permanent as fault:
            if fault.status != 404:
                raise
            return False
        return True

    def by_hand(self, wish: Wish, address: str | None) -> tuple[str, ...]:
        """The clicks and values for one wish."""
        if wish.kind == setup_rule.KIND:
            return setup_rule.by_hand(address)
        return setup_fields.by_hand(Title(wish.title))

    def firing(self) -> tuple[Firing, ...]:
        """GET the update rules, judged against what we write."""
        try:
            rules, _ = setup_rule.listed(self._calls, setup_rule.UPDATES)
        except Permanent as fault:
            if fault.status not in NOT_OURS:
                raise
            return ()
        names = titles(list(self._fields().values()))
        labels = {name: title.value for title, name in names.items()}
        return tuple(setup_rules.firing(rules, labels))

    def native_targets(self) -> tuple[NativeTarget, ...]:
        """GET /sla_policies; for admins."""
        try:
            policies = self._calls.call("GET", "/sla_policies", what="SLA policies")
        except Permanent as fault:
            if fault.status not in NOT_OURS:
                raise
            return ()
        return tuple(setup_rules.native_targets(policies if isinstance(policies, list) else []))

    def send_test(self, webhook_id: str, address: str) -> TestSent:
        """Open a ticket as ourselves, so that the rule runs: Freshdesk has no test of a rule.

        https://developers.freshdesk.com/api/#create_ticket
        """
        del webhook_id, address
        subject = "Minutehand test, deleted at once"
        sent = {
            "subject": subject,
            "description": "Opened by `minutehand connect` to see whether its rule works.",
            "email": self._email,
            "priority": 1,
            "status": 2,
            "source": 2,
        }
        self._calls.call("POST", "/tickets", what="a test ticket", json=sent)
        listed = self._calls.call(
            "GET", "/tickets", what="the test ticket", params={"per_page": "30"}
        )
        found = [
            one
            for one in (listed if isinstance(listed, list) else [])
            if isinstance(one, dict) and one.get("subject") == subject
        ]
        newest = max((int(one["id"]) for one in found if one.get("id")), default=0)
        if not newest:
            raise Transient(f"the ticket {subject!r} was opened and is not listed: delete it")
        return TestSent(ticket=str(newest))

    def end_test(self, test: TestSent) -> None:
        """Delete the test ticket; it is in the trash then."""
        path = f"/tickets/{quote(test.ticket, safe='')}"
        self._calls.call("DELETE", path, what=f"test ticket {test.ticket}")

    def _make_field(self, wish: Wish) -> str:
        title, what = Title(wish.title), f"ticket field {wish.title!r}"
        if wish.state is State.CHANGE:
            wanted = {"choices": setup_fields.missing_choices(title, self._fields()[title])}
            self._calls.call("PUT", f"/admin/ticket_fields/{wish.id}", what=what, json=wanted)
            return wish.id
        self._calls.call("POST", "/admin/ticket_fields", what=what, json=setup_fields.body(title))
        found = self._fields().get(title)
        if found is None or not found.get("id"):
            raise Transient(f"Freshdesk took the {what} but does not list it yet; run this again")
        return str(found["id"])

    def _fields(self) -> dict[Title, dict[str, Any]]:
        """Label -> field, from the admin's list, or from the agents' where we are no admin."""
        path = "/admin/ticket_fields" if self._may else "/ticket_fields"
        wanted = {title.casefold(): title for title in Title}
        found: dict[Title, dict[str, Any]] = {}
        for field in self._calls.listed(path, what="ticket fields"):
            title = wanted.get(" ".join(str(field.get("label") or "").split()).casefold())
            if title is not None:
                found.setdefault(title, field)
        return found
