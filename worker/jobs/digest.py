"""digest: what was gathered for a channel, as one message."""

from __future__ import annotations

from datetime import datetime

from worker.channels.base import Alert
from worker.delivery import digest_of, route
from worker.errors import Permanent, Transient
from worker.jobs.frame import carried, unless_paused
from worker.jobs.notify import closed, given_up, key_of, muted_away, send, still_true, the_channel
from worker.store.due import Claim
from worker.store.keys import Kind, Member
from worker.wiring import Parts

TRIES = 6
"""About a minute of growing pauses; then the next channels named are told."""


@carried
def digest(parts: Parts, claim: Claim, now: datetime) -> None:
    """Send what is still true of it; a single one goes as it is. Safe to run twice.

    A crash between the channel's send and our record of it may send once more, under the same id.
    """
    unless_paused(parts)
    place = claim.member.subject
    waiting = parts.gathering.gathered(place)
    alerts = [alert for alert_id in waiting if (alert := _to_send(parts, alert_id, now))]
    if len(alerts) == 1:
        send(parts, alerts[0], now)
    elif alerts:
        _send_together(parts, alerts, now, last_try=claim.attempt >= TRIES)
    if parts.gathering.drop(place, len(waiting)):
        parts.due.arm(claim.member, now + parts.policy.digest.hurry)


def _to_send(parts: Parts, alert_id: str, now: datetime) -> Alert | None:
    alert, done = parts.records.alert(alert_id)
    if alert is None or done or not still_true(parts, alert, now):
        return None
    if muted_away(parts, alert, now):
        return None
    way = route(alert, parts.policy, now, parts.switches.muted(now))
    if way.instead:
        closed(parts, alert, way.instead, now)
        return None
    if way.hold_until:  # by itself again: when the channel opens it may have been overtaken
        parts.due.arm(Member(Kind.SEND, alert.id), way.hold_until)
        return None
    return alert


def _send_together(parts: Parts, alerts: list[Alert], now: datetime, *, last_try: bool) -> None:
    name = alerts[0].channel
    try:
        the_channel(parts, name).send(digest_of(alerts, now), now=now)
    except (Permanent, Transient) as fault:
        if isinstance(fault, Transient) and not last_try:
            raise
        for alert in alerts:
            given_up(parts, alert, str(fault), now)
        return
    for alert in alerts:
        parts.records.alert_done(alert.id, "sent in a digest")
        line = ("sent", f"{alert.step}: {name}, in a digest of {len(alerts)}")
        parts.records.say(key_of(alert), [line], now=now)
    parts.journal.count("alert_sent", len(alerts))
    parts.journal.count("digest_sent")
