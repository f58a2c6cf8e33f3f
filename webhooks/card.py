"""One open ticket as the board holds it in memory: small, ready to be filtered and shown.

Thousands of these stay in the web process, so a card keeps what a row and the filters need and
nothing else; it is built once for each commit of its ticket.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from worker.record import State
from worker.tickets import DecidedBy, SlaState, Target, TicketKey, one_line
from worker.timer import Step, Timer

SUBJECT_LIMIT = 160
NAME_LIMIT = 60
A_MOMENT = timedelta(microseconds=1)


class Next(NamedTuple):
    """The step that comes next."""

    label: str
    who: tuple[str, ...]
    """Channels of the policy, and `assignee`, `group`, `tam`."""
    at: datetime
    again: bool
    """One of a step's repeats."""


class Card(NamedTuple):
    """Words are still the ticket's own: hostile until a template has escaped them."""

    key: TicketKey
    created_at: datetime
    severity: str
    """`P1`..`P4`, or "" before a decision."""
    subject: str
    """One line, cut, without control or direction marks; "" when there is none."""
    organization: str
    """Its name once looked up, else its number at the helpdesk, else ""."""
    organization_known: bool
    plan: str
    plan_known: bool
    target: Target
    """What waits: nearly always the first response."""
    deadline: datetime
    near_at: datetime | None
    """From when on a breach is near."""
    next: Next | None
    owner: str
    """The assignee's id at the helpdesk, or ""."""
    acknowledged_by: str
    acknowledged_until: datetime | None
    review: bool
    tam: bool
    meta: bool
    person: bool
    recovered: bool
    could_not_write: bool
    text: str
    """What a search looks into, lower case."""


def card_of(state: State) -> Card | None:
    """An open ticket's card, or None when none of its timers runs."""
    timers = state.timers()
    if not timers:
        return None
    timer = timers[0] if state.running else min(timers, key=lambda one: one.deadline)
    ticket, decision = state.ticket, state.decision
    said = next((one.acknowledged for one in timers if one.acknowledged), None)
    name = state.customer.name if state.customer else ""
    organization = one_line(name or ticket.organization or "", NAME_LIMIT)
    subject = one_line(ticket.subject, SUBJECT_LIMIT)
    return Card(
        key=ticket.key,
        created_at=ticket.created_at,
        severity=decision.severity.value if decision else "",
        subject=subject,
        organization=organization,
        organization_known=bool(name),
        plan=timer.plan,
        plan_known=timer.plan_known,
        target=timer.target,
        deadline=timer.deadline,
        near_at=_near(timer, state),
        next=_next(timer),
        owner=ticket.assignee or "",
        acknowledged_by=said.by if said else "",
        acknowledged_until=said.until if said else None,
        review=bool(decision and decision.needs_review),
        tam=any("tam" in step.notify for one in timers for step in one.steps),
        meta=bool(decision and decision.meta_dependency),
        person=bool(decision and decision.by is DecidedBy.PERSON),
        recovered=state.recovered,
        could_not_write=state.could_not_write is not None,
        text=f"{subject} {organization} #{ticket.key.id}".lower(),
    )


def _near(timer: Timer, state: State) -> datetime | None:
    """What stands on the helpdesk's ticket counts too; in observe nothing stands there."""
    if timer.target is Target.FIRST_RESPONSE and state.there.state is SlaState.NEAR:
        return timer.created_at
    moments = [step.moment for step in timer.steps if step.state is SlaState.NEAR]
    return min(moments, default=None)


def _next(timer: Timer) -> Next | None:
    found = [(at, step) for step in timer.steps if (at := _next_loud(step, timer))]
    said = timer.acknowledged
    if said and said.until > timer.handled_until:
        told = [step for step in timer.steps if step.moment <= said.until and step.notify]
        found += [(said.until, told[-1])] if told else []
    if not found:
        return None
    at = min(moment for moment, _ in found)
    steps = [step for moment, step in found if moment == at]
    who = tuple(dict.fromkeys(name for step in steps for name in step.notify))
    return Next(steps[-1].label, who, at, again=steps[-1].moment != at)


def _next_loud(step: Step, timer: Timer) -> datetime | None:
    """When a step comes next that somebody hears: none before the breach while one is on it."""
    at, said = step.next_after(timer.handled_until), timer.acknowledged
    if at is None or said is None or not said.at <= at < said.until:
        return at
    is_quiet = at != step.moment or at < timer.deadline
    return step.next_after(said.until - A_MOMENT) if is_quiet else at
