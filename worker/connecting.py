"""`minutehand connect`: look at the account, show the plan, make what is missing, one by one.

Looking writes nothing. What a helpdesk has to have, and the vendor's words for it, are in
`worker/helpdesks/<name>/setup.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from worker.connect_plan import DOING, HEARS, Plan, believed
from worker.errors import MinutehandError, Misconfigured, Permanent
from worker.helpdesks.base import Helpdesk, Setup
from worker.helpdesks.wishes import State, Wish
from worker.ledger import Ledger
from worker.settings import Settings

Say = Callable[[str], None]
SECRET_BYTES, PASSWORD_BYTES = 32, 15


class Connecting:
    """One run against one account."""

    def __init__(
        self,
        helpdesk: Helpdesk,
        setup: Setup,
        settings: Settings,
        ledger: Ledger,
        answers: Mapping[str, str],
    ) -> None:
        """`answers` are settings that a person has just typed and nobody has kept yet."""
        self._helpdesk = helpdesk
        self._setup = setup
        self._settings = settings
        self._ledger = ledger
        self._answers = answers

    def look(self, now: datetime) -> Plan:
        """Who we are and what is missing. Raises `Misconfigured` for nothing: see `refuse`."""
        standing = self._setup.standing()
        present = self._helpdesk.secrets(self._settings)
        address = webhook_address(self._helpdesk, self._settings)
        secret = present[0] if present else ""
        if not secret and not self._setup.makes_its_secret:
            secret = secrets.token_urlsafe(SECRET_BYTES)
        wishes = self._setup.wishes(address, secret, self._ledger.record.made)
        store: dict[str, str | None] = dict(self._answers)
        wishes = tuple(believed(wish) if present else wish for wish in wishes)
        hearing = next((wish for wish in wishes if wish.kind in HEARS), None)
        if hearing is not None and hearing.state is not State.LATER:
            store |= self._secret_to_store(hearing, present, secret)
        if self._settings.start_from is None:
            store["START_FROM"] = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        if self._settings.board_password is None:
            store["BOARD_PASSWORD"] = secrets.token_urlsafe(PASSWORD_BYTES)
        return Plan(standing, wishes, store, address, secret, self._setup.test_in_words)

    def make(self, plan: Plan, say: Say) -> tuple[Wish, ...]:
        """Do the plan; what our user turned out not to be allowed to make is handed back.

        Raises `Misconfigured` at the first failure, naming what was made before it.
        """
        done: list[str] = []
        left: list[Wish] = []
        try:
            self._adopt(plan)
            for name, value in plan.store.items():
                if value is not None:
                    self._ledger.store(name, value)
                    done.append(name)
            for wish in plan.to_do:
                if not self._make(wish, plan):
                    left.append(wish)
                    continue
                done.append(f"{wish.kind} {wish.title!r}")
                say(f"  {DOING[wish.state]}: {wish.kind} {wish.title!r}: done")
            name = self._helpdesk.secret_variable
            if name in plan.store and plan.store[name] is None and plan.hearing not in left:
                self._ledger.store(name, self._signing_secret(plan))
                done.append(name)
        except MinutehandError as fault:
            before = ", ".join(done) or "nothing"
            raise Misconfigured(
                f"{fault}. Done before that, and kept in {self._ledger.path}: {before}. Run the "
                "same command again to go on, or with --remove to undo it"
            ) from None
        return tuple(left)

    def webhook_id(self, plan: Plan) -> str:
        """The id of what tells us of tickets, or "" when there is none."""
        if plan.hearing is None:
            return ""
        made = self._ledger.record.of(plan.hearing.kind, plan.hearing.title)
        return plan.hearing.id or (made.id if made else "")

    def _make(self, wish: Wish, plan: Plan) -> bool:
        before = self._ledger.record
        try:
            self._ledger.note(self._setup.begin(wish))
            self._ledger.note(self._setup.make(wish, plan.address, plan.secret))
        except Permanent as fault:
            self._ledger.restore(before)  # it was refused, so it was not made
            if fault.status == 403:
                return False
            raise
        return True

    def _adopt(self, plan: Plan) -> None:
        """What a run that was killed had begun is there now, or was never made."""
        for thing in self._ledger.record.made:
            if thing.id:
                continue
            wish = next(
                (one for one in plan.wishes if (one.kind, one.title) == (thing.kind, thing.title)),
                None,
            )
            if wish is not None and wish.id:
                self._ledger.note(thing.model_copy(update={"id": wish.id}))
            else:
                self._ledger.drop(thing)

    def _secret_to_store(
        self, hearing: Wish, present: tuple[str, ...], secret: str
    ) -> dict[str, str | None]:
        name = self._helpdesk.secret_variable
        if not self._setup.makes_its_secret:
            return {} if present else {name: secret}
        if hearing.state is State.MAKE:
            return {name: None}
        if hearing.state not in {State.THERE, State.CHANGE} or not hearing.id:
            return {}
        told = self._setup.signing_secret(hearing.id)
        return {} if told is None or told in present else {name: None}

    def _signing_secret(self, plan: Plan) -> str:
        told = self._setup.signing_secret(self.webhook_id(plan))
        if told is None:
            raise Misconfigured(f"{self._helpdesk.title} does not say the webhook's secret")
        return told


def webhook_address(helpdesk: Helpdesk, settings: Settings) -> str | None:
    """Where the helpdesk's webhooks go; None without PUBLIC_URL."""
    return f"{settings.public_url}/webhooks/{helpdesk.name}" if settings.public_url else None
