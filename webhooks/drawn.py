"""Pictures of the report as inline SVG, without script or style of their own.

Widths are per cent and heights pixels, so that text keeps its size; what a colour says is said by
a number or a pattern, too. All text is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from worker.backtest.charts import Column
from worker.tickets import Severity, one_line

ROW = 34
BAR = 10
PLOT = 44
"""Pixels of the columns of an hour."""
TALL = 130
"""Pixels of the columns of days."""
WIDE = 92
"""Per cent that they take; right of them stands the scale."""
DATES = 3
"""Dates under the columns; more would not fit on a phone."""
NAME_LIMIT = 60


class Share(NamedTuple):
    """One bar: this many of so many."""

    name: str
    n: int
    of: int


def share_bars(rows: Sequence[Share], what: str) -> Markup:
    """Bars on a scale of 100%, each with its figures in words."""
    parts = []
    for place, row in enumerate(rows):
        text, box = place * ROW + 13, place * ROW + 18
        share = 100 * row.n / (row.of or 1)
        parts.append(
            f'<text y="{text}">{escape(one_line(row.name, NAME_LIMIT))}</text>'
            f'<text class="value" x="100%" y="{text}" text-anchor="end">'
            f"{share:.1f}% ({row.n}/{row.of})</text>"
            f'<rect class="missed" y="{box}" width="100%" height="{BAR}" rx="3"/>'
            f'<rect class="met" y="{box}" width="{share:.2f}%" height="{BAR}" rx="3"/>'
        )
    return _svg(len(rows) * ROW, what, parts)


def slice_bars(
    rows: Sequence[tuple[str, Sequence[int]]], labels: Sequence[str], what: str
) -> Markup:
    """One bar for each row, cut into slices that make a whole; a legend below."""
    parts = []
    for place, (name, counts) in enumerate(rows):
        text, box, whole, at = place * ROW + 13, place * ROW + 18, sum(counts), 0.0
        parts.append(
            f'<text y="{text}">{escape(one_line(name, NAME_LIMIT))}</text>'
            f'<text class="value" x="100%" y="{text}" text-anchor="end">{whole}</text>'
            f'<rect class="track" y="{box}" width="100%" height="{BAR}" rx="3"/>'
        )
        for number, count in enumerate(counts):
            width = 100 * count / (whole or 1)
            if count:
                parts.append(
                    f'<rect class="slice{number}" x="{at:.2f}%" y="{box}" width="{width:.2f}%" '
                    f'height="{BAR}"><title>{escape(labels[number])}: {count}</title></rect>'
                )
            at += width
    foot = len(rows) * ROW + 8
    step = 100 / len(labels)
    for number, label in enumerate(labels):
        left = f"{number * step:.2f}%"
        parts.append(
            f'<rect class="slice{number}" x="{left}" y="{foot}" width="10" height="10"/>'
            f'<text x="{left}" dx="14" y="{foot + 10}">{escape(label)}</text>'
        )
    return _svg(foot + 18, what, parts)


def minute_columns(counts: Sequence[int], what: str) -> Markup:
    """Columns of the last minutes, the present one at the right, on a scale of their own."""
    most, step = max(counts, default=0) or 1, 100 / max(len(counts), 1)
    parts = [f'<line class="axis" x2="100%" y1="{PLOT}" y2="{PLOT}"/>']
    for place, count in enumerate(counts):
        height = count / most * (PLOT - 4)
        if count:
            parts.append(
                f'<rect class="P3" x="{place * step:.2f}%" y="{PLOT - height:.1f}" '
                f'width="{step * 0.8:.2f}%" height="{height:.1f}"><title>{count}</title></rect>'
            )
    return _svg(PLOT + 2, what, parts)


def day_columns(days: Sequence[Column], what: str) -> Markup:
    """A column for each day (or several), severities on top of each other, P1 at the bottom."""
    most = max((day.total for day in days), default=0) or 1
    step, parts = WIDE / max(len(days), 1), []
    for value in dict.fromkeys((most, most // 2)):
        y = TALL - value / most * (TALL - 10)
        if value:
            parts.append(
                f'<line class="grid" x2="{WIDE}%" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="value" x="100%" y="{y + 4:.1f}" text-anchor="end">{value}</text>'
            )
    for place, day in enumerate(days):
        base = float(TALL)
        said = ", ".join(f"{s} {n}" for s, n in zip(Severity, day.counts, strict=True) if n)
        parts.append(f"<g><title>{escape(f'{day.name}: {said or 0}')}</title>")
        for severity, count in zip(Severity, day.counts, strict=True):
            height = count / most * (TALL - 10)
            base -= height
            if count:
                parts.append(
                    f'<rect class="{severity}" x="{(place + 0.12) * step:.2f}%" y="{base:.1f}" '
                    f'width="{step * 0.76:.2f}%" height="{height:.1f}"/>'
                )
        parts.append("</g>")
    parts.append(f'<line class="axis" x2="{WIDE}%" y1="{TALL}" y2="{TALL}"/>')
    every = max(1, -(-len(days) // DATES))
    parts += [
        f'<text class="value" x="{place * step:.2f}%" y="{TALL + 16}">{days[place].first}</text>'
        for place in range(0, len(days), every)
    ]
    return _svg(TALL + 22, what, parts)


def _svg(height: int, what: str, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704 every text in it went through escape
        f'<svg role="img" aria-label="{escape(what)}" width="100%" height="{height}">'
        f"{''.join(parts)}</svg>"
    )
