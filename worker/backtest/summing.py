"""Many replayed tickets as figures. Holds counts, never tickets: ten thousand cost what ten do."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from worker.backtest.counts import Disagreement, StepOf, Warned, together
from worker.backtest.fates import Again, Guarded, Replayed
from worker.backtest.walking import Rules
from worker.tickets import Confidence, Decision, Severity, Target, Ticket, one_line

WORST_SHOWN = 10
SHORT_SUBJECT = 120


@dataclass(slots=True)
class Summary:
    """The figures of one backtest."""

    zone: ZoneInfo
    configured: frozenset[str]
    tickets: int = 0
    left_alone: Counter[str] = field(default_factory=Counter)
    decided: Counter[Severity] = field(default_factory=Counter)
    confidence: Counter[Confidence] = field(default_factory=Counter)
    people: Counter[Severity] = field(default_factory=Counter)
    """Priorities that people left, as severities."""
    both: Counter[tuple[Severity, Severity]] = field(default_factory=Counter)
    """(people's, decided) of tickets that can be compared."""
    without_priority: int = 0
    carry_ours: int = 0
    worst: list[tuple[tuple[object, ...], Disagreement]] = field(default_factory=list)
    created: Counter[date] = field(default_factory=Counter)
    alerts: Counter[tuple[StepOf, str]] = field(default_factory=Counter)
    """(step, channel) -> alerts."""
    repeats: Counter[tuple[StepOf, str]] = field(default_factory=Counter)
    days: Counter[tuple[date, Severity]] = field(default_factory=Counter)
    """Alerts of a day by the ticket's severity, repeats left out."""
    targets: dict[tuple[Target, Severity], Warned] = field(default_factory=dict)
    reviews: int = 0
    review_days: Counter[date] = field(default_factory=Counter)
    review_reasons: Counter[str] = field(default_factory=Counter)
    meta: int = 0
    plan_unknown: int = 0
    without_target: int = 0
    plans: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, rules: Rules) -> Summary:
        """Nothing counted yet."""
        return cls(zone=ZoneInfo(rules.policy.time_zone), configured=rules.configured)

    def add(self, line: int, found: Replayed) -> None:
        """Count one ticket."""
        self.tickets += 1
        ticket, decision = found.past.ticket, found.decision
        self.created[self._day(ticket.created_at)] += 1
        if decision is None:
            self.left_alone[found.left_alone or "left alone"] += 1
            return
        self.decided[decision.severity] += 1
        self.confidence[decision.confidence] += 1
        self.meta += decision.meta_dependency
        self.plans[found.plan or "none"] += 1
        self.plan_unknown += not found.plan_known
        self.without_target += Target.FIRST_RESPONSE not in found.guarded
        if decision.needs_review:
            self._review(ticket, decision)
        self._compare(line, found, ticket, decision)
        for guarded in found.guarded.values():
            self._guard(decision.severity, guarded)

    def take(self, later: Summary) -> None:
        """Count what another summary counted of the rows that follow."""
        for field_of in fields(self):
            own, more = getattr(self, field_of.name), getattr(later, field_of.name)
            if isinstance(own, Counter):
                own.update(more)
            elif isinstance(own, int):
                setattr(self, field_of.name, own + more)
        self._keep_worst(later.worst)
        for key, warned in later.targets.items():
            self.targets[key] = together([self.targets.get(key, Warned()), warned])

    def _keep_worst(self, more: Iterable[tuple[tuple[object, ...], Disagreement]]) -> None:
        self.worst = heapq.nsmallest(WORST_SHOWN, [*self.worst, *more], key=lambda pair: pair[0])

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _review(self, ticket: Ticket, decision: Decision) -> None:
        self.reviews += 1
        self.review_days[self._day(ticket.created_at)] += 1
        self.review_reasons[decision.reasons[-1].text if decision.reasons else "not said"] += 1

    def _compare(self, line: int, found: Replayed, ticket: Ticket, decision: Decision) -> None:
        people = ticket.priority
        if people is None:
            self.without_priority += 1
            return
        if found.carries_ours:
            self.carry_ours += 1
            return
        self.people[people] += 1
        self.both[people, decision.severity] += 1
        if people is decision.severity:
            return
        one = Disagreement(
            line=line,
            id=one_line(ticket.key.id, 40),
            subject=one_line(ticket.subject, SHORT_SUBJECT),
            people=people,
            decided=decision.severity,
            confidence=decision.confidence,
            needs_review=decision.needs_review,
            reasons=decision.reasons,
            created_at=ticket.created_at,
        )
        self._keep_worst([(one.order, one)])

    def _guard(self, severity: Severity, guarded: Guarded) -> None:
        target = guarded.timer.target
        for sent in guarded.sent:
            self.alerts[StepOf(target, severity, sent.step), sent.channel] += 1
            self.days[self._day(sent.at), severity] += 1
        for again in guarded.again:
            self._again(target, severity, again)
        if target is Target.REVIEW:
            return
        warned = self.targets.setdefault((target, severity), Warned())
        warned.fates[guarded.fate] += 1
        if guarded.fate.breach:
            early = guarded.warned()
            warned.warned += early is not None
            warned.by_configured += guarded.warned(self.configured) is not None
            if early is not None:
                warned.early[int(early.total_seconds())] += 1

    def _again(self, target: Target, severity: Severity, again: Again) -> None:
        self.repeats[StepOf(target, severity, again.step), again.channel] += again.times

    @property
    def replayed(self) -> int:
        """Tickets with a decision."""
        return self.decided.total()

    @property
    def span_days(self) -> int:
        """Days from the first ticket to the last, both counted."""
        return (max(self.created) - min(self.created)).days + 1 if self.created else 0

    @property
    def compared(self) -> int:
        """Tickets that people gave a priority, ours aside."""
        return self.both.total()

    @property
    def agreed(self) -> int:
        """Of them those with the same severity."""
        return sum(n for (people, decided), n in self.both.items() if people is decided)

    @property
    def near(self) -> int:
        """Of them those at most one level apart."""
        return sum(n for (one, other), n in self.both.items() if abs(one.rank - other.rank) <= 1)
