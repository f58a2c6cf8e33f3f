"""The truth about a ticket before people are told: read alone, or with those due beside it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from worker.helpdesks.base import Bulk
from worker.store.readings import Reading
from worker.tickets import Ticket, TicketKey
from worker.transport import TimeLeft
from worker.wiring import Account, Parts

CONFIRM_SECONDS = 3.0
"""How long the helpdesk may take to say that nobody has answered."""
JUST_READ = timedelta(seconds=5)
"""A reading this young needs no confirmation: the step at creation follows triage at once."""
MANY = 5
"""Steps at once from which on they are read together."""
NEAR_SECONDS = 3.0
"""What is due so soon is read too."""
LOOK_SECONDS = 0.05


def confirming_read(
    parts: Parts, key: TicketKey, read_at: datetime, now: datetime, *, latest_reply: bool
) -> Ticket:
    """The ticket now, from a reading taken for many where many steps are due, else its own.

    `read_at`: when the state was read; an older reading would tell nothing. Raises what a client's
    `fetch` raises.
    """
    account = parts.account_of(key)
    left = TimeLeft(CONFIRM_SECONDS)
    bulk = account.client.bulk
    if bulk and not latest_reply and not parts.records.inbox(key):
        found = _of_many(parts, account, bulk, key, now, left)
        if found and found.at >= max(read_at, now - JUST_READ):
            return found.ticket
    return account.client.fetch(key.id, timeout=left.seconds(), latest_reply=latest_reply)


def _of_many(
    parts: Parts, account: Account, bulk: Bulk, key: TicketKey, now: datetime, left: TimeLeft
) -> Reading | None:
    kept = parts.readings.of(key)
    if kept and kept.at >= now - JUST_READ:
        return kept
    beside = parts.readings.steps_near(str(account), now.timestamp() + NEAR_SECONDS, bulk.most)
    if len(beside) < MANY:
        return None
    if not parts.readings.take_turn(str(account)):
        return _wait_for(parts, account, key, left)
    try:
        wanted = list(dict.fromkeys((key.id, *beside)))[: bulk.most]
        tickets = bulk.read(wanted, timeout=left.seconds())
        parts.readings.keep(tickets.values(), now)
        parts.journal.count("steps_read_together", len(tickets))
    finally:
        parts.readings.end_turn(str(account))
    return parts.readings.of(key)


def _wait_for(parts: Parts, account: Account, key: TicketKey, left: TimeLeft) -> Reading | None:
    """What whoever has the turn brings of this ticket; None when it brings nothing."""
    while left.seconds() > LOOK_SECONDS and parts.readings.being_read(str(account)):
        time.sleep(LOOK_SECONDS)
    return parts.readings.of(key)
