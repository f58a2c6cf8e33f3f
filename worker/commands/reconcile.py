"""`minutehand reconcile`: look back now, show what no webhook brought, take it in."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

import click

from worker.errors import Misconfigured, NotNow
from worker.jobs.reconcile import Found, look, take_in
from worker.policy.durations import read_duration
from worker.settings import Settings
from worker.tickets import one_line
from worker.timer import roughly
from worker.wiring import Account, Parts, build

SHOWN = 20
"""Tickets that are listed one by one for each account."""


class Looked(NamedTuple):
    """What one account told."""

    read: int
    found: list[Found]


@click.command()
@click.option("--since", default="24h", show_default=True, help="How far back to look.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reconcile(*, since: str, yes: bool) -> None:
    """Ask the helpdesks what changed, show what no webhook brought, and take it in on your yes.

    Nothing is changed before that. Example: minutehand reconcile --since 24h
    """
    try:
        span = read_duration(since)
    except ValueError as fault:
        raise Misconfigured(f"--since: {fault}") from None
    parts = build(Settings.from_environment())
    if not parts.accounts:
        raise Misconfigured("no helpdesk is configured; see .env.example")
    now = datetime.now(UTC)
    start = max(now - span, parts.journal.start_from(parts.settings.start_from, now))
    click.echo(f"what changed since {start:%Y-%m-%d %H:%M:%S} UTC")
    everything: list[Found] = []
    for name, account in parts.accounts.items():
        looked = _look(parts, account, start)
        click.echo(f"{name}: {looked.read} tickets read, {len(looked.found)} with news")
        _show(looked.found, now)
        everything += looked.found
    if not everything:
        click.echo("nothing was missed")
        return
    if not yes:
        click.confirm("Take them in?", abort=True)
    take_in(parts, everything, datetime.now(UTC))
    click.echo(f"{len(everything)} taken in; a running worker goes on with them now")


def _look(parts: Parts, account: Account, since: datetime) -> Looked:
    """Everything that changed, page by page, with progress; waits where the budget says so."""
    read, found = 0, list[Found]()
    watermark: str | None = None
    while True:
        try:
            page, news = look(parts, account, since, watermark)
        except NotNow as fault:
            click.echo(f"{account}: {fault}", err=True)
            time.sleep(fault.retry_after or 1.0)
            continue
        read += len(page.tickets)
        found += news
        watermark = page.watermark
        click.echo(f"{account}: {read} tickets read, {len(found)} with news so far", err=True)
        if not page.more:
            break
    if page.weaker:
        click.echo(f"{account}: {page.weaker}", err=True)
    latest = {one.ticket.key: one for one in found}  # pages overlap; the last reading holds
    return Looked(read, list(latest.values()))


def _show(found: list[Found], now: datetime) -> None:
    for one in found[:SHOWN]:
        ticket = one.ticket
        late = f", {roughly(now - ticket.created_at)} late" if one.what == "new ticket" else ""
        click.echo(f"  {ticket.key.id}  {one.what}{late}  {one_line(ticket.subject, 60)}")
    if len(found) > SHOWN:
        click.echo(f"  and {len(found) - SHOWN} more")
