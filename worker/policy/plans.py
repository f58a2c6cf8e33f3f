"""Plans: what each promises, and how a ticket's plan and its customer's TAM are found. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from pydantic import Field

from worker.hours import ROUND_THE_CLOCK
from worker.policy.values import Span
from worker.tickets import Customer, Noun, Person, Severity, Target, Ticket


class Plan(Noun):
    """A customer's plan: what it promises. No targets: severity only, no timer."""

    hours: str = ROUND_THE_CLOCK
    """`24/7`, or the name of one of `[hours.NAME]`."""
    first_response: Mapping[Severity, Span] = Field(default_factory=dict)
    next_reply: Mapping[Severity, Span] = Field(default_factory=dict)
    resolution: Mapping[Severity, Span] = Field(default_factory=dict)
    names: tuple[str, ...] = ()
    """Values of the field that `plan_from` names that mean this plan; its own name always does."""
    organizations: tuple[str, ...] = ()
    """Ids or names of organisations (Freshdesk: companies) on this plan."""
    tags: tuple[str, ...] = ()
    """Tags of a ticket or of its organisation that show this plan."""
    brands: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    support: str = ""
    """What the plan promises, in words."""

    def allowed(self, target: Target, severity: Severity) -> timedelta | None:
        """The time that the plan allows, or None: no such target."""
        promised: Mapping[Severity, timedelta] = getattr(self, target.value)
        return promised.get(severity)


class PlanFrom(Noun):
    """Where a customer's plan is written at the helpdesk."""

    organization_field: str | None = None
    """The key of a field of organisations (Freshdesk: companies)."""
    ticket_field: str | None = None
    """The key of a ticket field: Zendesk its number, Freshdesk its name, such as `cf_plan`."""

    def kept(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Of a ticket's fields those that matter here; a record holds no others."""
        return {key: value for key, value in fields.items() if key == self.ticket_field}


class Tam(Noun):
    """Who is the technical account manager of whom."""

    organization_field: str | None = None
    """The key of a field of organisations that holds the TAM's e-mail address."""
    organizations: Mapping[str, str] = Field(default_factory=dict)
    """Id or name of an organisation -> its TAM's e-mail address; this one wins."""
    plans: tuple[str, ...] = ()
    """Plans whose customers have a TAM. One whose address is not known: `lead`, and a warning."""

    def of(self, ticket: Ticket, customer: Customer | None) -> Person | None:
        """The ticket's TAM, or None."""
        known = {name.casefold(): email for name, email in self.organizations.items()}
        for name in _names(ticket, customer):
            if name.casefold() in known:
                return Person(email=known[name.casefold()])
        field = self.organization_field
        email = customer.fields.get(field, "") if customer and field else ""
        return Person(email=email.strip()) if "@" in email else None


SOURCES = ("organizations", "organization_field", "tags", "ticket_field", "brand_or_form")
"""What may say a ticket's plan, the nearest to the customer first: the list in the policy, the
organisation's field, tags, the ticket's field, its brand or form."""


def plan_of(
    ticket: Ticket,
    customer: Customer | None,
    plans: Mapping[str, Plan],
    where: PlanFrom,
) -> str | None:
    """The ticket's plan, or None when nothing says it."""
    found = plan_and_source(ticket, customer, plans, where)
    return found[0] if found else None


def plan_and_source(
    ticket: Ticket,
    customer: Customer | None,
    plans: Mapping[str, Plan],
    where: PlanFrom,
) -> tuple[str, str] | None:
    """The ticket's plan and which of `SOURCES` says it. What is nearest to the customer wins."""
    named = {name.casefold() for name in _names(ticket, customer)}
    tags = {tag.casefold() for tag in (*ticket.tags, *(customer.tags if customer else ()))}
    own, written = _written(ticket, customer, where)
    signs: tuple[Callable[[str, Plan], bool], ...] = (
        lambda _name, plan: bool(named & _folded(plan.organizations)),
        lambda name, plan: own in _folded((name, *plan.names)),
        lambda _name, plan: bool(tags & _folded(plan.tags)),
        lambda name, plan: written in _folded((name, *plan.names)),
        lambda _name, plan: ticket.brand in plan.brands or ticket.form in plan.forms,
    )
    found = (
        (name, source)
        for source, sign in zip(SOURCES, signs, strict=True)
        for name, plan in plans.items()
        if sign(name, plan)
    )
    return next(found, None)


def _folded(texts: Iterable[str]) -> set[str]:
    return {text.casefold() for text in texts}


def _names(ticket: Ticket, customer: Customer | None) -> list[str]:
    return [name for name in (ticket.organization, customer.name if customer else None) if name]


def _written(ticket: Ticket, customer: Customer | None, where: PlanFrom) -> tuple[str, str]:
    """What the organisation's field says, and the ticket's; "" where nothing is said."""
    field = where.organization_field
    own = customer.fields.get(field, "") if customer and field else ""
    asked = ticket.fields.get(where.ticket_field, "") if where.ticket_field else ""
    return own.strip().casefold(), asked.strip().casefold()
