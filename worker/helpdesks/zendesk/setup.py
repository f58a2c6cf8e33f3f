"""Setting one Zendesk account up for us, and undoing that: `minutehand connect zendesk`.

Fields, forms and webhooks are for admins; each has its own module here beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from worker.errors import Permanent
from worker.helpdesks.wishes import Firing, Made, NativeTarget, Standing, State, TestSent, Wish
from worker.helpdesks.zendesk import setup_fields, setup_forms, setup_rules, setup_webhook
from worker.helpdesks.zendesk.calls import Calls
from worker.helpdesks.zendesk.fields import TITLES, title_of
from worker.helpdesks.zendesk.setup_account import standing
from worker.helpdesks.zendesk.setup_calls import NOT_OURS, SetupCalls, id_of


class ZendeskSetup:
    """Implements `worker.helpdesks.base.Setup`."""

    makes_its_secret = True
    test_in_words = "Zendesk sends a test event through the webhook"

    def __init__(self, calls: Calls) -> None:
        self._calls = SetupCalls(calls)
        self._may = True

    def standing(self) -> Standing:
        """Our user, and what the rate limit tells of the plan."""
        found, self._may = standing(self._calls.calls)
        return found

    def wishes(self, address: str | None, secret: str, made: Sequence[Made]) -> tuple[Wish, ...]:
        """Five fields, then their place on every active form, then the webhook."""
        del secret  # the webhook's own
        ours = {(one.kind, one.title): one for one in made}
        found = self._fields()
        fields = [
            setup_fields.wish(
                title,
                found.get(title),
                ours=(setup_fields.KIND, title) in ours,
                may=self._may,
            )
            for title in TITLES
        ]
        wanted = [*fields, *setup_forms.wishes(self._calls, found, may=self._may)]
        if address:
            webhook = ours.get((setup_webhook.KIND, setup_webhook.NAME))
            wanted.append(setup_webhook.wish(self._calls, address, webhook))
        return tuple(wanted)

    def begin(self, wish: Wish) -> Made:
        """For a form, which of our fields will be new on it."""
        parts: tuple[str, ...] = ()
        if wish.kind == setup_forms.KIND:
            found = self._fields()
            ids = [int(found[title]["id"]) for title in TITLES if title in found]
            parts = tuple(map(str, setup_forms.missing(self._calls, wish.id, ids)))
        return Made(kind=wish.kind, title=wish.title, id=wish.id, parts=parts)

    def make(self, wish: Wish, address: str | None, secret: str) -> Made:
        """One POST, PUT or PATCH."""
        del secret
        begun = self.begin(wish)
        if wish.kind == setup_forms.KIND:
            setup_forms.add(self._calls, wish.id, _numbers(begun))
            return begun
        if wish.kind == setup_webhook.KIND:
            number = setup_webhook.make(self._calls, wish, address or "")
        else:
            number = self._make_field(wish)
        return begun.model_copy(update={"id": number})

    def signing_secret(self, webhook_id: str) -> str | None:
        """The webhook's own."""
        return setup_webhook.signing_secret(self._calls, webhook_id)

    def remove(self, thing: Made) -> bool:
        """Delete a field or the webhook; take our fields off a form."""
        try:
            if thing.kind == setup_forms.KIND:
                return setup_forms.take_off(self._calls, thing.id, _numbers(thing))
            kind = "webhooks" if thing.kind == setup_webhook.KIND else "ticket_fields"
            path = f"/{kind}/{quote(thing.id, safe='')}"
            self._calls.call("DELETE", path, what=f"{thing.kind} {thing.title!r}")
        except Permanent as fault:
            if fault.status != 404:
                raise
            return False
        return True

    def by_hand(self, wish: Wish, address: str | None) -> tuple[str, ...]:
        """The clicks and values for one wish."""
        if wish.kind == setup_fields.KIND:
            return setup_fields.by_hand(wish.title)
        if wish.kind == setup_forms.KIND:
            return setup_forms.by_hand(wish.title)
        return setup_webhook.by_hand(address)

    def firing(self) -> tuple[Firing, ...]:
        """GET /triggers/active, judged against what we write."""
        triggers = self._readable("/triggers/active", "triggers", "active triggers")
        ids = {title: int(field["id"]) for title, field in self._fields().items()}
        return tuple(setup_rules.firing(triggers, ids))

    def native_targets(self) -> tuple[NativeTarget, ...]:
        """GET /slas/policies, for admins on Support Professional, Suite Growth and above."""
        policies = self._readable("/slas/policies", "sla_policies", "SLA policies")
        return tuple(setup_rules.native_targets(policies))

    def send_test(self, webhook_id: str, address: str) -> TestSent:
        """POST /webhooks/test."""
        return setup_webhook.send_test(self._calls, webhook_id, address)

    def end_test(self, test: TestSent) -> None:
        """It left nothing."""

    def _make_field(self, wish: Wish) -> str:
        what = f"ticket field {wish.title!r}"
        if wish.state is State.CHANGE:
            sent = setup_fields.repair(wish.title, self._fields()[wish.title])
            path = f"/ticket_fields/{quote(wish.id, safe='')}"
            self._calls.call("PUT", path, what=what, json={"ticket_field": sent})
            return wish.id
        sent = setup_fields.body(wish.title)
        content = self._calls.call("POST", "/ticket_fields", what=what, json={"ticket_field": sent})
        return id_of(content, "ticket_field")

    def _fields(self) -> dict[str, dict[str, Any]]:
        """Title -> field; of several with one title an active one, as when tickets are written."""
        found: dict[str, dict[str, Any]] = {}
        for field in self._calls.listed("/ticket_fields", "ticket_fields", "ticket fields"):
            title = title_of(str(field.get("title") or field.get("raw_title") or ""))
            if title and (title not in found or found[title].get("active") is False):
                found[title] = field
        return found

    def _readable(self, path: str, name: str, what: str) -> list[dict[str, Any]]:
        """A list that only tells people something: empty where we may not read it."""
        try:
            return self._calls.listed(path, name, what)
        except Permanent as fault:
            if fault.status not in NOT_OURS:
                raise
            return []


def _numbers(thing: Made) -> list[int]:
    return [int(part) for part in thing.parts]
