"""The policy, typed and frozen: every behaviour that an admin can choose."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator

from worker.facts import Env, Hit, Situation, Way, When, Who, Whose
from worker.hours import Hours
from worker.policy.budget import BudgetRule
from worker.policy.plans import Plan, PlanFrom, Tam, plan_and_source, plan_of
from worker.policy.steps import Acknowledge, ChannelRule, Digest, Review, StepRule
from worker.policy.values import Span
from worker.policy.watch import WatchRule
from worker.tickets import Customer, Noun, Severity, Target, Ticket
from worker.zones import Zone


class Preset(StrEnum):
    """What to do with a priority that a new ticket already carries, no agent having opened it."""

    RAISE = "raise"
    """Keep it unless the decision is more severe."""
    REPLACE = "replace"
    KEEP = "keep"


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

    source: str = Field(default="{}", repr=False)
    """What the file says, channels aside, as JSON: by it a ticket's policy is known again."""

    default_plan: str
    time_zone: Zone = "UTC"
    """For moments shown to people; inside, everything is UTC."""
    preset_priority: Preset = Preset.RAISE
    bots: tuple[str, ...] = ()
    """Names or ids of authors whose public comments are not a first response."""
    hours: Mapping[str, Hours] = Field(default_factory=dict)
    """Business hours by name, for plans and channels."""
    plans: Mapping[str, Plan]
    plan_from: PlanFrom = PlanFrom()
    tam: Tam = Tam()
    steps: tuple[StepRule, ...]
    people: str | None = None
    """The channel through which `assignee`, `group` and a TAM are reached: one of type email."""
    groups: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Id of a helpdesk's group -> the channels that reach it; left out: its members by e-mail."""
    acknowledge: Acknowledge = Acknowledge()
    digest: Digest = Digest()
    channels: Mapping[str, ChannelRule] = Field(default_factory=dict)
    ignore: Ignore = Ignore()
    poll: Poll = Poll()
    budget: BudgetRule = BudgetRule()
    watch: WatchRule = WatchRule()
    severity: Mapping[Severity, SeverityText] = Field(default_factory=dict)
    rubric: tuple[RubricRule, ...]
    """Facts to severity; the first rule that fits decides."""
    review: Review = Review()
    tests: tuple[PolicyTest, ...] = ()
    support: Support
    meta_dependency: MetaDependency
    faq: tuple[Faq, ...] = ()

    @property
    def version(self) -> str:
        """Equal for policies that say the same."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]

    def plan_of(self, ticket: Ticket, customer: Customer | None = None) -> tuple[str, bool]:
        """The ticket's plan, and whether it is known (False: the default is assumed)."""
        found = plan_of(ticket, customer, self.plans, self.plan_from)
        return (found, True) if found else (self.default_plan, False)

    def plan_source(self, ticket: Ticket, customer: Customer | None = None) -> str | None:
        """What says the ticket's plan (`worker.policy.plans.SOURCES`); None: it is assumed."""
        found = plan_and_source(ticket, customer, self.plans, self.plan_from)
        return found[1] if found else None

    def hours_of(self, plan: str) -> Hours | None:
        """The business hours of a plan; None: around the clock."""
        return self.hours.get(self.plans[plan].hours)

    @property
    def asks_about_customers(self) -> bool:
        """Whether a ticket's organisation has to be looked up at the helpdesk."""
        listed = [*self.tam.organizations]
        listed += [one for plan in self.plans.values() for one in plan.organizations]
        by_name = any(not one.isdigit() for one in listed)
        fields = self.plan_from.organization_field or self.tam.organization_field
        return bool(fields or by_name)

    def unreached(self, severity: Severity) -> bool:
        """True when no step of that severity notifies a configured channel."""
        return not any(
            name in self.channels
            for step in self.steps
            if severity in step.severities and step.target is Target.FIRST_RESPONSE
            for name in step.notify
        )
