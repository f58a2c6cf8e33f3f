"""Steps and what is said of channels, acknowledgements and reviews: who is told, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import ConfigDict, Field

from worker.policy.values import Span, StepMoment
from worker.tickets import Noun, Severity, SlaState, Target

BUILT_IN_CHANNELS = ("team", "oncall", "lead", "triage", "tam")
"""The names that the built-in steps notify; one that is not configured is skipped and said."""
PEOPLE = ("assignee", "group")
"""Whom a step may name besides channels: the ticket's agent, and the group that has it."""
SEVERE = (Severity.P1, Severity.P2)


class StepRule(Noun):
    """One rule of `[[steps]]`: a moment, the tickets it is for, and what happens then."""

    at: StepMoment
    target: Target = Target.FIRST_RESPONSE
    severities: tuple[Severity, ...] = tuple(Severity)
    plans: tuple[str, ...] = ()
    """Only customers on these plans; none named: all."""
    tags: tuple[str, ...] = ()
    """Only tickets with one of these tags."""
    meta: bool | None = None
    """Only tickets that depend on Meta, or only those that do not."""
    notify: tuple[str, ...] = ()
    """Channels, and `assignee`, `group`, `tam`."""
    repeat: Span | None = None
    """The step comes again, each time after so long, until somebody answers."""
    digest: bool = False
    """Gather these alerts into one message now and then, where the channel can show a list."""
    note: str | None = None
    """An internal note for the ticket."""
    state: SlaState | None = None
    """The SLA state from here on; left out: near, and breached from the deadline on."""
    group: str | None = Field(default=None, pattern=r"^\d{1,20}$")
    """The id of the group that gets the ticket."""


class ChannelRule(Noun):
    """One `[channels.NAME]`: its type, what every channel may say, its type's own keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    type: str
    hours: str | None = None
    """The name of one of `[hours.NAME]` in which it takes messages; left out: always."""
    always: tuple[Severity, ...] = (Severity.P1,)
    """Severities that it takes outside its hours too."""
    otherwise: str | None = None
    """The channel that is told outside its hours, and when this one fails."""
    options: Any = Field(default=None, repr=False)


class Acknowledge(Noun):
    """What an acknowledgement does."""

    quiet: Mapping[Severity, Span] = Field(default_factory=dict)
    """How long it keeps repeats and steps before the breach quiet; P1 15 min, others an hour."""
    valid: Span = timedelta(days=3)
    """How long the link in an alert works."""
    assign: bool = False
    """Whoever acknowledges with the address of an agent gets the ticket."""

    def quiet_for(self, severity: Severity) -> timedelta:
        """How long an acknowledgement of such a ticket holds."""
        own = self.quiet.get(severity)
        return own or (timedelta(minutes=15) if severity is Severity.P1 else timedelta(hours=1))


class Digest(Noun):
    """When many messages to one channel become one."""

    most: int = Field(default=10, ge=1, le=1000)
    """Messages to one channel within `within`; more are gathered."""
    within: Span = timedelta(minutes=5)
    every: Span = timedelta(minutes=15)
    """How long what a step's `digest` gathers waits at most."""
    hurry: Span = timedelta(seconds=30)
    """How long what is gathered because of `most` waits at most."""


class Review(Noun):
    """When a person is asked to look at a decision, and who."""

    p1_suspicion: float = Field(default=0.02, ge=0, le=1)
    """Ask when a P3 or P4 may be a P1 with at least this likelihood."""
    narrow: float = Field(default=0.05, ge=0, le=1)
    """Ask when the likelihoods of the first two severities are nearer than this."""
    within: Span = timedelta(minutes=15)
    """How soon somebody should have looked."""
    notify: tuple[str, ...] = ("triage",)
    """Who is asked at once."""
    then: tuple[str, ...] = ("lead",)
    """Who is told when nobody has looked in time."""
