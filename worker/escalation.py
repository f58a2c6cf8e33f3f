"""Which steps a timer has, which are due, and who gets which message. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from worker.policy import Policy
from worker.policy.durations import Anchor, At
from worker.tickets import Noun, Severity, SlaState
from worker.timer import Step, Timer

_WHOLE = 100
"""Percent: the deadline itself."""


class Due(Noun):
    """What has become due on one timer, worked out for one `now`."""

    furthest: Step
    """The latest step that is due: what every message states."""
    notify: tuple[str, ...]
    """Channels to tell, each once, in the order in which the steps name them."""
    skipped: tuple[str, ...] = ()
    """Labels of due steps that an even later one replaces."""
    state: SlaState | None = None
    """What SLA state the ticket should show now."""


def plan_steps(
    policy: Policy, severity: Severity, created_at: datetime, deadline: datetime
) -> tuple[Step, ...]:
    """All steps of one ticket by their moments; a step before creation comes at creation."""
    steps = [
        Step(
            label=rule.at.label,
            moment=max(created_at, rule.at.moment(created_at, deadline)),
            notify=rule.notify,
            state=_state(rule.at),
            repeat_seconds=int(rule.repeat.total_seconds()) if rule.repeat else None,
        )
        for rule in policy.steps
        if severity in rule.severities
    ]
    return tuple(sorted(steps, key=lambda step: step.moment))


def due_steps(timer: Timer, now: datetime) -> Due | None:
    """The steps after `handled_until` and up to `now`, folded into one message per channel.

    We may be late: down for hours, a lost webhook, a severity raised. Each channel of the steps
    that are due then gets one message that states the furthest; the others count as skipped.
    """
    found = [
        occurrence
        for step in timer.steps
        for occurrence in step.occurrences(timer.handled_until, now)
    ]
    if not found:
        return None
    found.sort(key=lambda step: step.moment)
    furthest = found[-1]
    together = [step for step in found if step.moment == furthest.moment]
    return Due(
        furthest=furthest,
        notify=_once_each(name for step in (*together, *found) for name in step.notify),
        skipped=tuple(step.label for step in found if step not in together),
        state=sla_state(timer, now),
    )


def sla_state(timer: Timer, now: datetime) -> SlaState:
    """on_track, near (a step has passed after creation), or breached."""
    if now >= timer.deadline:
        return SlaState.BREACHED
    near = any(step.state is SlaState.NEAR and step.moment <= now for step in timer.steps)
    return SlaState.NEAR if near else SlaState.ON_TRACK


def _state(at: At) -> SlaState | None:
    """A step right at creation is a notice, not a sign that a breach is near."""
    if at.anchor is Anchor.AFTER or (at.anchor is Anchor.SHARE and at.amount >= _WHOLE):
        return SlaState.BREACHED
    if at.anchor is Anchor.SHARE and at.amount == 0:
        return None
    return SlaState.NEAR


def _once_each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
