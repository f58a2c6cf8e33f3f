"""Which of our fields the account has: looked up once, kept for ten minutes.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/#list-ticket-fields
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from worker.errors import Permanent
from worker.helpdesks.remembered import Remembered
from worker.helpdesks.zendesk import fields
from worker.helpdesks.zendesk.calls import Calls

_PAGES = 10


class Known(NamedTuple):
    """What is known of the account's fields now."""

    ids: Mapping[str, int]
    """Title -> id, for those of our fields that exist and are active."""
    refused: str = ""
    """Why the list could not be read; then no field is written."""


class Titles:
    """The account's field ids. Safe to share between threads."""

    def __init__(self, calls: Calls, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._remembered = Remembered(self._look_up, what="Zendesk's ticket fields", clock=clock)

    def known(self, *, timeout: float = 10.0) -> tuple[Known, int]:
        """The ids, and how many API calls it took to learn them (0: still remembered).

        Raises `Transient` when they were never read and cannot be now, `Permanent` when our
        sign-in is refused.
        """
        return self._remembered.known(timeout=timeout)

    def forget(self) -> None:
        """Look up again at the next need: one of them turned out to be wrong."""
        self._remembered.forget()

    def _look_up(self, timeout: float) -> tuple[Known, int]:
        ids: dict[str, int] = {}
        page = 0
        more = True
        while more and page < _PAGES:
            page += 1
            try:
                content = self._calls.call(
                    "GET",
                    "/ticket_fields",
                    what="Zendesk's ticket fields",
                    right="to view ticket fields (any agent)",
                    about_ticket=False,
                    params={"page": str(page)} if page > 1 else None,
                    timeout=timeout,
                )
            except Permanent as fault:
                if fault.status not in {403, 404}:
                    raise
                return Known({}, refused=str(fault)), page
            ids = _ours(content.get("ticket_fields")) | ids
            more = bool(content.get("next_page"))
        return Known(ids), page


def _ours(listed: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for field in listed if isinstance(listed, list) else []:
        if not isinstance(field, dict) or field.get("active") is False:
            continue
        title = fields.title_of(str(field.get("title") or field.get("raw_title") or ""))
        if title and isinstance(field.get("id"), int):
            found.setdefault(title, field["id"])
    return found
