"""From a ticket and the policy to a timer: pure arithmetic, aware UTC, `now` handed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from worker.escalation import plan_steps
from worker.policy import Policy
from worker.tickets import Severity, Ticket
from worker.timer import Timer, short


def start_timer(ticket: Ticket, severity: Severity, policy: Policy) -> Timer | None:
    """The first-response timer of a ticket, or None when its plan has no target for it.

    It runs from `created_at` at the helpdesk, never from when we learnt of the ticket, and it
    never pauses.
    """
    name, known = policy.plan_of(ticket)
    allowed = policy.plans[name].first_response.get(severity)
    if allowed is None:
        return None
    deadline = ticket.created_at + allowed
    return Timer(
        created_at=ticket.created_at,
        allowed_seconds=int(allowed.total_seconds()),
        deadline=deadline,
        plan=name,
        plan_known=known,
        steps=plan_steps(policy, severity, ticket.created_at, deadline),
        handled_until=ticket.created_at - timedelta(seconds=1),
    )


def plan_in_words(timer: Timer) -> str:
    """`plan pro`, or `plan unknown, pro assumed`."""
    return f"plan {timer.plan}" if timer.plan_known else f"plan unknown, {timer.plan} assumed"


def arithmetic(timer: Timer, zone: str) -> str:
    """How the deadline came about, for people: `created 16:40:00 + 45m = 17:25:00 UTC`."""
    place = ZoneInfo(zone)
    created, due = timer.created_at.astimezone(place), timer.deadline.astimezone(place)
    allowed = short(timedelta(seconds=timer.allowed_seconds))
    day = "" if created.date() == due.date() else f"{due:%Y-%m-%d} "
    return f"created {created:%H:%M:%S} + {allowed} = {day}{due:%H:%M:%S %Z}"


def clock_time(moment: datetime, zone: str) -> str:
    """A moment for people, with its zone: `2026-11-23 17:25:00 UTC`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"
