"""Which of our fields the account has: looked up once, kept for ten minutes.

https://developers.freshdesk.com/api/#list_all_ticket_fields - a normal agent's key may read it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from worker.errors import Permanent
from worker.helpdesks.freshdesk import fields
from worker.helpdesks.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.helpdesks.freshdesk.calls import Calls
    from worker.helpdesks.freshdesk.fields import Title

_PAGES = 5


class Known(NamedTuple):
    """What is known of the account's fields now."""

    names: Mapping[Title, str]
    refused: str = ""
    """Why the list could not be read; then no field is written."""


class Titles:
    """The account's field names. Safe to share between threads."""

    def __init__(self, calls: Calls, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._remembered = Remembered(self._look_up, what="Freshdesk's ticket fields", clock=clock)

    def known(self, *, timeout: float = 10.0) -> tuple[Known, int]:
        """The names, and how many API calls it took to learn them (0: still remembered).

        Raises `Transient` when they were never read and cannot be now, `Permanent` when our
        sign-in is refused.
        """
        return self._remembered.known(timeout=timeout)

    def forget(self) -> None:
        """Look up again at the next need: one of them turned out to be wrong."""
        self._remembered.forget()

    def _look_up(self, timeout: float) -> tuple[Known, int]:
        listed: list[Any] = []
        page = 0
        more = True
        while more and page < _PAGES:
            page += 1
            try:
                answer = self._calls.call(
                    "GET",
                    "/ticket_fields",
                    what="Freshdesk's ticket fields",
                    right="to view tickets",
                    about_ticket=False,
                    params={"page": str(page)} if page > 1 else None,
                    timeout=timeout,
                )
            except Permanent as fault:
                if fault.status not in {403, 404}:
                    raise
                return Known({}, refused=str(fault)), page
            if isinstance(answer.content, list):
                listed += answer.content
            more = answer.more
        return Known(fields.titles(listed)), page
