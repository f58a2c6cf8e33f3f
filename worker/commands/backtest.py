"""backtest: yesterday's tickets through today's policy."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from worker.backtest.page import page
from worker.backtest.reading import Bad, History, Survey, open_history, survey
from worker.backtest.replaying import replay
from worker.backtest.report import Report
from worker.backtest.spreading import Spread, cores, spread
from worker.backtest.summing import Summary
from worker.backtest.table import lines
from worker.backtest.walking import Rules
from worker.errors import Misconfigured
from worker.helpdesks.export import Past
from worker.settings import Settings
from worker.wiring import policy_from

Row = tuple[int, Past | Bad]
LONG = 500
"""Tickets from which on it is worth showing how far it is."""
LARGE = 1_000_000
"""Bytes of a file from which on more processes make up for their start."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Write a page with charts there.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many tickets.")
def backtest(file: Path, html: Path | None, limit: int | None) -> None:
    """Replay a ticket export: what would have been decided, and who would have been told when.

    FILE is a Zendesk or Freshdesk export (JSON or CSV), or JSON lines with subject, body,
    created_at, priority, first_response_at, solved_at, organization, tags. Nothing is sent, nothing
    is written but the page. Example: minutehand backtest tickets.csv --html report.html
    """
    if html:
        _writable(html, file)
    policy = policy_from(Settings.from_environment())
    rules = Rules.of(policy)
    history = open_history(file, ZoneInfo(policy.time_zone), limit)
    processes = cores() if limit is None and file.stat().st_size >= LARGE else 1
    if processes > 1:
        with spread(history, policy, processes) as parts:
            seen = parts.survey()
            summary = _gathered(parts, seen, rules)
    else:
        seen = survey(history)
        summary = _replayed(history, seen, rules)
    report = Report(history, seen, policy, summary)
    if html:
        _write(html, page(report))
    width = shutil.get_terminal_size((100, 24)).columns
    for line in lines(report, width):
        click.echo(line.encode("utf-8", "replace"))
    if html:
        click.echo(f"\nwrote {html}")


def _replayed(history: History, seen: Survey, rules: Rules) -> Summary:
    summary = Summary.of(rules)
    with _shown(history, seen.tickets) as rows:
        for line, found in rows:
            if not isinstance(found, Bad):
                summary.add(line, replay(found, rules, seen.ends))
    return summary


def _gathered(parts: Spread, seen: Survey, rules: Rules) -> Summary:
    """The same over several processes."""
    summary = Summary.of(rules)
    with _bar(None, seen.tickets) as bar:
        for part in parts.replay(seen.ends):
            summary.take(part)
            if bar:
                bar.update(part.tickets)
    return summary


@contextmanager
def _shown(history: History, tickets: int) -> Iterator[Iterator[tuple[int, Past | Bad]]]:
    """The rows, with a bar on stderr when a person is looking and it takes a while."""
    rows = history.rows()
    with _bar(rows, tickets) as bar:
        yield iter(bar) if bar else rows


@contextmanager
def _bar(rows: Iterator[Row] | None, tickets: int) -> Iterator[Any]:
    """A click progress bar, or None where nobody would see it."""
    if tickets < LONG or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(
        rows, length=tickets, label="replaying", file=sys.stderr, update_min_steps=50
    ) as bar:
        yield bar


def _writable(html: Path, file: Path) -> None:
    """Said before an hour of work, not after it."""
    if not html.parent.is_dir():
        raise Misconfigured(f"--html: there is no folder {html.parent}")
    if html.exists() and file.exists() and html.samefile(file):
        raise Misconfigured("--html: that is the export itself; name another file")


def _write(html: Path, content: str) -> None:
    """All of the page or nothing of it."""
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=html.parent, prefix=".backtest-", delete=False
        ) as file:
            file.write(content.encode("utf-8", "replace"))
        Path(file.name).chmod(0o600)
        Path(file.name).replace(html)
    except OSError as fault:
        raise Misconfigured(f"--html: {html} cannot be written ({fault.strerror})") from None
