"""A hundred tickets at a time: read by `show_many`, written by `update_many`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from worker.helpdesks.zendesk import fields, listing
from worker.helpdesks.zendesk.batch import LARGEST, update_many
from worker.helpdesks.zendesk.calls import Calls
from worker.helpdesks.zendesk.polling import show_many
from worker.helpdesks.zendesk.titles import Titles
from worker.tickets import Changes, Receipt, Ticket


class ZendeskBulk:
    """Implements `worker.helpdesks.base.Bulk`. Safe to share between threads."""

    most = LARGEST

    def __init__(self, calls: Calls, titles: Titles, *, account: str, url: str) -> None:
        self._calls = calls
        self._titles = titles
        self._account = account
        self._url = url

    def read(self, ticket_ids: Sequence[str], *, timeout: float = 10.0) -> dict[str, Ticket]:
        """One call; a ticket that is gone, or came without its metrics, is left out."""
        known, _ = self._titles.known(timeout=timeout)
        content = show_many(self._calls, list(ticket_ids), timeout=timeout)
        listed = listing.tickets(content, known, account=self._account, url=self._url)
        return {ticket.key.id: ticket for ticket, told in listed if told or ticket.status.over}

    def write(self, changes: Iterable[tuple[str, Changes]]) -> dict[str, Receipt | str]:
        """`update_many`, whose job is watched and read ticket by ticket."""
        wanted = dict(changes)
        known, _ = self._titles.known()
        faults = update_many(self._calls, list(wanted.items()), known.ids)
        return {
            ticket_id: fault or Receipt(written=fields.arrived(wanted[ticket_id], known.ids))
            for ticket_id, fault in faults.items()
        }
