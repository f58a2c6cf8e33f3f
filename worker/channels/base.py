"""What a notification channel has to be able to do. A new one is a file and a registry line."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel

from worker.tickets import Moment, Noun, Reason, Severity, Target
from worker.transport import Transport

ASKS = frozenset({"escalation", "review"})
"""Types that ask somebody for something; the others tell how it went."""
ABOUT_ITSELF = frozenset({"alarm", "alarm over"})
"""Types that are about the service and no ticket: what is wrong is in the place of the subject."""


class AlertTicket(Noun):
    """The ticket as a channel shows it; the subject is hostile text and stays unescaped here."""

    helpdesk: str
    account: str
    id: str
    subject: str
    url: str | None


class Listed(Noun):
    """One line of a digest."""

    ticket: AlertTicket
    severity: Severity
    target: Target
    step: str
    deadline: Moment


class Alert(Noun):
    """One message to one channel. Each channel renders it and escapes for its own place."""

    id: str
    """The same alert sent again has the same id: a channel's duplicate guard."""
    type: str
    """escalation, resolved, acknowledged, review, digest, test, alarm or alarm over."""
    channel: str
    """The channel's name in the policy."""
    ticket: AlertTicket
    severity: Severity
    target: Target = Target.FIRST_RESPONSE
    step: str
    """`75%`, `-10m`, `+15m`, `100% +30m`; with resolved and acknowledged, what happened."""
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
    to: tuple[str, ...] = ()
    """E-mail addresses in the place of the channel's own: the assignee's, a group's, a TAM's."""
    otherwise: tuple[str, ...] = ()
    """Channels that are tried, in this order, when this one fails."""
    instead_of: str | None = None
    """The channel that failed or is closed now, in whose place this one is told."""
    gather: bool = False
    """May wait for others and be shown in one list with them."""
    listed: tuple[Listed, ...] = ()
    """With digest: what is gathered in it."""
    made_at: Moment | None = None
    """When it was decided that it be sent."""

    @property
    def place(self) -> str:
        """Where it goes and about what."""
        return " ".join((self.channel, self.target, *self.to))

    @property
    def overtakes(self) -> str:
        """Equal for alerts of which only the latest is worth sending."""
        return self.place if self.type in ASKS else f"{self.type} {self.place}"


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

    @property
    def FOLLOWS(self) -> bool:  # noqa: N802 a constant of the module
        """Whether it takes `resolved` and `acknowledged` of an alert that it was sent."""
        ...

    @property
    def GATHERS(self) -> bool:  # noqa: N802 the same
        """Whether many alerts may come to it as one `digest`."""
        ...

    def build(self, name: str, options: Any, transport: Transport) -> Channel:
        """A channel from its validated options; makes no call yet."""
        ...
