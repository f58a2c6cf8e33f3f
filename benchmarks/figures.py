"""A figure, its peer, its goal and their ratio; the median of several runs; the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """One measured value. With a peer the goal is about the ratio, else about the value."""

    what: str
    value: float
    unit: str = ""
    peer: str = ""
    """What was measured beside it, in the same run."""
    peer_value: float = 0.0
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        """Our value over the peer's; None without a peer."""
        return self.value / self.peer_value if self.peer and self.peer_value else None

    @property
    def compared(self) -> float:
        """What the goal is about."""
        return self.value if self.ratio is None else self.ratio

    @property
    def goal(self) -> str:
        """The goal in words, or nothing."""
        of_peer = "" if self.ratio is None else " x"
        if self.at_least is not None:
            return f">= {self.at_least:g}{of_peer}"
        return "" if self.at_most is None else f"<= {self.at_most:g}{of_peer}"

    @property
    def met(self) -> bool:
        """True when there is no goal, too."""
        low, high = self.at_least, self.at_most
        value = self.compared
        return (low is None or value >= low) and (high is None or value <= high)


class Result(NamedTuple):
    """One figure of all runs: the run in the middle, and how many runs met the goal."""

    middle: Figure
    runs: int
    runs_met: int

    @property
    def verdict(self) -> str:
        """For the last column."""
        return f"{self.runs_met} of {self.runs}" if self.middle.goal else ""


def middle_of(runs: Sequence[Sequence[Figure]]) -> list[Result]:
    """For each figure the run whose compared value is in the middle."""
    by_name: dict[str, list[Figure]] = {}
    for run in runs:
        for figure in run:
            by_name.setdefault(figure.what, []).append(figure)
    results = []
    for figures in by_name.values():
        ordered = sorted(figures, key=lambda figure: figure.compared)
        met = sum(figure.met for figure in figures)
        results.append(Result(ordered[len(ordered) // 2], len(figures), met))
    return results


def table(title: str, results: Sequence[Result]) -> str:
    """A Markdown table that a terminal shows as well."""
    heads = ("figure", "value", "peer", "its value", "ratio", "goal", "met in runs")
    rows = [heads, *(_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([f"### {title}", "", *lines])


def quantile(values: Sequence[float], percent: int) -> float:
    """A percentile of measured values; 100 is the largest."""
    if percent == 100 or len(values) < 2:
        return max(values)
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def short(value: float) -> str:
    """Three significant digits, large numbers with their thousands."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _row(result: Result) -> tuple[str, ...]:
    figure = result.middle
    return (
        figure.what,
        f"{short(figure.value)} {figure.unit}".strip(),
        figure.peer,
        f"{short(figure.peer_value)} {figure.unit}".strip() if figure.peer else "",
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.goal,
        result.verdict,
    )
