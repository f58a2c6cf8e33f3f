"""What tickets count as, and many of them summed up. Holds counts and never tickets. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from worker.record import Settlement
from worker.report.ending import Ending
from worker.tickets import Severity


class Fate(StrEnum):
    """What one ticket counts as. Only the first two make the share of what was met."""

    MET = "met"
    """Answered by a person before the deadline."""
    BREACHED = "breached"
    """Answered after it, or still waiting after it."""
    CLOSED = "closed without reply"
    SPAM = "spam"
    MERGED = "merged"
    RAISED_LATE = "raised late"
    """The severity was raised when the stricter deadline had already passed."""
    PLAN_UNKNOWN = "plan unknown"
    """Nothing said the customer's plan, so it is not known what was promised."""
    STOPPED = "stopped by a person"
    GONE = "deleted or gone"
    NO_TARGET = "no target"
    OPEN = "still open"
    """Waiting, and the deadline is to come."""


APART = tuple(fate for fate in Fate if fate not in {Fate.MET, Fate.BREACHED})
_ENDED = {
    Settlement.SPAM: Fate.SPAM,
    Settlement.MERGED: Fate.MERGED,
    Settlement.DELETED: Fate.GONE,
    Settlement.GONE: Fate.GONE,
    Settlement.OUT_OF_SCOPE: Fate.NO_TARGET,
    Settlement.STOPPED: Fate.STOPPED,
}
SLICES = (0.25, 0.5, 0.75, 1.0, 2.0)
"""Ends of the slices of the allowed time in which first responses came; the last is open."""


class Dimension(StrEnum):
    """What a report is broken down by."""

    WEEK = "week"
    SEVERITY = "severity"
    PLAN = "plan"
    ORGANIZATION = "organization"
    GROUP = "group"
    HELPDESK = "helpdesk"


class Attained(NamedTuple):
    """How many tickets of one kind counted as what."""

    fates: Mapping[Fate, int]

    @property
    def met(self) -> int:
        return self.fates.get(Fate.MET, 0)

    @property
    def counted(self) -> int:
        """The denominator: met and breached, and nothing else."""
        return self.met + self.fates.get(Fate.BREACHED, 0)

    @property
    def all(self) -> int:
        return sum(self.fates.values())


def fate(ending: Ending, now: datetime) -> Fate:  # noqa: PLR0911 one way out per fate reads best
    """What a ticket counts as, as of now."""
    if ending.why in _ENDED:
        return _ENDED[ending.why]
    if ending.deadline is None:
        return Fate.NO_TARGET
    if ending.settled_at is None and now < ending.deadline:
        return Fate.OPEN
    if ending.raised_late:
        return Fate.RAISED_LATE
    if not ending.plan_known:
        return Fate.PLAN_UNKNOWN
    if ending.why is Settlement.CLOSED_WITHOUT_REPLY:
        return Fate.CLOSED
    in_time = ending.settled_at is not None and ending.settled_at <= ending.deadline
    return Fate.MET if in_time else Fate.BREACHED


class Summary:
    """Many endings as figures. What it takes grows with organisations, not with tickets."""

    def __init__(self, now: datetime, zone: str) -> None:
        self._now = now
        self._zone = ZoneInfo(zone)
        self.tickets = 0
        self._fates: Counter[Fate] = Counter()
        self._by: dict[Dimension, dict[str, Counter[Fate]]] = {one: {} for one in Dimension}
        self._slices: dict[Severity, Counter[int]] = {one: Counter() for one in Severity}
        self._minutes: dict[Severity, Counter[int]] = {one: Counter() for one in Severity}
        self.confusion: Counter[tuple[Severity, Severity]] = Counter()
        """(what we decided, what stood in the end) -> tickets."""

    def add(self, helpdesk: str, ending: Ending) -> None:
        """One more ticket."""
        counts_as = fate(ending, self._now)
        self.tickets += 1
        self._fates[counts_as] += 1
        self.confusion[ending.rubric or ending.severity, ending.severity] += 1
        names = {
            Dimension.WEEK: f"{self._monday(ending.created_at)}",
            Dimension.SEVERITY: str(ending.severity),
            Dimension.PLAN: ending.plan if ending.plan_known else "",
            Dimension.ORGANIZATION: ending.organization,
            Dimension.GROUP: ending.group,
            Dimension.HELPDESK: helpdesk,
        }
        for dimension, name in names.items():
            self._by[dimension].setdefault(name, Counter())[counts_as] += 1
        self._took(ending)

    @property
    def attained(self) -> Attained:
        """All tickets together."""
        return Attained(self._fates)

    def by(self, dimension: Dimension) -> list[tuple[str, Attained]]:
        """By week newest first, by severity P1 first, else the most tickets first; "": unknown."""
        found = [(name, Attained(counts)) for name, counts in self._by[dimension].items()]
        if dimension in {Dimension.WEEK, Dimension.SEVERITY}:
            return sorted(found, key=lambda row: row[0], reverse=dimension is Dimension.WEEK)
        return sorted(found, key=lambda row: (-row[1].all, row[0]))

    @property
    def changed(self) -> int:
        """Tickets on which a person's severity stands in the place of another of ours."""
        return sum(n for (ours, final), n in self.confusion.items() if ours is not final)

    def slices(self, severity: Severity) -> tuple[int, ...]:
        """First responses by the part of the allowed time that they took; see `SLICES`."""
        found = self._slices[severity]
        return tuple(found[place] for place in range(len(SLICES) + 1))

    def quantile(self, severity: Severity, share: float) -> timedelta | None:
        """The time within which this share of the first responses came; None without any."""
        counts, reached = self._minutes[severity], 0
        whole = sum(counts.values())
        for minutes in sorted(counts):
            reached += counts[minutes]
            if reached >= share * whole:
                return timedelta(minutes=minutes)
        return None

    def _took(self, ending: Ending) -> None:
        """A first response's time, to the minute, rounded up."""
        if ending.why is not Settlement.ANSWERED or not (ending.settled_at and ending.deadline):
            return
        took = max(timedelta(), ending.settled_at - ending.created_at)
        allowed = ending.deadline - ending.created_at
        part = took / allowed if allowed > timedelta() else 0.0
        place = next((n for n, end in enumerate(SLICES) if part <= end), len(SLICES))
        self._slices[ending.severity][place] += 1
        self._minutes[ending.severity][-int(-took // timedelta(minutes=1))] += 1

    def _monday(self, moment: datetime) -> date:
        day = moment.astimezone(self._zone).date()
        return day - timedelta(days=day.weekday())
