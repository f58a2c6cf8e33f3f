"""Whether everybody was told of each step once, in order, in time, and never after the answer."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.chaos.facts import ORDER, STEPS, Fate, Told

AT_ONCE = 50
"""Alerts due in one second up to which the goal for lateness holds."""
P99_GOAL = 0.25
AFTER_A_KILL = 6.0
"""Seconds that an alert may be late when the clock that had claimed it was killed."""
JUST_BEFORE = 1.0
"""Seconds: a step this close before the answer may be sent or not."""
IN_FLIGHT = 1.0
"""Seconds that an alert, decided before the answer was visible, may still take to arrive."""


@dataclass
class Findings:
    """One row of the table, and every violation in words."""

    scenario: str
    tickets: int
    expected: int = 0
    received: int = 0
    missing: int = 0
    twice: int = 0
    out_of_order: int = 0
    after_answer: int = 0
    lateness: list[float] = field(default_factory=list)
    """Seconds, of the alerts for which the goal holds."""
    at_creation: list[float] = field(default_factory=list)
    """Those of them that are due at once: webhook, decision and the alert are in them."""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    def late(self, percent: int) -> float:
        """The lateness that so many percent of the alerts stay under; 100: the most."""
        return _percentile(self.lateness, percent)


@dataclass(frozen=True, kw_only=True)
class Judge:
    """The rules of the scenarios in which time simply passes."""

    target: float
    killed: bool
    """The clock was killed meanwhile."""

    def judge(self, name: str, fates: Sequence[Fate], told: Sequence[Told]) -> Findings:
        found = Findings(scenario=name, tickets=len(fates))
        alerts = grouped(told)
        crowded = self._crowded(fates)
        crossed = folded = left_out = 0
        for fate in fates:
            check_ticket(found, fate)
            for channel in ("oncall", "lead"):
                mine = alerts[fate.helpdesk, fate.ticket_id, channel]
                check_repeats_and_order(found, fate, channel, mine)
                by_step = {one.step: one for one in reversed(mine)}
                for step in [step for step in ORDER if channel in STEPS[step]]:
                    one = by_step.get(step)
                    moment = fate.moment(step, self.target)
                    if one is None:
                        folded += self._absent(found, fate, channel, step, moment)
                        continue
                    found.expected += 1
                    crossed += after_answer(found, fate, one)
                    if int(moment) in crowded:
                        left_out += 1
                    else:
                        found.lateness.append(one.at - moment)
                        if step == ORDER[0]:
                            found.at_creation.append(one.at - moment)
        self._time(found)
        found.notes.append(f"{crossed} alerts crossed an answer: decided before it was visible")
        first = ", ".join(f"p{n} {_percentile(found.at_creation, n):.3f}" for n in (50, 99))
        found.notes.append(f"those at creation, from the ticket's first moment on: {first}")
        found.notes.append(f"{left_out} alerts are not in the lateness: over {AT_ONCE} in a second")
        if folded:
            found.notes.append(f"{folded} steps were late after a kill and gave way to the next")
        return found

    def _absent(self, found: Findings, fate: Fate, channel: str, step: str, moment: float) -> bool:
        """True when it was late after a kill and the record says that the next step was sent."""
        grace = AFTER_A_KILL if self.killed else JUST_BEFORE
        if fate.answered is not None and moment + grace > fate.answered:
            return False
        if self.killed and fate.skipped(step):
            return True
        found.expected += 1
        found.missing += 1
        found.faults.append(f"{fate}: {channel} was never told of {step}")
        return False

    def _crowded(self, fates: Iterable[Fate]) -> set[int]:
        """Seconds in which more alerts come due than the goal for lateness is about."""
        due = Counter[int]()
        for fate in fates:
            for step, channels in STEPS.items():
                moment = fate.moment(step, self.target)
                if fate.answered is None or moment < fate.answered:
                    due[int(moment)] += len(channels)
        return {second for second, count in due.items() if count > AT_ONCE}

    def _time(self, found: Findings) -> None:
        if self.killed and found.late(100) > AFTER_A_KILL:
            found.faults.append(f"an alert was {found.late(100):.2f} s late after a kill")
        if not self.killed and found.late(99) > P99_GOAL:
            found.faults.append(f"p99 of the lateness is {found.late(99):.3f} s")


def _percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2 or percent == 100:
        return max(values, default=0.0)
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def grouped(told: Iterable[Told]) -> dict[tuple[str, str, str], list[Told]]:
    """Escalations by helpdesk, ticket and channel, in the order of arrival."""
    found: dict[tuple[str, str, str], list[Told]] = defaultdict(list)
    for one in told:
        if one.kind == "escalation":
            found[one.helpdesk, one.ticket_id, one.channel].append(one)
    return found


def check_ticket(found: Findings, fate: Fate) -> None:
    """What holds for a ticket whoever was told of it."""
    if fate.severity != "P1":
        found.faults.append(f"{fate}: is {fate.severity or 'not decided'}, should be P1")
    wanted = "answered" if fate.answered is not None else ""
    if fate.settled != wanted:
        found.faults.append(f"{fate}: settled {fate.settled!r}, should be {wanted!r}")


def check_repeats_and_order(
    found: Findings, fate: Fate, channel: str, mine: Sequence[Told]
) -> None:
    """Count what one channel received about one ticket; each step once, in order."""
    found.received += len(mine)
    steps = [one.step for one in mine]
    for step, count in Counter(steps).items():
        if count > 1:
            found.twice += count - 1
            found.faults.append(f"{fate}: {channel} was told of {step} {count} times")
    first = list(dict.fromkeys(steps))
    if first != sorted(first, key=ORDER.index):
        found.out_of_order += 1
        found.faults.append(f"{fate}: {channel} was told in the order {', '.join(first)}")


def after_answer(found: Findings, fate: Fate, one: Told) -> bool:
    """Count an alert that should not have been; True when it merely crossed the answer.

    The answer is visible from the moment when its webhook was accepted, or when the read that
    comes before every step could see it, and counts for what is decided from then on.
    """
    if fate.answered is None or one.at < fate.answered:
        return False
    decided = fate.decided(one.step) or one.at
    heard = fate.accepted is not None and decided > fate.accepted
    read = decided > fate.answered and any(decided < read < one.at for read in fate.reads)
    visible = min(fate.accepted or one.at, one.at)
    if not heard and not read and one.at - visible <= IN_FLIGHT:
        return True
    found.after_answer += 1
    found.faults.append(
        f"{fate}: {one.channel} was told of {one.step} {one.at - fate.answered:.3f} s after the "
        f"answer (decided {decided - fate.answered:+.3f} s, webhook accepted "
        f"{(fate.accepted or 0) - fate.answered:+.3f} s, read {'yes' if read else 'no'})"
    )
    return False
