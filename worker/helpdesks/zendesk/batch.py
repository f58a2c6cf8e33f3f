"""Many tickets in one call: `update_many`, whose job is watched and read ticket by ticket.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-many-tickets
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog

from worker.errors import MinutehandError, NotNow, Transient
from worker.helpdesks.zendesk import fields
from worker.helpdesks.zendesk.calls import Calls
from worker.tickets import Changes, one_line

log = structlog.get_logger()

LARGEST = 100
"""Tickets in one call."""
PATIENCE = 30.0
"""Seconds that a job may take; a recorded one of 100 tickets took ten."""
PAUSE, LONGEST_PAUSE = 0.5, 4.0


def update_many(
    calls: Calls,
    wanted: Sequence[tuple[str, Changes]],
    ids: Mapping[str, int],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """Ticket id -> fault ("" is done); one that is missing was kept away by a passing fault.

    One ticket goes as a plain update, which has no job to wait for.
    """
    faults: dict[str, str] = {}
    for part in _parts(wanted):
        try:
            faults |= _one_call(calls, part, ids, sleep)
        except NotNow:
            if not faults:
                raise
            break  # the rest, when the budget allows it
        except Transient as fault:
            log.info("a batch has to be tried again", tickets=len(part), fault=str(fault))
        except MinutehandError as fault:
            faults |= {ticket_id: str(fault) for ticket_id, _ in part}
    return faults


def _one_call(
    calls: Calls,
    part: Sequence[tuple[str, Changes]],
    ids: Mapping[str, int],
    sleep: Callable[[float], None],
) -> dict[str, str]:
    bodies = {ticket_id: fields.update(changes, ids) for ticket_id, changes in part}
    bodies = {ticket_id: body for ticket_id, body in bodies.items() if body}
    nothing = {ticket_id: "" for ticket_id, _ in part if ticket_id not in bodies}
    if not bodies:
        return nothing
    if len(bodies) == 1:
        ((ticket_id, body),) = bodies.items()
        calls.call(
            "PUT",
            f"/tickets/{quote(ticket_id, safe='')}",
            what=f"Zendesk ticket {ticket_id}",
            right="to edit tickets",
            json={"ticket": body},
        )
        return nothing | {ticket_id: ""}
    content = calls.call(
        "PUT",
        "/tickets/update_many",
        what=f"Zendesk update of {len(bodies)} tickets",
        right="to edit tickets",
        about_ticket=False,
        json={"tickets": [{"id": int(ticket_id), **body} for ticket_id, body in bodies.items()]},
    )
    return nothing | _results(calls, fields.object_in(content, "job_status"), list(bodies), sleep)


def _results(
    calls: Calls, job: dict[str, Any], ticket_ids: list[str], sleep: Callable[[float], None]
) -> dict[str, str]:
    waited, pause = 0.0, PAUSE
    number = str(job.get("id"))
    while job.get("status") in {"queued", "working"}:
        if waited >= PATIENCE:
            raise Transient(f"Zendesk job {number}: not done after {PATIENCE:.0f} s")
        sleep(pause)
        waited += pause
        pause = min(2 * pause, LONGEST_PAUSE, max(PAUSE, PATIENCE - waited))
        try:
            job = _look(calls, number)
        except NotNow as fault:  # the batch is on its way: what became of it has to be known
            pause = min(max(pause, fault.retry_after or 0.0), max(PAUSE, PATIENCE - waited))
    faults = dict.fromkeys(ticket_ids, f"the job ended as {job.get('status')}")
    for result in job.get("results") or ():
        if not isinstance(result, dict):
            continue
        ticket_id = fields.identifier(result.get("id"))
        if ticket_id in faults:
            if "conflict" in str(result.get("error")).lower():
                del faults[ticket_id]  # somebody changed it meanwhile: read it and try again
                continue
            why = result.get("details") or result.get("error") or result.get("errors") or "refused"
            faults[ticket_id] = "" if result.get("success") else one_line(str(why), 200)
    return faults


def _look(calls: Calls, number: str) -> dict[str, Any]:
    content = calls.call(
        "GET",
        f"/job_statuses/{quote(number, safe='')}",
        what="Zendesk job status",
        right="to edit tickets",
        about_ticket=False,
    )
    return fields.object_in(content, "job_status")


def _parts(wanted: Sequence[tuple[str, Changes]]) -> Iterator[Sequence[tuple[str, Changes]]]:
    for first in range(0, len(wanted), LARGEST):
        yield wanted[first : first + LARGEST]
