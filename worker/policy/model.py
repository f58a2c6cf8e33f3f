"""The policy, typed and frozen: every behaviour that an admin can choose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from worker.facts import Env, Hit, Situation, Way, When, Who, Whose
from worker.policy.durations import At, read_at, read_duration
from worker.tickets import Noun, Severity, Ticket

BUILT_IN_CHANNELS = ("team", "oncall", "lead", "triage", "tam")
"""The names that the built-in steps notify; one that is not configured is skipped and said."""


def _span(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a duration; write it like "45m", "2h" or "90s"')  # noqa: TRY004 pydantic turns only ValueError into a fault
    return read_duration(value)


def _at(value: Any) -> At:
    if isinstance(value, At):
        return value
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a step\'s moment; write it like "75%"')  # noqa: TRY004 the same
    return read_at(value)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'{value!r} is not a time zone; write it like "Europe/Madrid"') from None
    return value


Span = Annotated[timedelta, BeforeValidator(_span)]
StepMoment = Annotated[At, BeforeValidator(_at)]
Zone = Annotated[str, AfterValidator(_zone)]


class Preset(StrEnum):
    """What to do with a priority that a new ticket already carries, no agent having opened it."""

    RAISE = "raise"
    """Keep it unless the decision is more severe."""
    REPLACE = "replace"
    KEEP = "keep"


class Plan(Noun):
    """A customer's plan: what it promises. No `first_response`: severity only, no timer."""

    hours: str = "24/7"
    first_response: Mapping[Severity, Span] = Field(default_factory=dict)
    organizations: tuple[str, ...] = ()
    """Ids of organisations (Freshdesk: companies) on this plan."""
    tags: tuple[str, ...] = ()
    """Ticket tags that show this plan."""
    support: str = ""
    """What the plan promises, in words."""

    @model_validator(mode="after")
    def _only_round_the_clock(self) -> Plan:
        if self.hours != "24/7":
            raise ValueError(f'hours = {self.hours!r} is not known; the only value is "24/7"')
        return self


class StepRule(Noun):
    """One rule of `[[steps]]`."""

    at: StepMoment
    severities: tuple[Severity, ...] = tuple(Severity)
    notify: tuple[str, ...] = ()
    repeat: Span | None = None


class ChannelRule(Noun):
    """One `[channels.NAME]`: its type and that type's own keys, already checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    type: str
    options: Any = Field(default=None, repr=False)


class Ignore(Noun):
    """Tickets that Minutehand leaves alone: no timer and no write."""

    brands: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    requesters: tuple[str, ...] = ()

    def reason(self, ticket: Ticket) -> str | None:
        """Which of the lists names this ticket, for people, or None."""
        singles = (
            ("brand", ticket.brand, self.brands),
            ("group", ticket.group, self.groups),
            ("form", ticket.form, self.forms),
            ("source", ticket.source, self.sources),
            ("requester", ticket.requester, self.requesters),
        )
        for word, value, listed in singles:
            if value is not None and value in listed:
                return f"{word} {value}"
        for tag in ticket.tags:
            if tag in self.tags:
                return f"tag {tag}"
        return None


class Poll(Noun):
    """How often the helpdesk is asked what changed."""

    every: Span = timedelta(minutes=1)
    met_every: Span = timedelta(minutes=1)
    """How long answered tickets are gathered before `SLA state` is set to met, in one batch."""


class SeverityText(Noun):
    """A severity in words, as the rubric defines it."""

    name: str
    definition: str
    summary: str = ""
    examples: tuple[str, ...] = ()


class RubricRule(Noun):
    """One rule of `[[rubric]]`: the facts that make this severity; a facet left out takes any."""

    severity: Severity
    hit: tuple[Hit, ...] = ()
    who: tuple[Who, ...] = ()
    way: tuple[Way, ...] = ()
    env: tuple[Env, ...] = ()
    when: tuple[When, ...] = ()
    whose: tuple[Whose, ...] = ()

    def fits(self, situation: Situation) -> bool:
        """True when this rule decides such a ticket, unless an earlier one does."""
        return all(
            not taken or value in taken
            for value, taken in zip(situation, self.facets(), strict=True)
        )

    def facets(self) -> tuple[tuple[str, ...], ...]:
        """What each facet of a `Situation` may be, in its order; an empty one: anything."""
        return self.hit, self.who, self.way, self.env, self.when, self.whose


class Review(Noun):
    """When a person is asked to look at a decision; shares between 0 and 1."""

    p1_suspicion: float = Field(default=0.04, ge=0, le=1)
    """Ask when a P3 or P4 may be a P1 with at least this likelihood."""
    narrow: float = Field(default=0.05, ge=0, le=1)
    """Ask when the likelihoods of the first two severities are nearer than this."""


class PolicyTest(Noun):
    """One `[[tests]]`: a ticket and what must be decided about it."""

    subject: str = ""
    body: str = ""
    severity: tuple[Severity, ...]
    """One severity, or several that are all right."""
    meta_dependency: bool | None = None
    needs_review: bool | None = None

    @field_validator("severity", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Named(Noun):
    """Something that has a name and is said in words."""

    name: str
    text: str


class Support(Noun):
    """What the plan promises to customers, in words."""

    plan: str
    hours: str
    text: str
    first_response: Mapping[Severity, str] = Field(default_factory=dict)
    tam: Named


class MetaDependency(Noun):
    """What depends on Meta, in words: a flag, never a lower severity or a paused timer."""

    name: str
    note: str


class Faq(Noun):
    """A question that people ask about support, and the policy's answer."""

    topic: str = ""
    question: str
    answer: str


class Policy(Noun):
    """All behaviour, as `policy.toml` over the built-in policy says it."""

    default_plan: str
    time_zone: Zone = "UTC"
    """For moments shown to people; inside, everything is UTC."""
    preset_priority: Preset = Preset.RAISE
    bots: tuple[str, ...] = ()
    """Names or ids of authors whose public comments are not a first response."""
    plans: Mapping[str, Plan]
    steps: tuple[StepRule, ...]
    channels: Mapping[str, ChannelRule] = Field(default_factory=dict)
    ignore: Ignore = Ignore()
    poll: Poll = Poll()
    severity: Mapping[Severity, SeverityText] = Field(default_factory=dict)
    rubric: tuple[RubricRule, ...]
    """Facts to severity; the first rule that fits decides."""
    review: Review = Review()
    tests: tuple[PolicyTest, ...] = ()
    support: Support
    meta_dependency: MetaDependency
    faq: tuple[Faq, ...] = ()

    def plan_of(self, ticket: Ticket) -> tuple[str, bool]:
        """The ticket's plan, and whether it is known (False: the default is assumed)."""
        for name, plan in self.plans.items():
            if ticket.organization and ticket.organization in plan.organizations:
                return name, True
            if any(tag in plan.tags for tag in ticket.tags):
                return name, True
        return self.default_plan, False

    def unreached(self, severity: Severity) -> bool:
        """True when no step of that severity notifies a configured channel."""
        return not any(
            name in self.channels
            for step in self.steps
            if severity in step.severities
            for name in step.notify
        )
