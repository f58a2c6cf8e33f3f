"""Zendesk's Support API for one account.

https://developer.zendesk.com/api-reference/ticketing/introduction/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import structlog

from worker.errors import Transient
from worker.helpdesks.base import Bulk, Page
from worker.helpdesks.spending import UNLIMITED, Budget
from worker.helpdesks.zendesk import fields, listing, people
from worker.helpdesks.zendesk.batch import update_many
from worker.helpdesks.zendesk.bulk import ZendeskBulk
from worker.helpdesks.zendesk.calls import Calls, Rate, Refused
from worker.helpdesks.zendesk.polling import Polling
from worker.helpdesks.zendesk.replies import first_public_reply, latest_public_reply
from worker.helpdesks.zendesk.titles import Known, Titles
from worker.helpdesks.zendesk.token import SignIn
from worker.settings import account_of
from worker.tickets import Changes, Customer, Person, Receipt, Ticket
from worker.transport import TimeLeft, Transport

log = structlog.get_logger()


class ZendeskClient:
    """Implements `worker.helpdesks.base.Client`. Safe to share between threads."""

    note_travels_with_fields = True

    def __init__(
        self, url: str, sign_in: SignIn, transport: Transport, budget: Budget = UNLIMITED
    ) -> None:
        self._url = url.rstrip("/")
        self._account = account_of(self._url)
        self._calls = Calls(self._url, sign_in, transport, budget)
        self._titles = Titles(self._calls)
        self._polling = Polling(self._calls)
        self.bulk: Bulk | None = ZendeskBulk(
            self._calls, self._titles, account=self._account, url=self._url
        )
        self._said: set[str] = set()

    @property
    def last_rate(self) -> Rate | None:
        """What the last answers' headers said of the account's budget."""
        return self._calls.last_rate

    def fetch(self, ticket_id: str, *, timeout: float = 10.0, latest_reply: bool = False) -> Ticket:
        """GET /tickets/{id}?include=metric_sets; the first in ten minutes looks up the fields.

        https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#show-ticket
        The metrics come inside the ticket or beside it, and tell the first public agent reply.
        Only when they are missing from the answer are an open ticket's comments read as well.
        """
        left = TimeLeft(timeout)
        known, _ = self._titles.known(timeout=left.seconds())
        content = self._calls.call(
            "GET",
            f"/tickets/{quote(ticket_id, safe='')}",
            what=f"Zendesk ticket {ticket_id}",
            right="to view all tickets",
            params={"include": "metric_sets"},
            timeout=left.seconds(),
        )
        raw = fields.object_in(content, "ticket")
        metrics = listing.metrics(content, [raw])
        try:
            ticket = self._ticket(raw, metrics, known)
        except ValueError as fault:
            raise Transient(f"Zendesk ticket {ticket_id}: unreadable, {fault}") from None
        if latest_reply and not ticket.status.over:
            latest = latest_public_reply(self._calls, ticket, timeout=left.seconds())
            ticket = ticket.model_copy(update={"replied_at": latest})
        if raw.get("id") in metrics or ticket.status.over:
            return ticket
        replied = first_public_reply(self._calls, ticket, timeout=left.seconds())
        return ticket.model_copy(update={"first_response_at": replied})

    def write(self, ticket_id: str, changes: Changes, *, current: Ticket | None = None) -> Receipt:
        """One PUT with everything; what has no field is said once and the rest still written.

        https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
        `current` is not needed: our fields never touch a tag of somebody else.
        """
        del current
        known, looked_up = self._titles.known()
        try:
            return self._put(ticket_id, changes, known, calls=looked_up + 1)
        except Refused:
            self._titles.forget()
            fresh, again = self._titles.known()
            if fresh.ids == known.ids:
                raise
            return self._put(ticket_id, changes, fresh, calls=looked_up + again + 2)

    def write_many(self, changes: Iterable[tuple[str, Changes]]) -> dict[str, str]:
        """`update_many` in parts of 100: ticket id -> fault ("" is done); missing: try again."""
        known, _ = self._titles.known()
        return update_many(self._calls, list(changes), known.ids)

    def changed_since(self, watermark: str | None, *, start: datetime) -> Page:
        """The incremental export by cursor, which leaves out the last minute; else search."""
        known, _ = self._titles.known()
        listed = self._polling.changed_since(watermark, start)
        return Page(
            tickets=tuple(ticket for ticket, _ in self._listed(listed.content, known)),
            watermark=listed.watermark,
            more=listed.more,
            weaker=listed.weaker,
        )

    def _listed(self, content: dict[str, Any], known: Known) -> Iterator[tuple[Ticket, bool]]:
        return listing.tickets(content, known, account=self._account, url=self._url)

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
        return f"{self._url}/agent/tickets/{quote(ticket_id, safe='')}"

    def ping(self) -> str:
        """GET /users/me: our user's name and role.

        https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
        """
        content = self._calls.call(
            "GET",
            "/users/me",
            what="Zendesk sign-in",
            right="to be an active user",
            about_ticket=False,
        )
        user = fields.object_in(content, "user")
        return f"{user.get('name') or 'unnamed user'} ({user.get('role') or 'role unknown'})"

    def _put(self, ticket_id: str, changes: Changes, known: Known, *, calls: int) -> Receipt:
        body = fields.update(changes, known.ids)
        said = tuple(self._new(self._missing(changes, known)))
        if not body:
            return Receipt(written=Changes(), said=said, calls=calls - 1)
        self._calls.call(
            "PUT",
            f"/tickets/{quote(ticket_id, safe='')}",
            what=f"Zendesk ticket {ticket_id}",
            right="to edit tickets",
            json={"ticket": body},
        )
        return Receipt(written=fields.arrived(changes, known.ids), said=said, calls=calls)

    def _missing(self, changes: Changes, known: Known) -> Iterator[str]:
        if known.refused:
            yield known.refused
            return
        for title in fields.custom_fields(changes):
            if title not in known.ids:
                yield (
                    f"Zendesk {self._account} has no ticket field {title!r}, so it is not written: "
                    "add it as worker/helpdesks/zendesk/README.md says"
                )

    def _new(self, texts: Iterable[str]) -> Iterator[str]:
        """What this client has not said before."""
        for text in texts:
            if text not in self._said:
                self._said.add(text)
                yield text

    def _ticket(self, raw: dict[str, Any], metrics: dict[Any, Any], known: Known) -> Ticket:
        metric = metrics.get(raw.get("id"))
        return fields.ticket(raw, metric, account=self._account, ids=known.ids, url=self._url)
