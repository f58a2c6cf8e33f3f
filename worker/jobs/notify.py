"""notify: one alert to one notification channel."""

from __future__ import annotations

from datetime import datetime

import structlog

from worker.alerting import ending
from worker.channels.base import ASKS, Alert, Channel
from worker.delivery import GIVEN_UP_AFTER, instead, next_to_try, route
from worker.errors import Permanent, Transient
from worker.escalation import due_steps
from worker.jobs.change import change
from worker.jobs.frame import carried, unless_paused
from worker.record import State
from worker.settings import Mode
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.targets import clock_time
from worker.tickets import Severity, Target, TicketKey
from worker.wiring import Parts

log = structlog.get_logger()

FOLLOW = {"resolved", "acknowledged"}
"""Types that only make sense where somebody was told before."""


@carried
def notify(parts: Parts, claim: Claim, now: datetime) -> None:
    """Send an alert, unless it was sent before or somebody has answered meanwhile.

    A crash between the channel's send and our record of it may send once more; the alert keeps
    its id, by which a receiver can tell.
    """
    alert, done = parts.records.alert(claim.member.subject)
    if alert is None or done:
        return
    unless_paused(parts)
    if still_true(parts, alert, now):
        notify_of(parts, claim, alert, now)


def notify_of(parts: Parts, claim: Claim, alert: Alert, now: datetime) -> None:
    """The same with an alert that is known to be true: it was decided this moment, or looked at."""
    if muted_away(parts, alert, now):
        return
    way = route(alert, parts.policy, now, parts.switches.muted(now))
    if way.instead:
        closed(parts, alert, way.instead, now)
        return
    if way.hold_until:
        seconds = (way.hold_until - now).total_seconds()
        log.info("held until the channel opens", channel=alert.channel, seconds=int(seconds))
        parts.due.postpone(claim, seconds)
        return
    if alert.channel in parts.gathers and not _has_its_turn(parts, alert, now):
        return
    send(parts, alert, now)


def closed(parts: Parts, alert: Alert, instead: str, now: datetime) -> None:
    """Its channel is outside its hours: the alternate is told."""
    pass_on(parts, alert, instead, "outside its hours", now)
    parts.records.alert_done(alert.id, f"outside its hours: {instead}")


def muted_away(parts: Parts, alert: Alert, now: datetime) -> bool:
    """True, and on the record, when the channel is muted: its alternate is told, or nobody."""
    way = route(alert, parts.policy, now, parts.switches.muted(now))
    if way.muted_until is None:
        return False
    until = f"muted until {clock_time(way.muted_until, parts.policy.time_zone)}"
    if way.instead:
        pass_on(parts, alert, way.instead, until, now)
    else:
        text = f"{alert.step}: {alert.channel} {until}"
        parts.records.say(key_of(alert), [("skipped", text)], now=now)
    parts.records.alert_done(alert.id, until)
    return True


def still_true(parts: Parts, alert: Alert, now: datetime) -> bool:
    """False, and on the record, when an alert that waited says what is not so any more."""
    key = key_of(alert)
    if alert.type in FOLLOW and not parts.records.was_reached(key, alert.place):
        parts.records.alert_done(alert.id, "nobody was told before")
        return False
    state, _ = parts.records.load(key)
    newer = parts.records.latest_alert(key, alert.overtakes) not in {None, alert.id}
    newer = newer or _later_step_is_due(alert, state, now)
    overtaken = "later step sent" if newer and alert.type in ASKS else _overtaken(alert, state)
    if overtaken:
        parts.records.alert_done(alert.id, "not sent")
        text = f"{alert.step}: {alert.channel}: {overtaken}"
        parts.records.say(key, [("skipped", text)], now=now)
        return False
    rule = parts.policy.channels.get(alert.channel)
    if parts.settings.mode is Mode.OBSERVE and rule and rule.type != "console":
        parts.records.alert_done(alert.id, "mode observe")
        text = f"{alert.step}: {alert.channel} (mode observe)"
        parts.records.say(key, [("would have notified", text)], now=now)
        return False
    return True


def send(parts: Parts, alert: Alert, now: datetime) -> bool:
    """Send now; a channel that fails for good, or for long, is passed over. True when it is sent.

    Raises `Transient` while it is worth trying again.
    """
    key = key_of(alert)
    try:
        channel = the_channel(parts, alert.channel)
        parts.records.reaching(key, alert.place)  # before: what may have arrived has to be ended
        channel.send(alert, now=now)
    except Transient as fault:
        parts.journal.count("alert_again_later")
        left = _seconds_left(alert, now, parts.switches.look().resumed_at)
        if left is None or left > 0:
            fault.at_most = left
            raise
        given_up(parts, alert, f"{fault}; given up after {GIVEN_UP_AFTER.seconds} s", now)
        return False
    except Permanent as fault:
        given_up(parts, alert, str(fault), now)
        return False
    place = f" in the place of {alert.instead_of}" if alert.instead_of else ""
    to = f" ({', '.join(alert.to)})" if alert.to else ""
    parts.records.alert_sent(key, alert.id, f"{alert.step}: {alert.channel}{to}{place}", now=now)
    return True


def the_channel(parts: Parts, name: str) -> Channel:
    """A channel of the policy in force; raises `Permanent` when it names it no more."""
    try:
        return parts.channels[name]
    except KeyError:
        raise Permanent(f"channel {name} is gone") from None


def given_up(parts: Parts, alert: Alert, why: str, now: datetime) -> None:
    """It will never arrive there: on the record, on the board, in the log; the next is told."""
    key = key_of(alert)
    log.error("alert failed", ticket=str(key), why=why)
    parts.records.say(key, [("failed", f"{alert.step}: {why}")], now=now)
    parts.journal.say(f"An alert could not be sent: {why}", now)
    parts.journal.count("alert_failed")
    muted = parts.switches.muted(now)
    following = next_to_try(alert, parts.policy, muted) if alert.type in ASKS else None
    if following:
        pass_on(parts, alert, following, "failed", now)
    parts.records.alert_done(alert.id, "failed")  # last: a crash before it tells the next again


def pass_on(parts: Parts, alert: Alert, channel: str, why: str, now: datetime) -> None:
    """Tell another channel instead, once."""
    other = instead(alert, channel, now)
    line = ("said", f"{alert.step}: {alert.channel} {why}, {channel} is told instead")

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        return _told_too(state, alert.target, channel), Effects(lines=(line,), alerts=(other,))

    change(parts, key_of(alert), step, now=now)


def key_of(alert: Alert) -> TicketKey:
    ticket = alert.ticket
    return TicketKey(ticket.helpdesk, ticket.account, ticket.id)


def _told_too(state: State, target: Target, channel: str) -> State:
    timer = state.timer_of(target)
    if timer is None or channel in timer.told:
        return state
    return state.with_timer(timer.model_copy(update={"told": (*timer.told, channel)}))


def _has_its_turn(parts: Parts, alert: Alert, now: datetime) -> bool:
    """False when the channel has had enough messages lately, or the step wants a digest."""
    if alert.type not in ASKS:
        return True
    limit = parts.policy.digest
    gather = alert.gather and alert.severity is not Severity.P1
    return parts.gathering.may_send(
        " ".join((alert.channel, *alert.to)),
        alert.id,
        now,
        most=limit.most,
        within=limit.within,
        gather=gather,
        wait=limit.every if gather else limit.hurry,
    )


def _seconds_left(alert: Alert, now: datetime, resumed_at: datetime | None) -> float | None:
    """Until the next channel is told; None: there is none, so this one is tried on and on.

    What waited for the end of a pause has its time from then on.
    """
    if alert.made_at is None or not alert.otherwise or alert.type not in ASKS:
        return None
    began = max(alert.made_at, resumed_at or alert.made_at)
    return max(0.0, (began + GIVEN_UP_AFTER - now).total_seconds())


def _later_step_is_due(alert: Alert, state: State | None, now: datetime) -> bool:
    """True when this one waited so long (a pause, nobody running) that its channel is told more.

    The step's own job is about to do so; two messages about one ticket would be one too many.
    """
    for timer in state.timers() if state else ():
        due = due_steps(timer, now) if timer.target is alert.target else None
        if due and not due.silent and not alert.to:
            return alert.channel in due.notify
    return False


def _overtaken(alert: Alert, state: State | None) -> str | None:
    """Why an alert that waited is not true any more, or None."""
    if alert.type not in ASKS:
        return None
    if state is None:
        return "its timer ended meanwhile"
    timer = state.timer_of(alert.target)
    if timer is None:
        return f"{ending(state, alert.target)} meanwhile"
    said, made_at = timer.acknowledged, alert.made_at
    if said and made_at and made_at <= said.at and made_at < alert.deadline:  # not the breach
        return f"acknowledged by {said.by} meanwhile"
    return None if timer.deadline == alert.deadline else "another severity was set meanwhile"
