"""What a helpdesk has to be able to do. A new one is a folder with these and one registry line.

`Inbound` is sans-I/O: bytes in, our nouns out, so it can be tested with bytes alone. `Client`
makes the API calls, through `worker.transport` only. Vendor words stay inside the folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from worker.events import Delivery
from worker.helpdesks.spending import UNLIMITED, Budget
from worker.helpdesks.wishes import (
    Firing,
    Made,
    NativeTarget,
    Question,
    Standing,
    TestSent,
    Wish,
)
from worker.settings import Settings
from worker.tickets import Changes, Customer, Noun, Person, Receipt, Ticket, TicketKey
from worker.transport import Transport


class Page(Noun):
    """One page of what changed at a helpdesk, and where to go on."""

    tickets: tuple[Ticket, ...]
    watermark: str
    """Opaque to everyone but the helpdesk's client; feed it back to go on from here."""
    more: bool
    """True when another page is waiting now."""
    weaker: str = ""
    """Why this reading finds less than it should, for people, with what to do; "": it does not."""


class Inbound(Protocol):
    """The webhook side of one helpdesk: no I/O, no clock of its own."""

    def read(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        account: str,
        secrets: Sequence[str],
        now: datetime,
    ) -> Delivery:
        """Verify the raw bytes, then parse them.

        `headers` is case-insensitive (Werkzeug's or a requests CaseInsensitiveDict). Every secret
        in `secrets` is tried in constant time, so that one can be rotated. Raises `Unverified`
        (forged, stale, unsigned) and `Unreadable` (authentic, but no ticket id in it). A body
        that is broken JSON but shows a ticket id becomes a TOUCHED event.
        """
        ...

    def sample(self, body: bytes, *, secret: str, now: datetime) -> dict[str, str]:
        """Headers with which the helpdesk would deliver `body`: for `replay`, tests, sandbox."""
        ...


class Bulk(Protocol):
    """Many tickets of one account in one call. Raises what a `Client` raises."""

    most: int
    """Tickets in one call."""

    def read(self, ticket_ids: Sequence[str], *, timeout: float = 10.0) -> dict[str, Ticket]:
        """The truth about up to `most` tickets, first responses included.

        A ticket of which that cannot be said is missing: it has to be read alone.
        """
        ...

    def write(self, changes: Iterable[tuple[str, Changes]]) -> dict[str, Receipt | str]:
        """Write to up to `most` tickets: ticket id -> what arrived, or the fault.

        A ticket that is missing was kept away by a passing fault: read it before the next try.
        """
        ...


class Client(Protocol):
    """The API side of one account of one helpdesk. Safe to share between threads.

    Every call raises `Transient` (with the helpdesk's Retry-After, or `NotNow` with the budget's),
    `Gone`, or `Permanent`.
    """

    note_travels_with_fields: bool
    """True when one update carries fields and note together, so that they arrive together."""
    bulk: Bulk | None
    """None: the helpdesk takes different changes, or tells the truth, only ticket by ticket."""

    def fetch(self, ticket_id: str, *, timeout: float = 10.0, latest_reply: bool = False) -> Ticket:
        """The truth about one ticket now, first response included.

        `timeout` in seconds holds for everything that it takes: signing in, looking up fields.
        `latest_reply`: `replied_at` is wanted too, if that needs a call more.
        """
        ...

    def write(self, ticket_id: str, changes: Changes, *, current: Ticket | None = None) -> Receipt:
        """Write everything in `changes` in one update where the helpdesk can.

        `current` is a fresh reading of the ticket, when the caller has one: a helpdesk whose
        tags replace each other merges into it instead of reading again.
        """
        ...

    def write_many(self, changes: Iterable[tuple[str, Changes]]) -> dict[str, str]:
        """Write to many tickets as cheaply as the helpdesk can: ticket id -> fault ("" is done).

        A ticket that is missing from the answer was kept away by a passing fault: try it again.
        """
        ...

    def changed_since(self, watermark: str | None, *, start: datetime) -> Page:
        """What was created or changed after the watermark (None: after `start`), oldest first."""
        ...

    def customer(self, organization: str) -> Customer:
        """An organisation with its custom fields; raises `Gone` when it does not exist."""
        ...

    def agent(self, agent_id: str) -> Person | None:
        """An agent's name and e-mail address; None when there is no such agent, or no address."""
        ...

    def members(self, group_id: str) -> tuple[Person, ...]:
        """The agents of a group who have an e-mail address, at most 20."""
        ...

    def ticket_url(self, ticket_id: str) -> str:
        """Where an agent reads the ticket."""
        ...

    def ping(self) -> str:
        """Who we are there, in one line for people: `Ann Admin (admin)`."""
        ...


class Setup(Protocol):
    """What `minutehand connect` needs of one account: looking, making, undoing.

    Every call raises `Transient`, or `Permanent` with its status: 403 says that our user may not.
    """

    makes_its_secret: bool
    """True when the helpdesk itself makes the secret by which its webhooks are known."""
    test_in_words: str
    """What a test does there, for the plan."""

    def standing(self) -> Standing:
        """Who we are there, and what plan and rights that gives; one or two GETs."""
        ...

    def wishes(self, address: str | None, secret: str, made: Sequence[Made]) -> tuple[Wish, ...]:
        """Everything that the account should have, and how it stands. Only GETs.

        `address` is where webhooks go; None: polling only. `secret` is the one in force, when
        there is one. `made` is what the record says that we made: that may be changed.
        """
        ...

    def begin(self, wish: Wish) -> Made:
        """What `make` is about to make, for the record; nothing is written yet."""
        ...

    def make(self, wish: Wish, address: str | None, secret: str) -> Made:
        """Make or change it, and say its id."""
        ...

    def signing_secret(self, webhook_id: str) -> str | None:
        """The secret that the helpdesk made for this webhook; None: it makes none, we do."""
        ...

    def remove(self, thing: Made) -> bool:
        """Undo one thing that we made; False: it was gone already."""
        ...

    def by_hand(self, wish: Wish, address: str | None) -> tuple[str, ...]:
        """The clicks and values that make it without us."""
        ...

    def firing(self) -> tuple[Firing, ...]:
        """Rules of the account that what we write may set off."""
        ...

    def native_targets(self) -> tuple[NativeTarget, ...]:
        """First-response targets of the helpdesk's own SLA; none where the plan has no such."""
        ...

    def send_test(self, webhook_id: str, address: str) -> TestSent:
        """Have the helpdesk send something through our webhook or rule."""
        ...

    def end_test(self, test: TestSent) -> None:
        """Take away what the test left behind."""
        ...


class Helpdesk(Protocol):
    """One line in the registry: how to recognise, read and call one kind of helpdesk."""

    name: str
    """Its word in URLs, keys and commands: `zendesk`."""
    title: str
    """Its name for people: `Zendesk`."""
    secret_variable: str
    """The environment variable that holds its webhook secret."""
    inbound: Inbound

    def account(self, settings: Settings) -> str | None:
        """The configured account, or None when this helpdesk is not configured."""
        ...

    def secrets(self, settings: Settings) -> tuple[str, ...]:
        """The webhook secrets in force: none, one, or two while one is being rotated."""
        ...

    def client(
        self, settings: Settings, transport: Transport, budget: Budget = UNLIMITED
    ) -> Client:
        """The API client for the configured account; makes no call yet.

        Every call that it makes asks `budget` first and reports to it afterwards.
        """
        ...

    def questions(self, environment: Mapping[str, str]) -> tuple[Question, ...]:
        """What has to be known to sign in and is not set."""
        ...

    def setup(self, settings: Settings, transport: Transport) -> Setup:
        """What `connect` works with; makes no call yet. Raises `Misconfigured`."""
        ...


def ticket_key(helpdesk: str, account: str, ticket_id: str) -> TicketKey:
    """The one way that an adapter makes a key."""
    return TicketKey(helpdesk, account, ticket_id)
