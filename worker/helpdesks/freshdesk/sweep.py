"""How far a poll has come: a watermark that always moves on and never skips. Pure.

GET /tickets lists at most 300 pages and pages shift while tickets change, so a sweep goes on from
the last moment it has seen instead of by page number, and counts pages only among tickets that
share a second (a bulk update): https://developers.freshdesk.com/api/#list_all_tickets
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from worker.helpdesks.freshdesk import fields

OVERLAP = timedelta(minutes=2)
"""A finished sweep is looked at again from so long before its end: what Freshdesk lists late."""
LAST_PAGE = 300
_SECOND = timedelta(seconds=1)


class Sweep(NamedTuple):
    """Where to go on: as text `FLOOR` between sweeps, `FLOOR SINCE PAGE` within one."""

    floor: datetime
    """Where this sweep began; the next begins there or later."""
    since: datetime
    page: int = 1

    def __str__(self) -> str:
        floor, since = fields.moment_text(self.floor), fields.moment_text(self.since)
        at_rest = self.since == self.floor and self.page == 1
        return floor if at_rest else f"{floor} {since} {self.page}"

    @classmethod
    def parse(cls, text: str | None, *, start: datetime) -> Sweep:
        """Read a watermark; None or one that is not ours begins at `start`."""
        start = start.replace(microsecond=0)
        floor, since, page = [*(text or "").split(" "), "", ""][:3]
        began = fields.moment(floor)
        if began is None:
            return cls(start, start)
        going_on = fields.moment(since)
        if going_on is None or not (page.isdecimal() and 1 <= int(page[:4]) <= LAST_PAGE):
            return cls(began, began)
        return cls(began, going_on, int(page[:4]))

    def after(self, last: datetime | None, *, more: bool) -> Sweep:
        """Where to go on after a page whose last ticket changed at `last` (None: no ticket)."""
        reached = max(self.since, (last or self.since).replace(microsecond=0))
        if not more or last is None:
            rest = max(self.floor, reached - OVERLAP)
            return Sweep(rest, rest)
        again = reached - _SECOND  # whether `updated_since` includes its own second is not said
        if again > self.since:
            return Sweep(self.floor, again)
        if self.page < LAST_PAGE:
            return Sweep(self.floor, self.since, self.page + 1)
        # 30,000 tickets changed within two seconds: what is listed behind them cannot be read.
        return Sweep(self.floor, max(reached, self.since + _SECOND))
