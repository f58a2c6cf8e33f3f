"""The figures of the report as tables: once for the page and for CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from markupsafe import Markup

from webhooks.drawn import Share, share_bars, slice_bars
from webhooks.text import say
from worker.backtest.charts import by_day, columns
from worker.report.attainment import APART, SLICES, Attained, Dimension, Summary
from worker.tickets import Severity, one_line
from worker.timer import short

MOST_ROWS = 40
"""Rows of a table on the page; its CSV has them all."""
NOTHING = "-"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Table(NamedTuple):
    """One table. Cells are plain text; names in them are hostile until a template escapes them."""

    key: str
    """Its name in addresses."""
    title: str
    note: str
    """What the figures are shares of, and what is left out."""
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    picture: Markup | None = None


class Period(NamedTuple):
    """The days that a report is about, both included."""

    first: date
    last: date


def tables(
    summary: Summary, alerts: Mapping[tuple[date, Severity], int], period: Period
) -> Iterator[Table]:
    """Every table of the report, in the order of the page."""
    for dimension in Dimension:
        yield _attainment(summary, dimension)
    yield _first_responses(summary)
    yield _alerts(alerts, period)
    yield _confusion(summary)


def as_csv(table: Table) -> str:
    """For a spreadsheet: what could be taken for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in (table.head, *table.rows):
        writer.writerow(
            [f"'{cell}" if cell.startswith(FORMULA) else cell for cell in map(str, row)]
        )
    return out.getvalue()


def percent(n: int, of: int) -> str:
    """`98.5%`; a dash of nothing."""
    return f"{100 * n / of:.1f}%" if of else NOTHING


def _attainment(summary: Summary, dimension: Dimension) -> Table:
    found = [(_name(dimension, name), attained) for name, attained in summary.by(dimension)]
    whole = summary.attained
    head = (
        say(f"report.by_{dimension}"),
        say("report.met_share"),
        say("report.met"),
        say("report.breached"),
        *(say(f"fate.{fate.name.lower()}") for fate in APART),
    )
    bars = [Share(name, one.met, one.counted) for name, one in found[-MOST_ROWS:] if one.counted]
    return Table(
        key=str(dimension),
        title=say("report.attainment_by", by=say(f"report.by_{dimension}").lower()),
        note=say("report.denominator", counted=whole.counted, all=whole.all),
        head=tuple(map(str, head)),
        rows=tuple(_row(name, one) for name, one in found),
        picture=share_bars(bars, say(f"report.by_{dimension}")) if bars else None,
    )


def _row(name: str, one: Attained) -> tuple[str, ...]:
    counts = (one.met, one.counted - one.met, *(one.fates.get(fate, 0) for fate in APART))
    share = f"{percent(one.met, one.counted)}"
    return (one_line(name, 80), share, *map(str, counts))


def _name(dimension: Dimension, name: str) -> str:
    if not name:
        return str(say(f"report.no_{dimension}"))
    if dimension is Dimension.WEEK:
        monday = date.fromisoformat(name)
        return f"{monday} {say('report.to')} {monday + timedelta(days=6)}"
    if dimension is Dimension.SEVERITY:
        return str(say(f"severity.{name}"))
    return str(say("report.group", number=name)) if dimension is Dimension.GROUP else name


def _first_responses(summary: Summary) -> Table:
    rows, pictures = [], []
    for severity in Severity:
        slices = summary.slices(severity)
        middle, slow = summary.quantile(severity, 0.5), summary.quantile(severity, 0.9)
        times = [short(span) if span is not None else NOTHING for span in (middle, slow)]
        name = str(say(f"severity.{severity}"))
        rows.append((name, str(sum(slices)), *times, *map(str, slices)))
        pictures.append((name, slices))
    ends = [f"{int(100 * end)}%" for end in SLICES]
    parts = [f"{a} {say('report.to')} {b}" for a, b in zip(["0%", *ends[:-1]], ends, strict=True)]
    labels = (*parts, f"{say('report.over')} {ends[-1]}")
    return Table(
        key="first-response",
        title=str(say("report.responses")),
        note=str(say("report.responses_note")),
        head=(
            str(say("report.by_severity")),
            str(say("report.answered")),
            str(say("report.median")),
            str(say("report.ninety")),
            *labels,
        ),
        rows=tuple(rows),
        picture=slice_bars(pictures, labels, str(say("report.responses"))),
    )


def _alerts(alerts: Mapping[tuple[date, Severity], int], period: Period) -> Table:
    days = sorted({day for day, _ in alerts}, reverse=True)
    rows = [
        (
            f"{day}",
            str(sum(alerts.get((day, one), 0) for one in Severity)),
            *(str(alerts.get((day, one), 0)) for one in Severity),
        )
        for day in days
    ]
    total, span = sum(alerts.values()), (period.last - period.first).days + 1
    drawn = columns(by_day(alerts, period.first, period.last), str(say("report.alerts")))
    return Table(
        key="alerts",
        title=str(say("report.alerts")),
        note=str(say("report.alerts_note", total=total, average=f"{total / span:.1f}", days=span)),
        head=(str(say("report.day")), str(say("report.all")), *map(str, Severity)),
        rows=tuple(rows),
        picture=drawn if alerts else None,
    )


def _confusion(summary: Summary) -> Table:
    rows = []
    for ours in Severity:
        counts = [summary.confusion[ours, final] for final in Severity]
        changed = sum(counts) - summary.confusion[ours, ours]
        share = percent(changed, sum(counts))
        rows.append((str(say(f"severity.{ours}")), *map(str, counts), str(changed), share))
    return Table(
        key="changes",
        title=str(say("report.changes")),
        note=str(
            say(
                "report.changes_note",
                changed=summary.changed,
                all=summary.tickets,
                share=percent(summary.changed, summary.tickets),
            )
        ),
        head=(
            str(say("report.ours")),
            *(str(say("report.in_the_end", severity=one)) for one in Severity),
            str(say("report.changed")),
            str(say("report.share")),
        ),
        rows=tuple(rows),
    )
