"""What a notification channel has to be able to do. A new one is a file and a registry line."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel

from worker.tickets import Moment, Noun, Reason, Severity
from worker.transport import Transport


class AlertTicket(Noun):
    """The ticket as a channel shows it; the subject is hostile text and stays unescaped here."""

    helpdesk: str
    account: str
    id: str
    subject: str
    url: str | None


class Alert(Noun):
    """One message to one channel. Each channel renders it and escapes for its own place."""

    id: str
    """The same alert sent again has the same id: a channel's duplicate guard."""
    type: str
    """escalation, resolved, acknowledged, review, digest or test."""
    channel: str
    """The channel's name in the policy."""
    ticket: AlertTicket
    severity: Severity
    target: str = "first_response"
    step: str
    """`75%`, `-10m`, `+15m`, `100% +30m`."""
    created_at: Moment
    deadline: Moment
    plan: str | None = None
    reasons: tuple[Reason, ...] = ()
    meta_dependency: bool = False
    confirmed: bool = True
    """False: the helpdesk could not be asked whether somebody has answered meanwhile."""
    acknowledge_url: str | None = None
    minutehand_url: str | None = None
    """This ticket's page here, when PUBLIC_URL is set."""
    time_zone: str = "UTC"
    """For moments shown to people."""


class Channel(Protocol):
    """One configured notification channel. Safe to share between threads."""

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Deliver, or raise `Transient` / `Permanent` with a text that shows no URL or secret."""
        ...


class ChannelType(Protocol):
    """A module in worker/channels/: its file name is its word in the policy's `type`."""

    @property
    def Options(self) -> type[BaseModel]:  # noqa: N802 a class in the module
        """The channel's keys in the policy, validated; unknown keys are refused."""
        ...

    def build(self, name: str, options: Any, transport: Transport) -> Channel:
        """A channel from its validated options; makes no call yet."""
        ...
