"""The figures of the report as tables: once for the page and for CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from markupsafe import Markup

from webhooks.drawn import Share, day_columns, share_bars, slice_bars
from webhooks.text import plain
from worker.backtest.charts import by_day
from worker.report.attainment import APART, SLICES, Attained, Dimension, Summary
from worker.tickets import Severity, one_line
from worker.timer import short

MOST_BARS = 13
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
        plain(f"report.by_{dimension}"),
        plain("report.met_share"),
        plain("report.met"),
        plain("report.breached"),
        *(plain(f"fate.{fate.name.lower()}") for fate in APART),
    )
    bars = [Share(name, one.met, one.counted) for name, one in found[:MOST_BARS] if one.counted]
    return Table(
        key=str(dimension),
        title=plain("report.attainment_by", by=plain(f"report.by_{dimension}").lower()),
        note=plain("report.denominator", counted=whole.counted, all=whole.all),
        head=tuple(map(str, head)),
        rows=tuple(_row(name, one) for name, one in found),
        picture=share_bars(bars, plain(f"report.by_{dimension}")) if bars else None,
    )


def _row(name: str, one: Attained) -> tuple[str, ...]:
    counts = (one.met, one.counted - one.met, *(one.fates.get(fate, 0) for fate in APART))
    share = f"{percent(one.met, one.counted)}"
    return (one_line(name, 80), share, *map(str, counts))


def _name(dimension: Dimension, name: str) -> str:
    if not name:
        return plain(f"report.no_{dimension}")
    if dimension is Dimension.WEEK:
        monday = date.fromisoformat(name)
        return f"{monday} {plain('report.to')} {monday + timedelta(days=6)}"
    if dimension is Dimension.SEVERITY:
        return plain(f"severity.{name}")
    return plain("report.group", number=name) if dimension is Dimension.GROUP else name


def _first_responses(summary: Summary) -> Table:
    rows, pictures = [], []
    for severity in Severity:
        slices = summary.slices(severity)
        middle, slow = summary.quantile(severity, 0.5), summary.quantile(severity, 0.9)
        times = [short(span) if span is not None else NOTHING for span in (middle, slow)]
        name = plain(f"severity.{severity}")
        rows.append((name, str(sum(slices)), *times, *map(str, slices)))
        pictures.append((name, slices))
    ends = [f"{int(100 * end)}%" for end in SLICES]
    labels = (*(f"\u2264 {end}" for end in ends), f"> {ends[-1]}")
    return Table(
        key="first-response",
        title=plain("report.responses"),
        note=plain("report.responses_note"),
        head=(
            plain("report.by_severity"),
            plain("report.answered"),
            plain("report.median"),
            plain("report.ninety"),
            *labels,
        ),
        rows=tuple(rows),
        picture=slice_bars(pictures, labels, plain("report.responses")),
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
    drawn = day_columns(by_day(alerts, period.first, period.last), plain("report.alerts"))
    return Table(
        key="alerts",
        title=plain("report.alerts"),
        note=plain("report.alerts_note", total=total, average=f"{total / span:.1f}", days=span),
        head=(plain("report.day"), plain("report.all"), *map(str, Severity)),
        rows=tuple(rows),
        picture=drawn if alerts else None,
    )


def _confusion(summary: Summary) -> Table:
    rows = []
    for ours in Severity:
        counts = [summary.confusion[ours, final] for final in Severity]
        changed = sum(counts) - summary.confusion[ours, ours]
        share = percent(changed, sum(counts))
        rows.append((plain(f"severity.{ours}"), *map(str, counts), str(changed), share))
    return Table(
        key="changes",
        title=plain("report.changes"),
        note=str(
            plain(
                "report.changes_note",
                changed=summary.changed,
                all=summary.tickets,
                share=percent(summary.changed, summary.tickets),
            )
        ),
        head=(
            plain("report.ours"),
            *(plain("report.in_the_end", severity=one) for one in Severity),
            plain("report.changed"),
            plain("report.share"),
        ),
        rows=tuple(rows),
    )
