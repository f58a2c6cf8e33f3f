"""undo: put the helpdesk's fields back to what stood there before we wrote."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import click

from worker.errors import Gone, MinutehandError, Misconfigured, Transient
from worker.helpdesks.registry import HELPDESKS
from worker.jobs.change import change
from worker.lifecycle import fold
from worker.policy.durations import read_duration
from worker.record import State
from worker.settings import Settings
from worker.store.effects import Effects
from worker.store.writes import KEPT
from worker.tickets import Changes, Ticket, TicketKey, one_line
from worker.undoing import Row, Undoing, left_alone, undoing, undone
from worker.wiring import Parts, build

FRESH = timedelta(seconds=10)
"""A reading older than this is taken again before the write: people win meanwhile too."""
TRIES = 5
LONGEST_PAUSE = 60.0

Answer = TypeVar("Answer")


class Found(NamedTuple):
    """One ticket, as read just now, and what an undo would do to it."""

    key: TicketKey
    subject: str
    plan: Undoing
    reading: Ticket | None
    read_at: datetime


@click.command()
@click.option("--since", required=True, help="How far back: 45m, 2h, 1d.")
@click.option("--ticket", nargs=2, metavar="HELPDESK ID", help="Only this ticket.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def undo(*, since: str, ticket: tuple[str, str] | None, dry_run: bool, yes: bool) -> None:
    """Put back what Minutehand wrote since then and no person touched after, ticket by ticket.

    Severity, priority, deadline, state, review and Meta dependency go back to what stood there
    before; these tickets' fields are then left alone, while their timers go on. It writes in every
    mode and while paused. Example: minutehand undo --since 2h --dry-run
    """
    try:
        span = read_duration(since)
    except ValueError as fault:
        raise Misconfigured(f"--since: {fault}") from None
    parts, start = build(Settings.from_environment()), datetime.now(UTC) - span
    keys = [_named(parts, *ticket)] if ticket else parts.writes.tickets(start)
    found = [one for key in keys if (one := _look(parts, key, start)) and one.plan.rows]
    _show(found)
    to_write = [one for one in found if not one.plan.changes.empty]
    left = sum(bool(row.why_not) for one in found for row in one.plan.rows)
    click.echo(f"{len(to_write)} tickets to put back; {left} fields cannot be undone")
    if dry_run or not to_write:
        return
    if not yes:
        click.confirm("Put them back?", abort=True)
    faults = [why for one in to_write if (why := _undo(parts, one, start))]
    for why in faults:
        click.echo(f"not undone: {why}", err=True)
    click.echo(f"{len(to_write) - len(faults)} tickets put back; their fields are left alone now")
    if faults:
        sys.exit(1)


def _named(parts: Parts, helpdesk: str, ticket_id: str) -> TicketKey:
    if helpdesk not in HELPDESKS:
        raise Misconfigured(f"--ticket: there is no helpdesk {helpdesk!r}: {', '.join(HELPDESKS)}")
    for account in parts.accounts.values():
        key = TicketKey(helpdesk, account.name, ticket_id.lstrip("#"))
        if account.helpdesk == helpdesk and parts.records.load(key)[0]:
            return key
    raise Misconfigured(f"ticket {helpdesk} {ticket_id} is not known here")


def _look(parts: Parts, key: TicketKey, since: datetime) -> Found | None:
    """Read the ticket and work out what can be put back; None when its state is gone."""
    state, _ = parts.records.load(key)
    if state is None:
        return None
    wrote = parts.writes.of(key)
    now = datetime.now(UTC)
    try:
        client = parts.account_of(key).client
        reading = _patiently(lambda: client.fetch(key.id))
    except MinutehandError as fault:
        fields = dict.fromkeys(write.field for write in wrote if write.at >= since)
        why = "the ticket is gone" if isinstance(fault, Gone) else str(fault)
        rows = tuple(Row(field=field, why_not=why) for field in fields)
        plan = Undoing(rows=rows, changes=Changes())
        return Found(key, state.ticket.subject, plan, None, now)
    plan = undoing(state, wrote, reading, since, all_kept=len(wrote) < KEPT)
    return Found(key, state.ticket.subject, plan, reading, now)


def _undo(parts: Parts, found: Found, since: datetime) -> str:
    """One update of one ticket; the fault in words, or ""."""
    key, now = found.key, datetime.now(UTC)
    again = _look(parts, key, since) if now - found.read_at > FRESH else found
    if again is None or again.plan.changes.empty:
        return f"{key}: it changed meanwhile"
    plan = again.plan

    def announce(held: State | None) -> tuple[State, Effects] | None:
        if held is None:
            return None
        read = fold(held, (), again.reading, *parts.policies.of(held), now)  # hear people first
        state, lines = (read.state, read.lines) if read else (held, ())
        return left_alone(state, plan.changes, now), Effects(lines=lines)

    change(parts, key, announce, now=now)
    try:
        client = parts.account_of(key).client
        receipt = _patiently(lambda: client.write(key.id, plan.changes, current=again.reading))
    except MinutehandError as fault:
        parts.records.say(key, [("failed", f"undo: {fault}")], now=now)
        return str(fault)

    def step(held: State | None) -> tuple[State, Effects] | None:
        said = tuple(("said", text) for text in receipt.said)
        lines = (*plan.said, *said)
        return (undone(held, receipt, now), Effects(lines=lines)) if held else None

    change(parts, key, step, now=now)
    back = {row.field for row in plan.rows if not row.why_not}
    done = [one for one in parts.writes.of(key) if one.field in back and one.at >= since]
    parts.writes.forget(key, done)
    return f"{key}: {'; '.join(receipt.said)}" if receipt.said else ""


def _patiently(call: Callable[[], Answer]) -> Answer:
    """The helpdesk's budget may be spent by then: wait as it asks; raises what the last try did."""
    for attempt in range(1, TRIES):
        try:
            return call()
        except Transient as fault:
            time.sleep(min(fault.retry_after or 2.0**attempt, LONGEST_PAUSE))
    return call()


def _show(found: list[Found]) -> None:
    for one in found:
        click.echo(f"{one.key}  {one_line(one.subject, 60)}")
        for line in _table(one.plan):
            click.echo(f"  {line}")


def _table(plan: Undoing) -> Iterator[str]:
    for row in plan.rows:
        name = row.field.replace("_", " ")
        if row.why_not:
            yield f"{name:<16} stays: {row.why_not}"
        else:
            yield f"{name:<16} {row.now or 'empty'} -> {row.back or 'empty'}"
