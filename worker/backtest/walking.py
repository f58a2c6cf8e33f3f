"""One timer's steps in their turn, up to the moment at which it really ended. Pure.

`due_steps`, `tell` and `route` are the ones that live tickets go through. Nobody acknowledged
anything in history, so repeats are the most that there can be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.alerting import tell
from worker.backtest.fates import Again, Fate, Guarded, Sent
from worker.channels.base import Alert
from worker.delivery import instead, route
from worker.escalation import due_steps
from worker.helpdesks.export import Past
from worker.links import Links
from worker.policy import PEOPLE, ChannelRule, Policy
from worker.record import State
from worker.settings import Mode
from worker.severity import Rubric
from worker.tickets import Person, Target
from worker.timer import Timer

NOWHERE = Links(None, "")
SOMEBODY = Person(email="somebody@example.invalid")
"""An export names agents and groups but gives no addresses; that there is one is enough."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy with every channel that its steps name, and the rubric."""

    policy: Policy
    rubric: Rubric
    configured: frozenset[str]
    """The channels that the policy really has; the others would be skipped today."""

    @classmethod
    def of(cls, policy: Policy) -> Rules:
        """Raises `Misconfigured` when the model's file is damaged."""
        named = {name for step in policy.steps for name in step.notify}
        named |= {*policy.review.notify, *policy.review.then} - {"tam"}
        wanted = sorted(named - set(policy.channels) - {*PEOPLE, "tam"})
        added = {name: ChannelRule(type="console") for name in wanted}
        everything = policy.model_copy(update={"channels": {**policy.channels, **added}})
        return cls(everything, Rubric.of(policy), frozenset(policy.channels))


def guard(state: State, timer: Timer, past: Past, rules: Rules, as_of: datetime) -> Guarded:
    """What one timer did, and how its target went."""
    fate, until = _end(timer, past, as_of)
    sent, again = _steps(state, timer, rules, until)
    return Guarded(timer, fate, sent, again)


def _end(timer: Timer, past: Past, as_of: datetime) -> tuple[Fate, datetime]:
    """How it went, and from when on no step is sent any more."""
    ticket = past.ticket
    ends = [past.ended_at]
    if timer.target is not Target.RESOLUTION:
        ends.append(ticket.first_response_at)
    known = [moment for moment in ends if moment]
    over = ticket.status.over
    # Over, and nothing says since when: its last change is the latest that this can have been.
    unknown = ticket.updated_at if over and ticket.updated_at else as_of + timedelta(seconds=1)
    until = min(known, default=unknown)
    done = past.ended_at if timer.target is Target.RESOLUTION else ticket.first_response_at
    if done:
        return (Fate.LATE if done > timer.deadline else Fate.MET), until
    if timer.target is not Target.RESOLUTION and not past.answer_known:
        return Fate.UNKNOWN, until
    if past.ended_at:
        return (Fate.CLOSED_LATE if past.ended_at > timer.deadline else Fate.MET), until
    if over:
        return Fate.UNKNOWN, until
    return (Fate.WAITING if timer.deadline < as_of else Fate.OPEN), until


def _steps(
    state: State, timer: Timer, rules: Rules, until: datetime
) -> tuple[tuple[Sent, ...], tuple[Again, ...]]:
    """Every step in its turn, as `escalate` takes them; repeats are counted, not walked."""
    once = [step.model_copy(update={"repeat_seconds": None}) for step in timer.steps]
    running = timer.model_copy(update={"steps": tuple(once)})
    people = {name: (SOMEBODY,) for name in PEOPLE if getattr(state.ticket, name)}
    sent: dict[tuple[str, str, datetime], Sent] = {}
    again: list[Again] = []
    while (now := running.next_moment()) is not None and now < until:
        due = due_steps(running, now)
        if due is None:
            break
        told = tell(
            state,
            running,
            due,
            rules.policy,
            Mode.LIVE,
            confirmed=True,
            links=NOWHERE,
            people=people,
            now=now,
        )
        arrived = [_arrives(alert, rules.policy, now) for alert in told.alerts]
        for alert, at in arrived:
            if at < until:  # what a channel's hours held back is sent once, as the latest of it
                one = Sent(timer.target, alert.step, alert.channel, at)
                sent[alert.channel, "".join(alert.to), at] = one
        again += _repeats(timer, now, until, (alert.channel for alert, _ in arrived))
        running = running.model_copy(update={"handled_until": now})
    return tuple(sent.values()), tuple(again)


def _arrives(alert: Alert, policy: Policy, now: datetime) -> tuple[Alert, datetime]:
    """Where and when it arrives, by the hours of its channel."""
    way = route(alert, policy, now, {})
    while way.instead:
        alert = instead(alert, way.instead, now)
        way = route(alert, policy, now, {})
    return alert, way.hold_until or now


def _repeats(
    timer: Timer, now: datetime, until: datetime, channels: Iterable[str]
) -> Iterable[Again]:
    """The repeats of the step at this moment, before somebody answered."""
    step = next((one for one in timer.steps if one.moment == now and one.repeat_seconds), None)
    if step is None or step.repeat_seconds is None:
        return []
    times = math.ceil((until - now).total_seconds() / step.repeat_seconds) - 1
    return [Again(step.label, channel, times) for channel in channels] if times > 0 else []
