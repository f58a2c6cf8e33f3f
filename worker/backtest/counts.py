"""What is counted of a step, a target and a disagreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from worker.backtest.fates import Fate
from worker.tickets import Confidence, Reason, Severity, Target

SURE = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


class StepOf(NamedTuple):
    """One step of one severity's timer, as a row of the report."""

    target: Target
    severity: Severity
    step: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A ticket that people and the rubric see differently."""

    line: int
    id: str
    subject: str
    people: Severity
    decided: Severity
    confidence: Confidence
    needs_review: bool
    reasons: tuple[Reason, ...]
    created_at: datetime

    @property
    def levels(self) -> int:
        """How many severities lie between the two."""
        return abs(self.people.rank - self.decided.rank)

    @property
    def order(self) -> tuple[int, int, int, datetime, int]:
        """The worst first: the furthest apart, then what was rated too low, then the surest."""
        low = 0 if self.people.worse_than(self.decided) else 1
        return -self.levels, low, SURE[self.confidence], self.created_at, self.line


@dataclass(slots=True)
class Warned:
    """The breaches of one severity, and who would have known before."""

    fates: Counter[Fate] = field(default_factory=Counter)
    warned: int = 0
    by_configured: int = 0
    """Of them those that a channel of the policy would have warned of."""
    early: Counter[int] = field(default_factory=Counter)
    """Seconds from the first alert to the deadline -> how many."""

    @property
    def told(self) -> int:
        """Timers of which it is known how they went, and whose deadline has passed or was met."""
        return sum(n for fate, n in self.fates.items() if fate not in {Fate.UNKNOWN, Fate.OPEN})

    @property
    def breaches(self) -> int:
        """Timers whose deadline passed unanswered."""
        return sum(n for fate, n in self.fates.items() if fate.breach)


def together(parts: Iterable[Warned]) -> Warned:
    """The breaches of several severities as one."""
    whole = Warned()
    for part in parts:
        whole.fates += part.fates
        whole.early += part.early
        whole.warned += part.warned
        whole.by_configured += part.by_configured
    return whole
