"""From due steps to alerts: who is told what, with which mode, under which unique id. Pure."""

from __future__ import annotations

import hashlib

from worker.channels.base import Alert, AlertTicket
from worker.escalation import Due
from worker.policy import Policy
from worker.record import State
from worker.settings import Mode
from worker.tickets import Noun
from worker.timer import Step


class Telling(Noun):
    """The alerts of one moment, and what the record says about them."""

    alerts: tuple[Alert, ...]
    lines: tuple[tuple[str, str], ...]


def tell(
    state: State,
    due: Due,
    policy: Policy,
    mode: Mode,
    *,
    confirmed: bool,
    public_url: str | None,
) -> Telling:
    """One alert for each channel of the due steps; in observe only the console is called."""
    alerts, lines = [], []
    step = due.furthest
    for name in due.notify:
        channel = policy.channels.get(name)
        if channel is None:
            lines.append(("skipped", f"{step.label}: no notification channel {name} is configured"))
        elif mode is Mode.OBSERVE and channel.type != "console":
            lines.append(("would have notified", f"{step.label}: {name} (mode observe)"))
        else:
            alerts.append(
                _alert(state, step, name, policy, confirmed=confirmed, public_url=public_url)
            )
    lines += [("skipped", f"{label}: later step sent") for label in due.skipped]
    return Telling(alerts=tuple(alerts), lines=tuple(lines))


def _alert(
    state: State,
    step: Step,
    channel: str,
    policy: Policy,
    *,
    confirmed: bool,
    public_url: str | None,
) -> Alert:
    ticket, timer, decision = state.ticket, state.timer, state.decision
    if timer is None or decision is None:
        raise ValueError(f"{ticket.key}: an alert needs a timer and a decision")
    page = f"{public_url}/tickets/{ticket.key.helpdesk}/{ticket.key.id}" if public_url else None
    return Alert(
        id=alert_id(str(ticket.key), timer.target, timer.deadline.isoformat(), step.label, channel),
        type="escalation",
        channel=channel,
        ticket=AlertTicket(
            helpdesk=ticket.key.helpdesk,
            account=ticket.key.account,
            id=ticket.key.id,
            subject=ticket.subject,
            url=ticket.url,
        ),
        severity=decision.severity,
        target=timer.target,
        step=step.label,
        created_at=timer.created_at,
        deadline=timer.deadline,
        plan=timer.plan,
        reasons=decision.reasons,
        meta_dependency=decision.meta_dependency,
        confirmed=confirmed,
        minutehand_url=page,
        time_zone=policy.time_zone,
    )


def alert_id(*parts: str) -> str:
    """What makes an alert unique: ticket, target, deadline, step and channel."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
