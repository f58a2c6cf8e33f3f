"""Which steps a timer has, which are due, and who gets which message. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from worker.hours import Hours
from worker.policy import Policy, StepRule
from worker.policy.durations import Anchor, At
from worker.policy.steps import SEVERE
from worker.tickets import Decision, Noun, SlaState, Target, Ticket
from worker.timer import Step, Timer

_WHOLE = 100
"""Percent: the deadline itself."""
ASKED_AGAIN = "acknowledged, still waiting"
"""The label of what is due when an acknowledgement has run out and nobody has answered."""


class Span(Noun):
    """From when a timer runs and how long it may take."""

    start: datetime
    allowed: timedelta
    hours: Hours | None = None
    """The hours in which its time runs; None: around the clock."""

    def at(self, share: float) -> datetime:
        """When this share of the allowed time (1.0: all of it) has passed."""
        passed = self.allowed * share
        return self.hours.after(self.start, passed) if self.hours else self.start + passed

    def moment(self, at: At) -> datetime:
        """A step's moment. Shares count open time only; minutes before and after are plain ones."""
        if at.anchor is Anchor.SHARE:
            return self.at(at.amount / _WHOLE)
        span = timedelta(seconds=at.amount)
        deadline = self.at(1.0)
        return deadline - span if at.anchor is Anchor.BEFORE else deadline + span


class Due(Noun):
    """What has become due on one timer, worked out for one `now`."""

    furthest: Step
    """The latest step that is due: what every message states."""
    notify: tuple[str, ...]
    """Channels to tell, each once, in the order in which the steps name them."""
    skipped: tuple[tuple[str, str], ...] = ()
    """(label, why) of due steps that nobody is told of."""
    notes: tuple[str, ...] = ()
    group: str | None = None
    silent: bool = False
    """Nobody is told of anything: all of it came while somebody was on it."""


def plan_steps(
    policy: Policy,
    ticket: Ticket,
    decision: Decision,
    span: Span,
    *,
    target: Target = Target.FIRST_RESPONSE,
    plan: str,
    has_tam: bool = False,
) -> tuple[Step, ...]:
    """All steps of one timer by their moments; one before its start comes at its start.

    A customer with a TAM: the TAM is told of a P1 or P2 at creation and with every step.
    """
    tam = ("tam",) if has_tam and decision.severity in SEVERE else ()
    steps = [
        Step(
            label=rule.at.label,
            moment=max(span.start, span.moment(rule.at)),
            notify=_once_each((*rule.notify, *(tam if rule.notify else ()))),
            state=rule.state or _state(rule.at),
            repeat_seconds=int(rule.repeat.total_seconds()) if rule.repeat else None,
            digest=rule.digest,
            note=rule.note,
            group=rule.group,
        )
        for rule in policy.steps
        if rule.target is target and _is_for(rule, ticket, decision, plan)
    ]
    first = target is Target.FIRST_RESPONSE
    if tam and first and not any(step.moment <= span.start and step.notify for step in steps):
        steps.append(Step(label="0%", moment=span.start, notify=tam))
    return tuple(sorted(steps, key=lambda step: step.moment))


def review_steps(policy: Policy, since: datetime) -> tuple[Step, ...]:
    """Whom a doubtful decision is shown to, and who is told when nobody has looked."""
    late = since + policy.review.within
    return (
        Step(label="0%", moment=since, notify=policy.review.notify),
        Step(label="100%", moment=late, notify=policy.review.then),
    )


def due_steps(timer: Timer, now: datetime) -> Due | None:
    """The steps after `handled_until` and up to `now`, folded into one message per channel.

    We may be late: down for hours, a lost webhook, a severity raised. Each channel of the steps
    that are due then gets one message that states the furthest; the others count as skipped. What
    comes while somebody has acknowledged is skipped too, the breach itself never.
    """
    since = timer.handled_until
    found = sorted(
        (one for step in timer.steps for one in step.occurrences(since, now)),
        key=lambda step: step.moment,
    )
    quiet = [step for step in found if _is_quiet(step, timer)]
    loud = [step for step in found if step not in quiet]
    again = _asked_again(timer, now)
    if again:
        loud = sorted((*loud, again), key=lambda step: step.moment)
    if not loud and not quiet:
        return None
    on_it = f"acknowledged by {timer.acknowledged.by}" if timer.acknowledged else ""
    skipped = [(step.label, on_it) for step in quiet]
    furthest = (loud or quiet)[-1]
    together = [step for step in loud if step.moment == furthest.moment]
    skipped += [(step.label, "later step sent") for step in loud if step not in together]
    return Due(
        furthest=furthest,
        notify=_once_each(name for step in (*together, *loud) for name in step.notify),
        skipped=tuple(skipped),
        notes=tuple(step.note for step in found if step.note),
        group=next((step.group for step in reversed(found) if step.group), None),
        silent=not loud,
    )


def sla_state(timer: Timer, now: datetime) -> SlaState:
    """on_track, then what the steps that have passed say; from the deadline on breached."""
    if now >= timer.deadline:
        return SlaState.BREACHED
    said = {step.state for step in timer.steps if step.moment <= now}
    worst = (SlaState.BREACHED, SlaState.NEAR)
    return next((state for state in worst if state in said), SlaState.ON_TRACK)


def _is_for(rule: StepRule, ticket: Ticket, decision: Decision, plan: str) -> bool:
    return (
        decision.severity in rule.severities
        and (not rule.plans or plan in rule.plans)
        and (not rule.tags or any(tag in rule.tags for tag in ticket.tags))
        and (rule.meta is None or rule.meta is decision.meta_dependency)
    )


def _is_quiet(step: Step, timer: Timer) -> bool:
    """True for a repeat or a step before the breach that came while somebody was on it."""
    said = timer.acknowledged
    if said is None or not said.at <= step.moment < said.until:
        return False
    return step.again or step.moment < timer.deadline


def _asked_again(timer: Timer, now: datetime) -> Step | None:
    """An acknowledgement has run out: whoever was told last is told that nobody has answered."""
    said = timer.acknowledged
    if said is None or not timer.handled_until < said.until <= now:
        return None
    past = [step for step in timer.steps if step.moment <= said.until and step.notify]
    sent = [step for step in past if not _is_quiet(step, timer)]
    told = (sent or past)[-1].notify if past else ()
    return Step(label=ASKED_AGAIN, moment=said.until, notify=told)


def _state(at: At) -> SlaState | None:
    """A step right at creation is a notice, not a sign that a breach is near."""
    if at.anchor is Anchor.AFTER or (at.anchor is Anchor.SHARE and at.amount >= _WHOLE):
        return SlaState.BREACHED
    if at.anchor is Anchor.SHARE and at.amount == 0:
        return None
    return SlaState.NEAR


def _once_each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
