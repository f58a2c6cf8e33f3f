"""reconcile: ask an account what changed, and find what no webhook brought."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import structlog

from worker.errors import Permanent
from worker.events import Event, EventKind
from worker.jobs.frame import carried
from worker.people import missing_tag
from worker.record import Settlement, State
from worker.store.due import Claim
from worker.tickets import Target, Ticket
from worker.urgency import Urgency, urgent
from worker.wiring import Account, Parts

log = structlog.get_logger()

REFUSED_WATERMARK = {400, 410, 422}
"""A helpdesk may not know an old cursor any more; then we start again before the last poll."""
OVERLAP = timedelta(minutes=10)
LATE = timedelta(minutes=5)
"""Since the last poll; the next is as urgent as a P2."""
PAGES_AT_ONCE = 5
"""Pages per job; what is left follows at once in another, so that nobody waits behind a backlog."""


@carried
def reconcile(parts: Parts, claim: Claim, now: datetime) -> None:
    """Read what changed since the watermark; every change goes the way a webhook goes."""
    account = parts.accounts.get(claim.member.subject)
    if account is None:
        return
    try:
        with urgent(_urgency(parts, account, now)):
            found, more = read_changes(parts, account, now)
    except Permanent as fault:
        if fault.status in REFUSED_WATERMARK:
            parts.journal.forget_watermark(str(account))
        if parts.journal.say(f"{account} cannot be polled: {fault}", now, about=f"poll {account}"):
            log.error("polling refused", account=str(account), why=str(fault))
        more = False
    else:
        parts.journal.unsay(f"poll {account}")
        parts.journal.polled(str(account), now)
        if found:
            log.info("poll found changes", account=str(account), tickets=found)
    parts.due.arm(claim.member, now if more else now + parts.policy.poll.every)


def _urgency(parts: Parts, account: Account, now: datetime) -> Urgency:
    """A poll gives way to every ticket, but not for ever: only it finds what no webhook brought."""
    last = parts.journal.last_poll(str(account))
    return Urgency.P2 if last and now - last > LATE else Urgency.POLL


def read_changes(
    parts: Parts,
    account: Account,
    now: datetime,
    *,
    pages: int = PAGES_AT_ONCE,
    since: datetime | None = None,
) -> tuple[int, bool]:
    """Read up to `pages` pages; how many tickets had news, and whether more pages wait.

    With `since` the account is read again from there on, whatever was read before.
    """
    found = 0
    start = since or parts.journal.start_from(parts.settings.start_from, now)
    watermark = None if since else parts.journal.watermark(str(account))
    last = parts.journal.last_poll(str(account))
    since_when = start if since or watermark or last is None else max(start, last - OVERLAP)
    for _ in range(pages):
        page = account.client.changed_since(watermark, start=since_when)
        watermark = page.watermark
        known = {s.ticket.key: s for s in parts.records.states([t.key for t in page.tickets])}
        for ticket in page.tickets:
            if ticket.created_at >= start and _is_news(known.get(ticket.key), ticket):
                parts.due.accept_own(_seen(ticket, now))
                found += 1
        parts.lookups.learn_names(account.client, str(account), page.tickets)
        parts.journal.set_watermark(str(account), page.watermark)
        if not page.more:
            return found, False
    return found, True


def _is_news(state: State | None, ticket: Ticket) -> bool:
    """True when a reading tells something that the state does not know yet."""
    if state is None:
        return not ticket.status.over
    if state.settled:
        closed = state.settled.why is Settlement.CLOSED_WITHOUT_REPLY
        return (closed and ticket.first_response_at is not None) or _ends_another(state, ticket)
    return (
        ticket.first_response_at is not None
        or ticket.status.over
        or ticket.assignee != state.ticket.assignee
        or ticket.priority not in {None, state.there.priority}
        or ticket.severity_field not in {None, state.there.severity}
        or (ticket.review_field is False and state.there.review is True)
        or missing_tag(state, ticket) is not state
    )


def _ends_another(state: State, ticket: Ticket) -> bool:
    """True when another timer than the first response's is over, or runs again."""
    waiting = state.others.get(Target.NEXT_REPLY)
    if waiting and ticket.replied_at and ticket.replied_at >= waiting.created_at:
        return True
    opened_again = state.ticket.status.over and not ticket.status.over
    return opened_again or bool(state.others and ticket.status.over)


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
