"""What goes into Redis together with a ticket's new state, and how the commit script is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from worker.channels.base import Alert
from worker.record import Line, OurWrite, Settlement, State
from worker.report.ending import ending_of
from worker.store import due, keys, writes
from worker.store.keys import Kind, Member
from worker.tickets import Noun, TicketKey

KEPT = timedelta(days=35)
"""How long a settled ticket's full record stays."""
ENDING_KEPT = timedelta(days=400)
"""How long it is known how a ticket ended, for the report: a line of figures without text."""
WRITE_AFTER_ALERT = 0.5
"""Seconds that a write waits when alerts came of the same change."""


class Effects(Noun):
    """What goes into Redis together with a new state."""

    lines: tuple[tuple[str, str], ...] = ()
    """(what, text) for the record."""
    consumed: int = 0
    """Events of the inbox that this state has taken in."""
    alerts: tuple[Alert, ...] = ()
    look_up: bool = False
    """The ticket's organisation is to be looked up, once its helpdesk answers again."""
    write: bool = False
    """The helpdesk's ticket is to be written; due at once."""
    forget: bool = False
    """What people wrote on the ticket is to be erased wherever else it is kept."""
    write_here: bool = False
    """The same, but the caller goes on to do it, under a claim of its own."""
    send_here: bool = False
    """The caller goes on to send the first of the alerts, under a claim of its own."""
    met_within: timedelta | None = None
    """Put the ticket into its account's next batch of `met`."""
    counts: Mapping[str, int] = Field(default_factory=dict)
    wrote: tuple[OurWrite, ...] = ()
    """What has just been written to the helpdesk's ticket, for an undo."""
    unsay: str | None = None
    """Something said to the operator that is not true any more."""


def as_change(
    key: TicketKey,
    version: int,
    state: State,
    effects: Effects,
    account: str,
    write: str,
    now: datetime,
) -> dict[str, Any]:
    step = str(Member(Kind.STEP, str(key)))
    next_moment = state.next_moment()
    arm = [[step, next_moment.timestamp()]] if next_moment else []
    if effects.write and not effects.write_here:
        # Alerts first: in a busy second the two would wait for each other.
        arm.append([write, now.timestamp() + (WRITE_AFTER_ALERT if effects.alerts else 0.0)])
    if effects.look_up:
        arm.append([str(Member(Kind.CUSTOMER, str(key))), now.timestamp()])
    if effects.forget:
        arm.append([str(Member(Kind.FORGET, str(key))), now.timestamp()])
    lines = [Line(at=now, what=what, text=text).model_dump_json() for what, text in effects.lines]
    change = {
        "key": str(key),
        "version": version,
        "state": state.model_dump_json(exclude_defaults=True),
        "lines": lines,
        "consumed": effects.consumed,
        "arm": arm,
        "disarm": [] if next_moment else [step],
        "take": write if effects.write_here else "",
        "send": str(Member(Kind.SEND, effects.alerts[0].id))
        if effects.send_here and effects.alerts
        else "",
        "alerts": [
            [
                keys.alert(alert.id),
                alert.model_dump_json(),
                str(Member(Kind.SEND, alert.id)),
                alert.overtakes,
                alert.id,
            ]
            for alert in effects.alerts
        ],
        "open": _deadline(state),
        "settled": _settled_moment(state),
        "keep": int(KEPT.total_seconds()),
        "met": _met(key, account, effects),
        "counts": dict(effects.counts),
        "wrote": [writes.as_kept(one) for one in effects.wrote],
        "writes_kept": writes.KEPT,
        "unsay": effects.unsay,
        "lease": due.UNTIL_DONE,
        "ending": _ending(state),
        "ending_kept": int(ENDING_KEPT.total_seconds()),
        "severity": state.decision.severity if state.decision else None,
    }
    return {name: value for name, value in change.items() if value is not None}


def ended(before: State | None, after: State) -> dict[str, int]:
    """Counts an ending, whoever found it."""
    if after.settled is None or (before and before.settled):
        return {}
    return {f"ticket_settled_{after.settled.why.replace(' ', '_')}": 1}


def day_of(at: datetime) -> str:
    """The day, in UTC, under which something is counted: `2026-11-23`."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _ending(state: State) -> str | None:
    found = ending_of(state)
    return found.as_text() if found else None


def _deadline(state: State) -> float | None:
    """What a ticket is listed by: the first response's deadline, else the nearest other."""
    running = state.timers()
    if not running:
        return None
    if state.running:
        return running[0].deadline.timestamp()
    return min(timer.deadline for timer in running).timestamp()


def _settled_moment(state: State) -> float | None:
    settled = state.settled
    if settled is None or settled.why is Settlement.OUT_OF_SCOPE:
        return None
    return settled.at.timestamp()


def _met(key: TicketKey, account: str, effects: Effects) -> dict[str, Any] | None:
    if effects.met_within is None:
        return None
    return {
        "id": key.id,
        "member": str(Member(Kind.MET, account)),
        "wait": effects.met_within.total_seconds(),
    }
