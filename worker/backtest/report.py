"""The figures in words, once for the terminal and the page, so that both say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from worker.backtest.counts import Disagreement, StepOf, Warned, together
from worker.backtest.fates import Fate
from worker.backtest.reading import History, Survey
from worker.backtest.shares import counted, interval, per_day, percent, quantile, ranked
from worker.backtest.summing import Summary
from worker.helpdesks.export import Fact
from worker.policy import Policy
from worker.targets import clock_time
from worker.tickets import Severity, Target
from worker.timer import short

WITHOUT = {
    Fact.ID: "tickets are named by their line",
    Fact.SUBJECT: "decided by the body alone",
    Fact.BODY: "decided by the subject alone: expect more reviews and less agreement",
    Fact.PRIORITY: "there is nothing to compare the severities with",
    Fact.ANSWERED: "breaches cannot be told, and alerts are the most that there can be",
    Fact.SOLVED: "when a ticket was closed is not known",
    Fact.STATUS: "tickets without a first response count as open",
    Fact.ORGANIZATION: "plans by organisation are not found",
    Fact.TAGS: "plans, steps and ignored tickets by tag are not found",
    Fact.GROUP: "nothing that the policy says of groups is found",
    Fact.SOURCE: "nothing that the policy says of sources is found",
}
QUARTILES = (0.25, 0.5, 0.75)


class Figure(NamedTuple):
    """One number that stands for itself."""

    label: str
    value: str
    more: str = ""


class StepRow(NamedTuple):
    """One step and how many alerts it made on each channel."""

    step: StepOf
    alerts: int
    channels: tuple[tuple[str, int], ...]
    repeats: int


class TargetRow(NamedTuple):
    """One target of one severity, or of all together."""

    name: str
    allowed: str
    warned: Warned
    early: tuple[timedelta | None, ...]
    """First quartile, median, third quartile of the time from the first alert to the deadline."""


@dataclass(frozen=True)
class Report:
    """One backtest, ready to be shown."""

    history: History
    survey: Survey
    policy: Policy
    summary: Summary

    @property
    def headline(self) -> str:
        """What was read and replayed."""
        summary = self.summary
        first, last = min(summary.created), max(summary.created)
        return (
            f"{counted(summary.tickets, 'ticket')} created {first} to {last} "
            f"({counted(summary.span_days, 'day')}), replayed under the policy "
            f"{self.policy.version[:8]}"
        )

    def reading(self) -> Iterator[str]:
        """What the file is and what it does not tell."""
        history = self.history
        used = ", ".join(
            f"{fact} ({name})" if fact != name else fact for fact, name in history.used.items()
        )
        yield f"Read as {history.export.title}. It tells: {used}."
        for fact in history.missing:
            wanted = " or ".join(history.export.columns[fact][:2])
            yield f"Missing: {fact} ({wanted}): {WITHOUT[fact]}."
        yield from history.export.notes
        if self.policy.plan_from.organization_field and self.summary.plan_unknown:
            yield "Plans by a field of organisations are found only where the export carries it."
        ends = clock_time(self.survey.ends, self.policy.time_zone)
        yield f"The export ends {ends}; what is open then is still waiting."

    def bad(self) -> Iterator[str]:
        """Rows that could not be read."""
        if not self.survey.bad:
            return
        more = self.survey.bad - len(self.survey.first_bad)
        yield f"{counted(self.survey.bad, 'row')} could not be read:"
        for one in self.survey.first_bad:
            yield f"line {one.line}: {one.why}"
        if more:
            yield f"and {more} more"

    def figures(self) -> Iterator[Figure]:
        """The few that an admin asks for first."""
        summary, whole = self.summary, self.first_response
        alerts, days = sum(summary.alerts.values()), summary.span_days
        yield Figure("alerts a day", per_day(alerts, days), f"{alerts} in all, repeats left out")
        if whole.told:
            share = percent(whole.breaches, whole.told)
            yield Figure(
                "breaches", f"{whole.breaches}", f"{share} of {whole.told} first responses"
            )
        if whole.breaches:
            early = quantile(whole.early, 0.5)
            said = f"median {short(early)} before the deadline" if early else "none in time"
            yield Figure("warned of", percent(whole.warned, whole.breaches), said)
        if summary.compared:
            low, high = interval(summary.agreed, summary.compared)
            yield Figure(
                "agree with people",
                percent(summary.agreed, summary.compared),
                f"95% interval {low * 100:.0f} to {high * 100:.0f}%",
            )
        yield Figure(
            "ask for a review",
            percent(summary.reviews, summary.replayed),
            f"{per_day(summary.reviews, days)} a day",
        )

    def lines(self) -> Iterator[str]:
        """What there is to say besides tables."""
        summary = self.summary
        of = summary.replayed
        yield (
            f"Depend on Meta: {summary.meta} ({percent(summary.meta, of)}). Reviews: "
            f"{summary.reviews} ({percent(summary.reviews, of)})"
            + "".join(f"; {n} for: {why}" for why, n in ranked(summary.review_reasons))
            + "."
        )
        plans = ", ".join(f"{name} {n}" for name, n in ranked(summary.plans))
        yield (
            f"Plans: {plans}. Without a known plan: {summary.plan_unknown} "
            f"({percent(summary.plan_unknown, of)}), {self.policy.default_plan} assumed. "
            f"Without a first-response target: {summary.without_target}."
        )
        for why, n in ranked(summary.left_alone):
            yield f"Left alone: {n}, {why}."
        if any(plan.next_reply for plan in self.policy.plans.values()):
            yield "Next-reply targets are not replayed: an export does not tell later messages."

    def comparing(self) -> Iterator[str]:
        """What the confusion table says, in words."""
        summary = self.summary
        if not summary.compared:
            yield "No ticket carries a priority that people gave it: nothing to compare with."
        else:
            low, high = interval(summary.agreed, summary.compared)
            yield (
                f"Agreement: {summary.agreed} of {summary.compared}, "
                f"{percent(summary.agreed, summary.compared)} (95% interval {low * 100:.0f} to "
                f"{high * 100:.0f}%); within one level {percent(summary.near, summary.compared)}."
            )
        if summary.without_priority:
            yield f"Not compared: {summary.without_priority} without a priority of a person's."
        if summary.carry_ours:
            yield f"Not compared: {summary.carry_ours} that carry Minutehand's own severity."

    @property
    def worst(self) -> tuple[Disagreement, ...]:
        """The ten worst disagreements, the worst first."""
        return tuple(one for _, one in self.summary.worst)

    @property
    def first_response(self) -> Warned:
        """All first responses together."""
        targets = self.summary.targets
        return together(w for (t, _), w in targets.items() if t is Target.FIRST_RESPONSE)

    def targets(self) -> Iterator[TargetRow]:
        """Each target by severity, then together."""
        for target in (Target.FIRST_RESPONSE, Target.RESOLUTION):
            parts = {s: self.summary.targets.get((target, s)) for s in Severity}
            there = {severity: warned for severity, warned in parts.items() if warned}
            for severity, warned in there.items():
                yield self._target(
                    f"{severity} {target.words}", self._allowed(target, severity), warned
                )
            if len(there) > 1:
                yield self._target(f"all {target.words}s", "", together(there.values()))

    def _target(self, name: str, allowed: str, warned: Warned) -> TargetRow:
        early = tuple(quantile(warned.early, share) for share in QUARTILES)
        return TargetRow(name, allowed, warned, early)

    def _allowed(self, target: Target, severity: Severity) -> str:
        spans = {
            plan.allowed(target, severity)
            for name, plan in self.policy.plans.items()
            if name in self.summary.plans
        }
        return " or ".join(short(span) for span in sorted(span for span in spans if span))

    def fates(self) -> Iterator[str]:
        """How the first responses really went."""
        whole = self.first_response
        told = "; ".join(f"{fate} {whole.fates[fate]}" for fate in Fate if whole.fates[fate])
        if told:
            yield f"First responses: {told}."
        yield "Warned: an alert went out before the deadline, the notice at creation included."
        if whole.warned > whole.by_configured:
            yield (
                f"Of the {whole.warned} warnings, {whole.warned - whole.by_configured} would come "
                "only through channels that the policy does not configure yet."
            )

    def steps(self) -> Iterator[StepRow]:
        """Every step that would have told somebody, by severity and in the policy's order."""
        rows = {step for step, _ in (*self.summary.alerts, *self.summary.repeats)}
        for step in sorted(rows, key=_step_order):
            alerts = {c: n for (s, c), n in self.summary.alerts.items() if s == step}
            repeats = sum(n for (s, _), n in self.summary.repeats.items() if s == step)
            yield StepRow(step, sum(alerts.values()), tuple(sorted(alerts.items())), repeats)

    def channels(self) -> tuple[tuple[str, int, bool], ...]:
        """(channel, alerts, configured), the busiest first."""
        found: dict[str, int] = {}
        for (_, channel), n in self.summary.alerts.items():
            found[channel] = found.get(channel, 0) + n
        ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple((name, n, name in self.summary.configured) for name, n in ordered)

    def about_alerts(self) -> Iterator[str]:
        """How to read the alerts."""
        summary = self.summary
        by_day: dict[object, int] = {}
        for (day, _), n in summary.days.items():
            by_day[day] = by_day.get(day, 0) + n
        if by_day:
            busiest, most = max(by_day.items(), key=lambda pair: (pair[1], str(pair[0])))
            yield f"Busiest day: {busiest} with {counted(most, 'alert')}."
        repeats = sum(summary.repeats.values())
        if repeats:
            yield (
                f"Repeats: at most {repeats} more, had nobody acknowledged or answered any sooner "
                "than they did."
            )
        yield "A review's reminder counts as though nobody had looked; many at once are a digest."
        missing = [name for name, _, configured in self.channels() if not configured]
        if missing:
            yield f"Not configured, hence skipped today: {', '.join(missing)}."


def _step_order(step: StepOf) -> tuple[int, int, int, float, str]:
    """Severity, then target, then the moment: shares, minutes before and after the deadline."""
    text = step.step
    if text.endswith("%"):
        kind, amount = 0, float(text[:-1])
    else:
        kind, amount = (0, 99.99) if text.startswith("-") else (1, float(len(text)))
    return step.severity.rank, list(Target).index(step.target), kind, amount, text
