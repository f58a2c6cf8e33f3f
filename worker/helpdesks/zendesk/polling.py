"""What changed at an account: by the incremental export, else by search, which finds less.

The export is for admins. Where our user is none, search finds tickets by when they were updated;
its index lags by minutes, so it is asked again from some minutes before, and what it found is read
afresh, a hundred tickets a call.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from worker.errors import Permanent
from worker.helpdesks.zendesk import fields
from worker.helpdesks.zendesk.calls import Calls

PER_PAGE = 500
YOUNGEST_START = 65
"""Seconds; a start_time less than a minute old is refused."""
CURSOR, SEARCH = "cursor:", "search:"
"""What a watermark begins with; one without is a start_time."""
ASK_AGAIN_SECONDS = 3600.0
"""After a refusal the export is tried again so much later: rights may have been given."""
INDEX_LAG = timedelta(minutes=5)
FOUND_PER_PAGE = 100
LAST_PAGE = 10
"""Search gives 1,000 results at most."""
WEAKER = (
    "polled by search, as our Zendesk user may not use the incremental export (it is for admins): "
    "lost webhooks are made up for some minutes later, deleted tickets are not seen; make the user "
    "an admin"
)


class Listed(NamedTuple):
    """One page as Zendesk told it."""

    content: dict[str, Any]
    """With `tickets`, and `metric_sets` beside them."""
    watermark: str
    more: bool
    weaker: str = ""


class Polling:
    """One account's list of changes. Safe to share between threads."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._no_export_until = 0.0

    def changed_since(self, watermark: str | None, start: datetime) -> Listed:
        """The next page after a watermark (None: after `start`)."""
        if time.monotonic() < self._no_export_until:
            return self._search(watermark, start)
        try:
            return self._export(watermark, start)
        except Permanent as fault:
            if fault.status != 403:
                raise
            try:
                listed = self._search(watermark, start)
            except Permanent:
                raise fault from None  # the right that would be best
        self._no_export_until = time.monotonic() + ASK_AGAIN_SECONDS
        return listed

    def _export(self, watermark: str | None, start: datetime) -> Listed:
        params = {"include": "metric_sets", "per_page": str(PER_PAGE)}
        if watermark and watermark.startswith(CURSOR):
            params["cursor"] = watermark.removeprefix(CURSOR)
        else:
            began = _Searched.read(watermark, start).since.timestamp()
            oldest = min(began, time.time() - YOUNGEST_START)
            ours = watermark and not watermark.startswith(SEARCH)
            params["start_time"] = watermark if watermark and ours else str(int(oldest))
        content = self._calls.call(
            "GET",
            "/incremental/tickets/cursor",
            what="Zendesk's list of changed tickets",
            right="an admin's role (the incremental export is for admins)",
            about_ticket=False,
            params=params,
            timeout=30.0,
        )
        cursor = content.get("after_cursor")
        return Listed(
            content,
            f"{CURSOR}{cursor}" if cursor else watermark or params["start_time"],
            content.get("end_of_stream") is False and bool(cursor),
        )

    def _search(self, watermark: str | None, start: datetime) -> Listed:
        asked = _Searched.read(watermark, start)
        content = self._calls.call(
            "GET",
            "/search",
            what="Zendesk's search for changed tickets",
            right="to view all tickets",
            about_ticket=False,
            params={
                "query": f"type:ticket updated>={asked.since:%Y-%m-%dT%H:%M:%SZ}",
                "sort_by": "updated_at",
                "sort_order": "asc",
                "per_page": str(FOUND_PER_PAGE),
                "page": str(asked.page),
            },
            timeout=30.0,
        )
        listed = content.get("results")
        found = [raw for raw in listed if isinstance(raw, dict)] if isinstance(listed, list) else []
        moments = [fields.moment(raw.get("updated_at")) for raw in found]
        last = max((moment for moment in moments if moment), default=None)
        more = bool(content.get("next_page")) and last is not None
        onward = asked.after(last, more=more)
        return Listed(self._afresh(found), str(onward), more, WEAKER)

    def _afresh(self, found: list[dict[str, Any]]) -> dict[str, Any]:
        """The tickets themselves, with their metrics: the index is minutes old and has none."""
        ids = [number for raw in found if (number := fields.identifier(raw.get("id")))]
        if not ids:
            return {"tickets": []}
        return show_many(self._calls, ids)


def show_many(calls: Calls, ids: list[str], *, timeout: float = 30.0) -> dict[str, Any]:
    """At most 100 tickets in one call, with their metrics; those that are gone are left out.

    https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#show-multiple-tickets
    """
    return calls.call(
        "GET",
        "/tickets/show_many",
        what=f"{len(ids)} Zendesk tickets",
        right="to view all tickets",
        about_ticket=False,
        params={"ids": ",".join(ids), "include": "metric_sets"},
        timeout=timeout,
    )


class _Searched(NamedTuple):
    """Where a search goes on: as text `search:FLOOR SINCE PAGE`, in Unix seconds."""

    floor: datetime
    """Where these searches began; the next ones begin there or later."""
    since: datetime
    page: int = 1

    def __str__(self) -> str:
        return f"{SEARCH}{int(self.floor.timestamp())} {int(self.since.timestamp())} {self.page}"

    @classmethod
    def read(cls, watermark: str | None, start: datetime) -> _Searched:
        """A watermark of a search; any other begins at `start`."""
        numbers = watermark.removeprefix(SEARCH).split() if watermark else []
        ours = watermark is not None and watermark.startswith(SEARCH)
        if not ours or len(numbers) != 3 or not all(part.isdecimal() for part in numbers):
            begun = start.replace(microsecond=0)
            return cls(begun, begun)
        floor, since, page = (int(part) for part in numbers)
        return cls(datetime.fromtimestamp(floor, UTC), datetime.fromtimestamp(since, UTC), page)

    def after(self, last: datetime | None, *, more: bool) -> _Searched:
        """After a page whose last ticket changed at `last`: on from there, by page in one second.

        The last of the pages leaves the mark a few minutes back, for what the index shows late.
        """
        reached = max(self.since, (last or self.since).replace(microsecond=0))
        if not more:
            rest = max(self.floor, reached - INDEX_LAG)
            return _Searched(rest, rest)
        if reached > self.since:
            return _Searched(self.floor, reached)
        if self.page < LAST_PAGE:
            return _Searched(self.floor, self.since, self.page + 1)
        # More than 1,000 tickets changed in one second: what search does not list cannot be read.
        return _Searched(self.floor, self.since + timedelta(seconds=1))
