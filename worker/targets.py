"""From a ticket and the policy to timers: pure arithmetic, aware UTC, `now` handed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from worker.escalation import Span, plan_steps, review_steps
from worker.policy import Policy
from worker.tickets import Customer, Decision, Target, Ticket
from worker.timer import Timer, short

A_MOMENT = timedelta(seconds=1)


def start_timer(
    ticket: Ticket,
    decision: Decision,
    policy: Policy,
    customer: Customer | None = None,
    *,
    target: Target = Target.FIRST_RESPONSE,
    since: datetime | None = None,
) -> Timer | None:
    """The timer of a ticket for a target, or None when its plan has none for its severity.

    It runs from `created_at` at the helpdesk, never from when we learnt of the ticket, and it
    never pauses; `since` is the requester's message that waits for a next reply. What depends on
    Meta has no resolution target.
    """
    plan, known = policy.plan_of(ticket, customer)
    allowed = policy.plans[plan].allowed(target, decision.severity)
    if allowed is None or (target is Target.RESOLUTION and decision.meta_dependency):
        return None
    start = since or ticket.created_at
    hours = policy.hours_of(plan)
    span = Span(start=start, allowed=allowed, hours=hours)
    tam = policy.tam.of(ticket, customer) is not None or plan in policy.tam.plans
    return Timer(
        target=target,
        created_at=start,
        allowed_seconds=int(allowed.total_seconds()),
        deadline=span.at(1.0),
        plan=plan,
        plan_known=known,
        hours=policy.plans[plan].hours if hours else None,
        steps=plan_steps(
            policy, ticket, decision, span, target=target, plan=plan, has_tam=known and tam
        ),
        handled_until=start - A_MOMENT,
    )


def start_review(ticket: Ticket, policy: Policy, since: datetime) -> Timer:
    """The timer of a doubtful decision: a person is to look at it."""
    plan, known = policy.plan_of(ticket)
    return Timer(
        target=Target.REVIEW,
        created_at=since,
        allowed_seconds=int(policy.review.within.total_seconds()),
        deadline=since + policy.review.within,
        plan=plan,
        plan_known=known,
        steps=review_steps(policy, since),
        handled_until=since - A_MOMENT,
    )


def plan_in_words(timer: Timer) -> str:
    """`plan pro`, or `plan unknown, pro assumed`."""
    return f"plan {timer.plan}" if timer.plan_known else f"plan unknown, {timer.plan} assumed"


def arithmetic(timer: Timer, zone: str) -> str:
    """How the deadline came about, for people: `created 16:40:00 + 45m = 17:25:00 UTC`."""
    place = ZoneInfo(zone)
    created, due = timer.created_at.astimezone(place), timer.deadline.astimezone(place)
    allowed = short(timedelta(seconds=timer.allowed_seconds))
    within = f" of {timer.hours} hours" if timer.hours else ""
    begun = {Target.NEXT_REPLY: "requester wrote", Target.REVIEW: "decided"}
    other_day = created.date() != due.date()
    shown = f"{created:%Y-%m-%d %H:%M:%S}" if other_day else f"{created:%H:%M:%S}"
    day = f"{due:%Y-%m-%d} " if other_day else ""
    word = begun.get(timer.target, "created")
    return f"{word} {shown} + {allowed}{within} = {day}{due:%H:%M:%S %Z}"


def clock_time(moment: datetime, zone: str) -> str:
    """A moment for people, with its zone: `2026-11-23 17:25:00 UTC`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"
