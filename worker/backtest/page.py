"""The report as one file for a browser: no script, nothing loaded, the same bytes for the same
input. What a ticket says is escaped by the template's autoescaping, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined

from worker.backtest import charts
from worker.backtest.charts import Bar
from worker.backtest.fates import Fate
from worker.backtest.report import Report, TargetRow
from worker.backtest.shares import percent
from worker.note import NAMES
from worker.tickets import Severity, Target, one_line
from worker.timer import short
from worker.version import VERSION

_PAGES = Environment(
    loader=PackageLoader("worker.backtest", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(report: Report) -> str:
    """The whole page."""
    summary = report.summary
    days = charts.by_day(summary.days, min(summary.created), max(summary.created))
    return _PAGES.get_template("page.html").render(
        report=report,
        summary=summary,
        name=one_line(report.history.path.name),
        version=VERSION,
        severities=tuple(Severity),
        names=NAMES,
        mix=charts.bars(tuple(_mix(report)), "Severities by Minutehand and by people"),
        days=days,
        day_chart=charts.columns(days, "Alerts by day and severity"),
        channels=charts.bars(tuple(_channels(report)), "Alerts by channel"),
        targets=[(row, _went(row), early(row)) for row in report.targets()],
        shade=shade,
        step_name=lambda row: (
            row.step.step
            if row.step.target is Target.FIRST_RESPONSE
            else f"{row.step.target.words} {row.step.step}"
        ),
        percent=percent,
        one_line=one_line,
    )


def _mix(report: Report) -> Iterator[Bar]:
    summary = report.summary
    for severity in Severity:
        n = summary.decided[severity]
        name = f"{severity} {NAMES[severity]}"
        yield Bar(f"{name}, Minutehand", n, f"{n} · {percent(n, summary.replayed)}", severity)
        if summary.compared:
            n = summary.people[severity]
            share = percent(n, summary.compared)
            yield Bar(f"{name}, people", n, f"{n} · {share}", "people")


def _channels(report: Report) -> Iterator[Bar]:
    days = report.summary.span_days
    for name, n, configured in report.channels():
        label = name if configured else f"{name} (not configured)"
        yield Bar(label, n, f"{n} · {n / days:.1f} a day", "channel" if configured else "off")


def _went(row: TargetRow) -> str:
    """In time, breached with a warning, breached without: one bar."""
    warned = row.warned
    parts = (
        Bar("in time", warned.fates[Fate.MET], "", "met"),
        Bar("breached, warned before", warned.warned, "", "warned"),
        Bar("breached, not warned", warned.breaches - warned.warned, "", "missed"),
    )
    return charts.stack(parts, f"{row.name}: " + ", ".join(f"{p.label} {p.n}" for p in parts))


def early(row: TargetRow) -> str:
    """The quartiles in words."""
    return " / ".join(short(one) for one in row.early if one is not None) or "-"


def shade(n: int, of: int) -> int:
    """How dark a cell of the table is: 0 to 6 in steps, by its share of its row."""
    return -(-6 * n // of) if of else 0
