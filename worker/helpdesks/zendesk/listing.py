"""Lists of tickets as Zendesk tells them, with their metrics inside or beside. Pure.

https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog

from worker.helpdesks.zendesk import fields
from worker.helpdesks.zendesk.titles import Known
from worker.tickets import Ticket

log = structlog.get_logger()


def tickets(
    content: dict[str, Any], known: Known, *, account: str, url: str
) -> Iterator[tuple[Ticket, bool]]:
    """Those of a list that can be read, and whether their metrics were told with them."""
    listed = content.get("tickets")
    raws = [raw for raw in listed if isinstance(raw, dict)] if isinstance(listed, list) else []
    told = metrics(content, raws)
    for raw in raws:
        metric = told.get(raw.get("id"))
        try:
            ticket = fields.ticket(raw, metric, account=account, ids=known.ids, url=url)
        except ValueError as fault:
            log.warning("an unreadable ticket in Zendesk's list was left out", fault=str(fault))
        else:
            yield ticket, metric is not None


def metrics(content: dict[str, Any], raws: list[dict[str, Any]]) -> dict[Any, Any]:
    """Ticket id -> its metric set, inside the ticket or beside the list."""
    beside = content.get("metric_sets")
    found = {
        metric.get("ticket_id"): metric
        for metric in (beside if isinstance(beside, list) else [])
        if isinstance(metric, dict)
    }
    alone = content.get("metric_set")
    for raw in raws:
        inside = raw.get("metric_set") or alone
        if isinstance(inside, dict):
            found.setdefault(raw.get("id"), inside)
    return found
