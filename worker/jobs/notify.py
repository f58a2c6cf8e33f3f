"""notify: one alert to one notification channel."""

from __future__ import annotations

from datetime import datetime

import structlog

from worker.channels.base import Alert
from worker.errors import Permanent, Transient
from worker.jobs.frame import carried
from worker.record import State
from worker.settings import Mode
from worker.store.due import Claim
from worker.tickets import TicketKey
from worker.wiring import Parts

log = structlog.get_logger()


@carried
def notify(parts: Parts, claim: Claim, now: datetime) -> None:
    """Send an alert, unless it was sent before or somebody has answered meanwhile.

    A crash between the channel's send and our record of it may send once more; the alert keeps
    its id, by which a receiver can tell.
    """
    alert, done = parts.records.alert(claim.member.subject)
    if alert is None or done:
        return
    ticket = alert.ticket
    key = TicketKey(ticket.helpdesk, ticket.account, ticket.id)
    state, _ = parts.records.load(key)
    newer = parts.records.latest_alert(key, alert.channel) not in {None, alert.id}
    overtaken = "later step sent" if newer else _overtaken(alert, state)
    if overtaken:
        parts.records.alert_done(alert.id, "not sent")
        parts.records.say(
            key, [("skipped", f"{alert.step}: {alert.channel}: {overtaken}")], now=now
        )
        return
    rule = parts.policy.channels.get(alert.channel)
    if parts.settings.mode is Mode.OBSERVE and rule and rule.type != "console":
        parts.records.alert_done(alert.id, "mode observe")
        text = f"{alert.step}: {alert.channel} (mode observe)"
        parts.records.say(key, [("would have notified", text)], now=now)
        return
    channel = parts.channels.get(alert.channel)
    if channel is None:
        _failed(parts, key, alert.id, f"{alert.step}: channel {alert.channel} is gone", now)
        return
    try:
        channel.send(alert, now=now)
    except Transient:
        parts.journal.count("alert_again_later")
        raise
    except Permanent as fault:
        _failed(parts, key, alert.id, f"{alert.step}: {fault}", now)
        return
    parts.records.alert_done(alert.id, "sent")
    parts.records.say(key, [("sent", f"{alert.step}: {alert.channel}")], now=now)
    parts.journal.count("alert_sent")


def _overtaken(alert: Alert, state: State | None) -> str | None:
    """Why an escalation that waited is not true any more, or None."""
    if alert.type != "escalation":
        return None
    if state is None or state.timer is None:
        return "its timer ended meanwhile"
    if state.settled:
        return f"{state.settled.why} meanwhile"
    same = state.timer.deadline == alert.deadline
    return None if same else "another severity was set meanwhile"


def _failed(parts: Parts, key: TicketKey, alert_id: str, why: str, now: datetime) -> None:
    """It will never arrive: on the record, on the board, in the log."""
    log.error("alert failed", ticket=str(key), why=why)
    parts.records.alert_done(alert_id, "failed")
    parts.records.say(key, [("failed", why)], now=now)
    parts.journal.say(f"An alert could not be sent: {why.split(': ', 1)[-1]}", now)
    parts.journal.count("alert_failed")
