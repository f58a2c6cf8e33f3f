"""When and where an alert goes: its channel's hours, the alternate, the limit, the digest. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from worker.alerting import alert_id
from worker.channels.base import ASKS, Alert, Listed
from worker.policy import Policy
from worker.tickets import Moment, Noun

GIVEN_UP_AFTER = timedelta(seconds=50)
"""A channel that keeps failing this long is left for the next one named: within a minute."""

UNMUTED_WITHIN = timedelta(minutes=1)
"""What waits for the end of a mute looks this often whether somebody ended it."""


class Route(Noun):
    """What to do with an alert now: send it, or hold it, or tell another channel instead."""

    hold_until: Moment | None = None
    instead: str | None = None
    muted_until: Moment | None = None
    """The channel is muted; with nobody to tell instead, it is not sent at all."""


def route(alert: Alert, policy: Policy, now: datetime, muted: Mapping[str, datetime]) -> Route:
    """By its channel's hours, where a severity in `always` (P1) is sent whatever the hour.

    `muted` says until when a channel gets nothing, P1 neither: what asks for something goes to its
    alternate or nowhere, how it went is told afterwards.
    """
    until = muted.get(alert.channel)
    if until and until > now:
        if alert.type not in ASKS:
            return Route(hold_until=min(until, now + UNMUTED_WITHIN))
        return Route(instead=_not_muted(alert.channel, policy, now, muted), muted_until=until)
    rule = policy.channels.get(alert.channel)
    if rule is None or rule.hours is None or alert.type not in ASKS:
        return Route()
    hours = policy.hours[rule.hours]
    if alert.severity in rule.always or hours.open_at(now):
        return Route()
    if rule.otherwise:
        return Route(instead=rule.otherwise)
    return Route(hold_until=hours.next_open(now))


def _not_muted(
    channel: str, policy: Policy, now: datetime, muted: Mapping[str, datetime]
) -> str | None:
    """The nearest alternate of a channel that is not muted itself; a policy has no circles."""
    rule = policy.channels.get(channel)
    while rule and rule.otherwise:
        until = muted.get(rule.otherwise)
        if until is None or until <= now:
            return rule.otherwise
        rule = policy.channels.get(rule.otherwise)
    return None


def instead(alert: Alert, channel: str, now: datetime) -> Alert:
    """The same alert to another channel, which says in whose place."""
    return alert.model_copy(
        update={
            "id": alert_id(alert.id, "instead", channel),
            "channel": channel,
            "instead_of": alert.channel,
            "otherwise": tuple(name for name in alert.otherwise if name != channel),
            "to": (),
            "made_at": now,
        }
    )


def next_to_try(alert: Alert, policy: Policy, muted: Collection[str] = ()) -> str | None:
    """The channel that is told when this one fails, or None when none is left.

    One that is muted comes last: it would pass the alert on, or drop it.
    """
    known = [name for name in alert.otherwise if name in policy.channels]
    return next((name for name in known if name not in muted), known[0] if known else None)


def digest_of(alerts: Sequence[Alert], now: datetime) -> Alert:
    """Many alerts to one channel as one message; the most severe gives it its severity."""
    ordered = sorted(alerts, key=lambda alert: (alert.severity.rank, alert.deadline))
    first = ordered[0]
    ids = hashlib.sha256("".join(sorted(alert.id for alert in alerts)).encode()).hexdigest()
    return first.model_copy(
        update={
            "id": ids[:32],
            "type": "digest",
            "step": f"{len(alerts)} tickets",
            "reasons": (),
            "acknowledge_url": None,
            "instead_of": None,
            "gather": False,
            "made_at": now,
            "listed": tuple(
                Listed(
                    ticket=alert.ticket,
                    severity=alert.severity,
                    target=alert.target,
                    step=alert.step,
                    deadline=alert.deadline,
                )
                for alert in ordered
            ),
        }
    )
