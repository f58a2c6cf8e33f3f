"""reconcile: ask an account what changed, and find what no webhook brought."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from worker.errors import Permanent
from worker.events import Event, EventKind
from worker.helpdesks.base import Page
from worker.jobs.frame import carried
from worker.news import news
from worker.store.due import Claim
from worker.tickets import Ticket
from worker.urgency import Urgency, urgent
from worker.wiring import Account, Parts

log = structlog.get_logger()

REFUSED_WATERMARK = {400, 410, 422}
"""A helpdesk may not know an old cursor any more; then we start again before the last poll."""
OVERLAP = timedelta(minutes=10)
LATE = timedelta(minutes=5)
"""Since the last poll; the next is as urgent as a P2."""
LOST = timedelta(minutes=2)
"""After its creation a ticket's webhook has been tried more than once, or never."""
PAGES_AT_ONCE = 5
"""Pages per job; what is left follows at once in another, so that nobody waits behind a backlog."""


class Found(NamedTuple):
    """A ticket of which a page tells something that we do not know yet."""

    ticket: Ticket
    what: str
    """In a word or two, for people."""


@carried
def reconcile(parts: Parts, claim: Claim, now: datetime) -> None:
    """Read what changed since the watermark; every change goes the way a webhook goes."""
    account = parts.accounts.get(claim.member.subject)
    if account is None:
        return
    about = f"poll {account}"
    try:
        with urgent(_urgency(parts, account, now)):
            found, more, weaker = _read_changes(parts, account, now)
    except Permanent as fault:
        if fault.status in REFUSED_WATERMARK:
            parts.journal.forget_watermark(str(account))
        if parts.journal.say(f"{account} cannot be polled: {fault}", now, about=about):
            log.error("polling refused", account=str(account), why=str(fault))
        more = False
    else:
        if not weaker:
            parts.journal.unsay(about)
        elif parts.journal.say(f"{account}: {weaker}", now, about=about):
            log.warning("polling is weaker than it could be", account=str(account), why=weaker)
        parts.journal.polled(str(account), now)
        if found:
            log.info("poll found changes", account=str(account), tickets=found)
    parts.due.arm(claim.member, now if more else now + parts.policy.poll.every)


def look(
    parts: Parts, account: Account, since: datetime, watermark: str | None
) -> tuple[Page, list[Found]]:
    """A page of what changed since then, and what of it is news; nothing is changed by it."""
    start = parts.journal.start_from(parts.settings.start_from, since)
    page = account.client.changed_since(watermark, start=max(since, start))
    return page, _found_in(parts, page, start)


def take_in(parts: Parts, found: list[Found], now: datetime) -> None:
    """Have what was found go the way that a webhook goes."""
    for one in found:
        parts.due.accept_own(_seen(one.ticket, now))


def _urgency(parts: Parts, account: Account, now: datetime) -> Urgency:
    """A poll gives way to every ticket, but not for ever: only it finds what no webhook brought."""
    last = parts.journal.last_poll(str(account))
    if parts.journal.is_behind(str(account)):
        return Urgency.P1  # a page of it does what a hundred waiting reads would
    return Urgency.P2 if last and now - last > LATE else Urgency.POLL


def _read_changes(parts: Parts, account: Account, now: datetime) -> tuple[int, bool, str]:
    """A job's pages: how many tickets had news, whether more wait, what was weak in the reading."""
    start = parts.journal.start_from(parts.settings.start_from, now)
    watermark = parts.journal.watermark(str(account))
    last = parts.journal.last_poll(str(account))
    since = max(start, last - OVERLAP) if last else start  # where there is no watermark to go by
    count, weaker = 0, ""
    for _ in range(PAGES_AT_ONCE):
        page = account.client.changed_since(watermark, start=since)
        watermark, weaker = page.watermark, page.weaker
        found = _found_in(parts, page, start)
        take_in(parts, found, now)
        _count_missed(parts, account, found, now)
        count += len(found)
        parts.lookups.learn_names(account.client, str(account), page.tickets)
        parts.journal.set_watermark(str(account), page.watermark)
        if not page.more:
            return count, False, weaker
    return count, True, weaker


def _count_missed(parts: Parts, account: Account, found: list[Found], now: datetime) -> None:
    """Where webhooks are expected, those that are this late do not come any more."""
    if parts.settings.public_url is None:
        return
    late = [one for one in found if one.what == "new ticket" and now - one.ticket.created_at > LOST]
    if late:
        parts.journal.missed(str(account), len(late))


def _found_in(parts: Parts, page: Page, start: datetime) -> list[Found]:
    known = {s.ticket.key: s for s in parts.records.states([t.key for t in page.tickets])}
    return [
        Found(ticket, what)
        for ticket in page.tickets
        if ticket.created_at >= start and (what := news(known.get(ticket.key), ticket))
    ]


def _seen(ticket: Ticket, now: datetime) -> Event:
    # Two changes in one second have the same updated_at; only the whole reading tells them apart.
    digest = hashlib.sha256(ticket.model_dump_json().encode()).hexdigest()[:20]
    return Event(
        id=f"poll-{digest}",
        kind=EventKind.SEEN,
        key=ticket.key,
        received_at=now,
        happened_at=ticket.updated_at,
        ticket=ticket,
    )
