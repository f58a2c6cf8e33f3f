"""From due steps to alerts: who is told what, with which mode, under which unique id. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

from worker.channels.base import ASKS, Alert, AlertTicket
from worker.escalation import ASKED_AGAIN, Due
from worker.links import Ask, Links
from worker.policy import PEOPLE, Policy
from worker.record import State
from worker.settings import Mode
from worker.tickets import Noun, Person, Target
from worker.timer import Step, Timer

Line = tuple[str, str]


class Telling(Noun):
    """The alerts of one moment, and what the record says about them."""

    alerts: tuple[Alert, ...]
    lines: tuple[Line, ...]


class Recipient(Noun):
    """One channel, and whom it should reach when that is not the channel's own."""

    channel: str
    to: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.channel} ({', '.join(self.to)})" if self.to else self.channel


def tell(
    state: State,
    timer: Timer,
    due: Due,
    policy: Policy,
    mode: Mode,
    *,
    confirmed: bool,
    links: Links,
    people: Mapping[str, Collection[Person]],
    now: datetime,
) -> Telling:
    """One alert for each channel of the due steps; in observe only the console is called.

    `people` are whom `assignee` and `group` stand for on this ticket.
    """
    alerts: dict[str, Alert] = {}
    lines: list[Line] = []
    step = due.furthest
    for name in () if due.silent else due.notify:
        recipients, why_not = _reach(name, state, timer, policy, people)
        lines += [("skipped", f"{step.label}: {why}") for why in why_not]
        for one in recipients:
            if _only_observed(policy, mode, one.channel):
                lines.append(("would have notified", f"{step.label}: {one} (mode observe)"))
                continue
            alert = about(
                state,
                timer,
                "review" if timer.target is Target.REVIEW else "escalation",
                step.label,
                one,
                policy,
                links,
                now,
                occasion=_occasion(step),
            )
            alert = alert.model_copy(
                update={
                    "confirmed": confirmed,
                    "gather": step.digest,
                    "otherwise": _next_to_try(one.channel, due, timer, policy),
                }
            )
            alerts.setdefault(alert.id, alert)
    lines += [("skipped", f"{label}: {why}") for label, why in due.skipped]
    return Telling(alerts=tuple(alerts.values()), lines=tuple(lines))


def followed(
    before: State | None,
    after: State,
    policy: Policy,
    mode: Mode,
    links: Links,
    follows: Collection[str],
    now: datetime,
) -> tuple[Alert, ...]:
    """What channels that follow an alert hear when its timer ended or somebody is on it."""
    if before is None or after.decision is None:
        return ()
    found = []
    for old in before.timers():
        new = after.timer_of(old.target)
        taken = new.acknowledged if new and new.acknowledged != old.acknowledged else None
        if new is not None and taken is None:
            continue
        kind = "acknowledged" if taken else "resolved"
        what = f"acknowledged by {taken.by}" if taken else ending(after, old.target)
        for name in old.told:
            if name in follows and not _only_observed(policy, mode, name):
                one = Recipient(channel=name)
                alert = about(
                    after,
                    new or old,
                    kind,
                    what,
                    one,
                    policy,
                    links,
                    now,
                    occasion=f"{what} at {taken.at.isoformat()}" if taken else what,
                )
                found.append(alert)
    return tuple(found)


def about(
    state: State,
    timer: Timer,
    kind: str,
    step: str,
    recipient: Recipient,
    policy: Policy,
    links: Links,
    now: datetime,
    *,
    occasion: str,
) -> Alert:
    """One message about one timer to one recipient.

    `occasion` tells it from others of its kind: the step's label, unless that may come twice.
    """
    ticket, decision = state.ticket, state.decision
    if decision is None:
        raise ValueError(f"{ticket.key}: an alert needs a decision")
    ask = Ask(
        key=ticket.key,
        target=timer.target,
        since=timer.created_at,
        channel=recipient.channel,
        until=now + policy.acknowledge.valid,
    )
    waits = kind in ASKS
    return Alert(
        id=alert_id(
            str(ticket.key),
            timer.target.value,
            timer.deadline.isoformat(),
            occasion if waits else f"{kind}: {occasion}",
            recipient.channel,
            *recipient.to,
        ),
        type=kind,
        channel=recipient.channel,
        ticket=AlertTicket(
            helpdesk=ticket.key.helpdesk,
            account=ticket.key.account,
            id=ticket.key.id,
            subject=ticket.subject,
            url=ticket.url,
        ),
        severity=decision.severity,
        target=timer.target,
        step=step,
        created_at=timer.created_at,
        deadline=timer.deadline,
        plan=timer.plan,
        reasons=decision.reasons,
        meta_dependency=decision.meta_dependency,
        acknowledge_url=links.acknowledge(ask) if waits else None,
        minutehand_url=links.page(ticket.key),
        time_zone=policy.time_zone,
        to=recipient.to,
        made_at=now,
    )


def _occasion(step: Step) -> str:
    """Every acknowledgement that runs out is one of its own, whoever had acknowledged before."""
    if step.label == ASKED_AGAIN:
        return f"{step.label} since {step.moment.isoformat()}"
    return step.label


def alert_id(*parts: str) -> str:
    """What makes an alert unique: ticket, target, deadline, step and channel."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _reach(
    name: str,
    state: State,
    timer: Timer,
    policy: Policy,
    people: Mapping[str, Collection[Person]],
) -> tuple[list[Recipient], list[str]]:
    """The recipients that a name in `notify` stands for here, and why there are no others."""
    if name in PEOPLE and name not in policy.channels:
        return _reach_people(name, state, policy, people)
    if name == "tam":
        return _reach_tam(state, timer, policy)
    if name in policy.channels:
        return [Recipient(channel=name)], []
    return [], [f"no notification channel {name} is configured"]


def _reach_people(
    name: str, state: State, policy: Policy, people: Mapping[str, Collection[Person]]
) -> tuple[list[Recipient], list[str]]:
    mapped = policy.groups.get(state.ticket.group or "", ()) if name == "group" else ()
    if mapped:
        known = [one for one in mapped if one in policy.channels]
        return [Recipient(channel=one) for one in known], []
    found = people.get(name, ())
    if not found:
        nobody = "nobody is assigned" if name == "assignee" else "no group has it, or nobody in it"
        return [], [f"{name}: {nobody}"]
    if policy.people is None:
        return [], [f"{name}: the policy names no channel for `people`"]
    return [Recipient(channel=policy.people, to=(person.email,)) for person in found], []


def _reach_tam(state: State, timer: Timer, policy: Policy) -> tuple[list[Recipient], list[str]]:
    """Nobody is sent to a TAM but the customers who have one."""
    person = policy.tam.of(state.ticket, state.customer)
    through = "tam" if "tam" in policy.channels else policy.people
    if person and through:
        return [Recipient(channel=through, to=(person.email,))], []
    if person is None and timer.plan not in policy.tam.plans:
        return [], ["tam: this customer has none"]
    why = "no channel reaches a TAM" if person else "the address of this customer's is not known"
    lead = [Recipient(channel="lead")] if "lead" in policy.channels else []
    return lead, [f"tam: {why}; lead is told instead"]


def _next_to_try(channel: str, due: Due, timer: Timer, policy: Policy) -> tuple[str, ...]:
    """What the policy names for when this channel fails: its own alternate, then later steps'."""
    alternate = policy.channels[channel].otherwise if channel in policy.channels else None
    later = (name for step in timer.steps for name in step.notify)
    named = [name for name in (alternate, *later) if name and name in policy.channels]
    return tuple(dict.fromkeys(name for name in named if name not in {channel, *due.notify}))


def _only_observed(policy: Policy, mode: Mode, channel: str) -> bool:
    return mode is Mode.OBSERVE and policy.channels[channel].type != "console"


def ending(after: State, target: Target) -> str:
    """Why the target's timer does not run any more, for people."""
    if target is Target.FIRST_RESPONSE and after.settled:
        return str(after.settled.why)
    if target is Target.REVIEW:
        return "reviewed"
    return "answered" if target is Target.NEXT_REPLY else "over"
