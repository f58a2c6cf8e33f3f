"""Pictures as inline SVG: widths in per cent and heights in pixels, so that text keeps its size.

Every value also stands beside its bar as a number, and severities differ by pattern, not by colour
alone. All text is escaped here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from worker.tickets import Severity

ROW = 34
"""Pixels of one bar with its label above."""
PLOT, FOOT = 150, 22
"""Pixels of the columns, and of the days under them."""
MOST_COLUMNS = 62
LABELS = 3
"""Dates under the columns; more would not fit on a phone."""


class Bar(NamedTuple):
    """One horizontal bar."""

    label: str
    n: int
    value: str
    """What stands at its end."""
    style: str
    """A class of the page: `P1`, `people`, `channel`, `off`, `met`, `warned`, `missed`."""


class Column(NamedTuple):
    """One day, or several."""

    first: date
    last: date
    counts: tuple[int, ...]
    """By severity, P1 first."""

    @property
    def name(self) -> str:
        """`2026-03-02`, or `2026-03-02 to 2026-03-08`."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def total(self) -> int:
        return sum(self.counts)


def bars(rows: Sequence[Bar], what: str) -> Markup:
    """Bars under each other on one scale."""
    most = max((row.n for row in rows), default=0) or 1
    parts = []
    for number, row in enumerate(rows):
        text, box = number * ROW + 13, number * ROW + 18
        width = _share(row.n, most)
        parts.append(
            f'<text y="{text}">{escape(row.label)}</text>'
            f'<text class="value" x="100%" y="{text}" text-anchor="end">{escape(row.value)}</text>'
            f'<rect class="track" y="{box}" width="100%" height="9" rx="2"/>'
            f'<rect class="{row.style}" y="{box}" width="{width}%" height="9" rx="2"/>'
        )
    return _svg(len(rows) * ROW, what, parts)


def stack(parts: Sequence[Bar], what: str) -> Markup:
    """One bar of parts that make a whole; each names itself when somebody points at it."""
    whole = sum(part.n for part in parts) or 1
    drawn, at = [], 0
    for part in parts:
        drawn.append(
            f'<rect class="{part.style}" x="{_share(at, whole)}%" width="{_share(part.n, whole)}%" '
            f'height="14"><title>{escape(part.label)}: {part.n}</title></rect>'
        )
        at += part.n
    return _svg(14, what, drawn)


def columns(rows: Sequence[Column], what: str) -> Markup:
    """Days beside each other, severities on top of each other, P1 at the bottom."""
    most = max((row.total for row in rows), default=0) or 1
    step = 100 / max(len(rows), 1)
    top = _round_up(most)
    parts = [_line(value, top) for value in (top, top // 2) if value]
    for number, row in enumerate(rows):
        base = float(PLOT)
        said = ", ".join(f"{s} {n}" for s, n in zip(Severity, row.counts, strict=True) if n)
        parts.append(f"<g><title>{row.name}: {row.total} alerts ({said or 'none'})</title>")
        for severity, n in zip(Severity, row.counts, strict=True):
            height = round(n / top * (PLOT - 16), 1)
            base -= height
            if n:
                parts.append(
                    f'<rect class="{severity}" x="{number * step + step * 0.12:.2f}%" '
                    f'y="{base:.1f}" width="{step * 0.76:.2f}%" height="{height}"/>'
                )
        parts.append("</g>")
    parts.append(f'<line class="axis" x2="100%" y1="{PLOT}" y2="{PLOT}"/>')
    every = max(1, -(-len(rows) // LABELS))
    parts += [
        f'<text x="{number * step:.2f}%" y="{PLOT + 16}">{rows[number].first}</text>'
        for number in range(0, len(rows), every)
    ]
    return _svg(PLOT + FOOT, what, parts)


def by_day(days: Mapping[tuple[date, Severity], int], first: date, last: date) -> list[Column]:
    """Every day of the export, or so many together that the columns can still be told apart."""
    last = max(last, max((day for day, _ in days), default=last))
    span = (last - first).days + 1
    size = 1 if span <= MOST_COLUMNS else 7 * -(-span // (7 * MOST_COLUMNS))
    counts: dict[int, list[int]] = {n: [0] * len(Severity) for n in range(-(-span // size))}
    for (day, severity), n in days.items():
        counts[(day - first).days // size][severity.rank - 1] += n
    return [
        Column(
            first + timedelta(days=n * size),
            min(last, first + timedelta(days=n * size + size - 1)),
            tuple(values),
        )
        for n, values in counts.items()
    ]


def _line(value: int, top: int) -> str:
    y = PLOT - value / top * (PLOT - 16)
    return (
        f'<line class="grid" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="value" x="100%" y="{y - 4:.1f}" text-anchor="end">{value}</text>'
    )


def _round_up(value: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100, ...: its half is whole too."""
    size = 1
    while True:
        for step in (2, 4, 10):
            if value <= step * size:
                return step * size
        size *= 10


def _share(n: int, of: int) -> str:
    return f"{100 * n / of:.2f}"


def _svg(height: int, what: str, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704 every text in it went through escape
        f'<svg role="img" aria-label="{escape(what)}" width="100%" height="{height}">'
        f"{''.join(parts)}</svg>"
    )
