"""Freshdesk's API v2 for one account.

https://developers.freshdesk.com/api/
Credits: a ticket with its stats costs 2, a page of changes 5, anything else 1.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from worker.errors import MinutehandError, Transient
from worker.helpdesks.base import Bulk, Page
from worker.helpdesks.freshdesk import fields, people
from worker.helpdesks.freshdesk.calls import Calls, Rate
from worker.helpdesks.freshdesk.once import Once
from worker.helpdesks.freshdesk.sweep import Sweep
from worker.helpdesks.freshdesk.titles import Titles
from worker.helpdesks.freshdesk.writing import Writing
from worker.helpdesks.spending import UNLIMITED, Budget
from worker.settings import account_of
from worker.transport import TimeLeft

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from worker.tickets import Changes, Customer, Person, Receipt, Ticket
    from worker.transport import Transport

log = logging.getLogger(__name__)

PER_PAGE = 100
GIVE_UP_AFTER = 3
"""Tickets of one batch that may fail for a passing reason before the rest is left for later."""
_SCOPES = {1: "sees all tickets", 2: "sees only its groups' tickets", 3: "sees only its tickets"}


class FreshdeskClient:
    """Implements `worker.helpdesks.base.Client`. Safe to share between threads."""

    note_travels_with_fields = False
    bulk: Bulk | None = None
    """Its bulk update sets the same values on all, and no call shows tickets by their ids."""

    def __init__(
        self, url: str, api_key: str, transport: Transport, budget: Budget = UNLIMITED
    ) -> None:
        self._url = url.rstrip("/")
        self._account = account_of(self._url)
        self._calls = Calls(self._url, api_key, transport, budget)
        self._titles = Titles(self._calls)
        self._once = Once()

    @property
    def last_rate(self) -> Rate | None:
        """What the last answer's headers said of the account's budget."""
        return self._calls.last_rate

    def fetch(
        self,
        ticket_id: str,
        *,
        timeout: float = 10.0,
        latest_reply: bool = False,  # noqa: ARG002 the stats tell it anyway
    ) -> Ticket:
        """GET /tickets/{id}?include=stats; a deleted or spam ticket comes with that status.

        The first call in ten minutes also looks up the account's fields.
        """
        left = TimeLeft(timeout)
        known, _ = self._titles.known(timeout=left.seconds())
        answer = self._calls.call(
            "GET",
            f"/tickets/{quote(ticket_id, safe='')}",
            what=f"Freshdesk ticket {ticket_id}",
            right="to view this ticket (ticket scope: all tickets)",
            params={"include": "stats"},
            timeout=left.seconds(),
        )
        try:
            return self._ticket(answer.content, known.names)
        except ValueError as fault:
            raise Transient(f"Freshdesk ticket {ticket_id}: unreadable, {fault}") from None

    def write(self, ticket_id: str, changes: Changes, *, current: Ticket | None = None) -> Receipt:
        """One PUT, and one POST when there is a note; reads the tags first without `current`.

        A refused update falls back (see `writing`); the receipt says what arrived. A note that
        fails after the update arrived is missing from `written` instead of raised.
        """
        return self._writing(ticket_id, changes, current).run()

    def write_many(self, changes: Iterable[tuple[str, Changes]]) -> dict[str, str]:
        """One PUT each: Freshdesk's bulk update sets the same values on every ticket.

        Ticket id -> fault ("" is done). A ticket that a passing fault kept away is missing; after
        a 429 or three such faults the rest is left for later too.
        """
        faults: dict[str, str] = {}
        passing, wait, key_refused = 0, False, ""
        for ticket_id, wanted in changes:
            if wait:
                continue
            if key_refused:
                faults[ticket_id] = key_refused
                continue
            writing = self._writing(ticket_id, wanted, None)
            try:
                writing.run()
                faults[ticket_id] = "; ".join(writing.refusals)
            except Transient as fault:
                passing += 1
                wait = fault.retry_after is not None or passing >= GIVE_UP_AFTER
                log.info("Freshdesk ticket %s has to be tried again: %s", ticket_id, fault)
            except MinutehandError as fault:
                faults[ticket_id] = str(fault)
                key_refused = str(fault) if _is_key_refused(fault) else ""
        return faults

    def changed_since(self, watermark: str | None, *, start: datetime) -> Page:
        """GET /tickets?updated_since=...: at most 100 tickets, least recently changed first.

        Spam and deleted tickets are never listed. The last two minutes of a finished sweep are
        listed again by the next.
        """
        known, _ = self._titles.known()
        sweep = Sweep.parse(watermark, start=start)
        answer = self._calls.call(
            "GET",
            "/tickets",
            what="Freshdesk's list of changed tickets",
            right="to view all tickets (ticket scope: all tickets)",
            about_ticket=False,
            params={
                "updated_since": fields.moment_text(sweep.since),
                "include": "stats,description",
                "order_by": "updated_at",
                "order_type": "asc",
                "per_page": str(PER_PAGE),
                "page": str(sweep.page),
            },
        )
        if not isinstance(answer.content, list):
            raise Transient("Freshdesk's list of changed tickets: the answer is not a list")
        tickets = tuple(self._readable(answer.content, known.names))
        moments = (
            fields.moment(raw.get("updated_at")) for raw in answer.content if isinstance(raw, dict)
        )
        last = max((moment for moment in moments if moment), default=None)
        onward = sweep.after(last, more=answer.more)
        return Page(tickets=tickets, watermark=str(onward), more=answer.more and last is not None)

    def customer(self, organization: str) -> Customer:
        """An organisation with its fields; raises `Gone` when there is none with this id."""
        return people.customer(self._calls, organization)

    def agent(self, agent_id: str) -> Person | None:
        """An agent's name and address, or None."""
        return people.agent(self._calls, agent_id)

    def members(self, group_id: str) -> tuple[Person, ...]:
        """The agents of a group who have an address."""
        return people.members(self._calls, group_id)

    def ticket_url(self, ticket_id: str) -> str:
        """Where an agent reads the ticket."""
        return f"{self._url}/a/tickets/{quote(ticket_id, safe='')}"

    def ping(self) -> str:
        """GET /agents/me: the key's agent and which tickets it sees."""
        content = self._calls.call(
            "GET",
            "/agents/me",
            what="Freshdesk sign-in",
            right="to be an active agent",
            about_ticket=False,
        ).content
        agent = content if isinstance(content, dict) else {}
        contact = agent.get("contact")
        name = contact.get("name") if isinstance(contact, dict) else None
        scope = agent.get("ticket_scope")
        sees = _SCOPES.get(scope, "agent") if isinstance(scope, int) else "agent"
        return f"{name or 'unnamed agent'} ({sees})"

    def _writing(self, ticket_id: str, changes: Changes, current: Ticket | None) -> Writing:
        return Writing(
            ticket_id,
            changes,
            calls=self._calls,
            titles=self._titles,
            once=self._once,
            tags=current.tags if current is not None else None,
        )

    def _ticket(self, raw: Any, names: Any) -> Ticket:
        return fields.ticket(raw, account=self._account, names=names, url=self._url)

    def _readable(self, listed: list[Any], names: Any) -> Iterable[Ticket]:
        for raw in listed:
            try:
                yield self._ticket(raw, names)
            except ValueError as fault:
                log.warning("Freshdesk listed %s; left out", fault)


def _is_key_refused(fault: MinutehandError) -> bool:
    return getattr(fault, "status", None) == 401
