"""Shares, intervals and quantiles, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta


def quantile(counts: Mapping[int, int], share: float) -> timedelta | None:
    """The smallest value below or at which this share of all lies; None of nothing."""
    total, reached = sum(counts.values()), 0
    for value in sorted(counts):
        reached += counts[value]
        if reached >= share * total:
            return timedelta(seconds=value)
    return None


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    z = 1.959963984540054
    share = right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def counted(n: int, noun: str) -> str:
    """`1 ticket`, `2 tickets`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def percent(n: int, of: int) -> str:
    """`63%`; small shares with a decimal; a dash of nothing."""
    if of == 0:
        return "-"
    share = 100 * n / of
    return f"{share:.1f}%" if 0 < share < 10 else f"{share:.0f}%"


def per_day(n: int, days: int) -> str:
    """`12.3`."""
    return f"{n / days:.1f}" if days else "0"


def ranked(counts: dict[str, int]) -> list[tuple[str, int]]:
    """The most first, equal ones by name."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
