"""The report for a terminal: as wide as it is, and nothing said by colour alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from worker.backtest.counts import Disagreement
from worker.backtest.report import Report
from worker.backtest.shares import percent
from worker.tickets import Severity, Target, one_line
from worker.timer import short

NARROWEST = 40
WIDEST = 110


def lines(report: Report, width: int) -> Iterator[str]:
    """The whole report, a line at a time."""
    width = max(NARROWEST, min(width, WIDEST))
    yield from wrapped(f"{one_line(report.history.path.name)}: {report.headline}", width)
    for text in (*report.reading(), *report.bad()):
        yield from wrapped(one_line(text, 2000), width, "  ")
    yield from _heading("In short", width)
    yield from table(
        [(figure.value, figure.label, figure.more) for figure in report.figures()], width, right={0}
    )
    yield from _severities(report, width)
    yield from _worst(report, width)
    yield from _alerts(report, width)
    yield from _breaches(report, width)
    yield from _heading("Reviews, Meta, plans", width)
    for text in report.lines():
        yield from wrapped(text, width)


def _severities(report: Report, width: int) -> Iterator[str]:
    summary = report.summary
    yield from _heading("Severities", width)
    rows: list[Sequence[str]] = []
    for severity in Severity:
        n = summary.decided[severity]
        rows.append(
            (
                severity,
                str(n),
                percent(n, summary.replayed),
                str(summary.people[severity]) if summary.compared else "-",
            )
        )
    head = ("", "Minutehand", "share", "people")
    yield from table(rows, width, head=head, right={1, 2, 3})
    if summary.compared:
        yield ""
        title = "People's priority (down) against Minutehand's severity (across):"
        yield from wrapped(title, width)
        rows = []
        for people in Severity:
            counts = (summary.both[people, decided] for decided in Severity)
            rows.append((f"people {people}", *map(str, counts)))
        yield from table(rows, width, head=("", *Severity), right={1, 2, 3, 4})
    for text in report.comparing():
        yield from wrapped(text, width)


def _worst(report: Report, width: int) -> Iterator[str]:
    if not report.worst:
        return
    yield from _heading("The worst disagreements", width)
    for number, one in enumerate(report.worst, start=1):
        yield from wrapped(f"{number:>2}. {disagreement(one)}", width, "    ")
        for reason in one.reasons:
            quote = f': "{reason.quote}"' if reason.quote else ""
            yield from wrapped(f"    - {one_line(reason.text + quote, 200)}", width, "      ")


def disagreement(one: Disagreement) -> str:
    """One of them in a line."""
    review = ", asks for a review" if one.needs_review else ""
    return (
        f"#{one.id} (line {one.line}) people {one.people}, Minutehand {one.decided} "
        f"({one.confidence} confidence{review}): {one.subject or 'without a subject'}"
    )


def _alerts(report: Report, width: int) -> Iterator[str]:
    yield from _heading("Alerts", width)
    rows: list[Sequence[str]] = []
    for row in report.steps():
        target = "" if row.step.target is Target.FIRST_RESPONSE else f" {row.step.target.words}"
        channels = ", ".join(f"{name} {n}" for name, n in row.channels)
        name = f"{row.step.severity}{target} {row.step.step}"
        rows.append((name, str(row.alerts), str(row.repeats or "-"), channels))
    if rows:
        head = ("step", "alerts", "repeats", "channels")
        yield from table(rows, width, head=head, right={1, 2})
    for name, n, configured in report.channels():
        state = "" if configured else " (not configured)"
        a_day = f"{n / report.summary.span_days:.1f} a day"
        yield from wrapped(f"channel {name}{state}: {n}, {a_day}", width)
    for text in report.about_alerts():
        yield from wrapped(text, width)


def _breaches(report: Report, width: int) -> Iterator[str]:
    yield from _heading("Targets: what was breached, and who would have known before", width)
    rows: list[Sequence[str]] = []
    for row in report.targets():
        early = " / ".join(short(one) for one in row.early if one is not None) or "-"
        warned = f"{row.warned.warned} ({percent(row.warned.warned, row.warned.breaches)})"
        rows.append(
            (
                row.name,
                row.allowed,
                str(row.warned.told),
                str(row.warned.breaches),
                warned if row.warned.breaches else "-",
                early,
            )
        )
    if rows:
        head = ("", "within", "known", "breached", "warned", "how early: quartiles")
        yield from table(rows, width, head=head, right={1, 2, 3, 4})
        for text in report.fates():
            yield from wrapped(text, width)
    else:
        yield "No ticket has a target."


def _heading(text: str, width: int) -> Iterator[str]:
    yield ""
    yield from wrapped(text, width)
    yield "-" * min(len(text), width)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of this width; what follows the first is indented."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=True) or [""]


def table(
    rows: Sequence[Sequence[str]], width: int, *, head: Sequence[str] = (), right: set[int]
) -> Iterator[str]:
    """Columns side by side; the last one takes what is left, and wraps under itself."""
    everything = [head, *rows] if head else rows
    columns = len(everything[0])
    widths = [max(len(row[n]) for row in everything) for n in range(columns)]
    left = width - sum(widths[:-1]) - 2 * (columns - 1)
    if left < min(widths[-1], 16):
        yield from _stacked(rows, head, width)
        return
    for row in everything:
        cells = [
            cell.rjust(widths[n]) if n in right else cell.ljust(widths[n])
            for n, cell in enumerate(row[:-1])
        ]
        start = "".join(f"{cell}  " for cell in cells)
        last = row[-1].rjust(widths[-1]) if columns - 1 in right else row[-1]
        parts = [last] if len(last) <= left else textwrap.wrap(last, left)
        for number, part in enumerate(parts):
            yield ((start if number == 0 else " " * len(start)) + part).rstrip()


def _stacked(rows: Sequence[Sequence[str]], head: Sequence[str], width: int) -> Iterator[str]:
    """For a terminal that is too narrow: what is in a row stands under its name."""
    titles = head or ("",) * len(rows[0])
    for row in rows:
        yield from wrapped(row[0], width)
        for title, cell in zip(titles[1:], row[1:], strict=True):
            if not cell:
                continue
            yield from wrapped(f"  {title} {cell}" if title else f"  {cell}", width, "    ")
