"""What an operator may do to a ticket on its page. Nothing is decided here: what was said goes the
way a webhook goes, as an accepted event.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from worker.acknowledging import LONGEST_NAME
from worker.events import Event, EventKind
from worker.record import State
from worker.store.due import DueSet
from worker.store.keys import Kind, Member
from worker.tickets import Severity, Target, one_line


class Said(NamedTuple):
    """What to tell the operator: a text of the catalogue and its values."""

    text: str
    values: Mapping[str, str] = {}
    done: bool = False


class Wish(NamedTuple):
    """What an operator asked for."""

    state: State
    name: str
    """Who asks."""
    form: Mapping[str, str]
    due: DueSet
    now: datetime


def act(
    action: str, state: State, form: Mapping[str, str], due: DueSet, now: datetime
) -> Said | None:
    """Do what was asked, or say why not; None: there is no such action."""
    chosen = _ACTIONS.get(action)
    if chosen is None:
        return None
    name = one_line(form.get("name", ""), LONGEST_NAME).strip()
    if not name:
        return Said("ticket.fault_name")
    return chosen(Wish(state, name, form, due, now))


def possible(state: State) -> dict[str, bool]:
    """Which actions make sense for a ticket as it stands."""
    return {
        "acknowledge": bool(state.timers()),
        "severity": state.running and state.decision is not None,
        "confirm": bool(state.decision and state.decision.needs_review),
        "stop": bool(state.timers()),
        "retry": state.could_not_write is not None,
    }


def _acknowledge(wish: Wish) -> Said:
    timers = wish.state.timers()
    if not timers:
        return Said("ticket.fault_over")
    _accept(wish, EventKind.ACKNOWLEDGED, field=timers[0].target)
    return Said("ticket.done_acknowledge", {"name": wish.name}, done=True)


def _severity(wish: Wish) -> Said:
    severity = wish.form.get("severity", "")
    if severity not in set(Severity):
        return Said("ticket.fault_severity")
    if not wish.state.running:
        return Said("ticket.fault_over")
    _accept(wish, EventKind.SEVERITY_CHOSEN, field=Target.FIRST_RESPONSE, value=severity)
    return Said("ticket.done_severity", {"severity": severity, "name": wish.name}, done=True)


def _confirm(wish: Wish) -> Said:
    if not (wish.state.decision and wish.state.decision.needs_review):
        return Said("ticket.fault_review")
    _accept(wish, EventKind.CONFIRMED)
    return Said("ticket.done_confirm", {"name": wish.name}, done=True)


def _stop(wish: Wish) -> Said:
    if not wish.state.timers():
        return Said("ticket.fault_over")
    _accept(wish, EventKind.STOPPED)
    return Said("ticket.done_stop", {"name": wish.name}, done=True)


def _retry(wish: Wish) -> Said:
    if wish.state.could_not_write is None:
        return Said("ticket.fault_retry")
    write = Member(Kind.WRITE, str(wish.state.ticket.key))
    if not wish.due.retry_failures([str(write)]):
        wish.due.arm(write, wish.now)
    return Said("ticket.done_retry", done=True)


_ACTIONS: dict[str, Callable[[Wish], Said]] = {
    "acknowledge": _acknowledge,
    "severity": _severity,
    "confirm": _confirm,
    "stop": _stop,
    "retry": _retry,
}


def _accept(
    wish: Wish, kind: EventKind, *, field: Target | None = None, value: str | None = None
) -> None:
    wish.due.accept_own(
        Event(
            id=f"page-{secrets.token_hex(8)}",
            kind=kind,
            key=wish.state.ticket.key,
            received_at=wish.now,
            happened_at=wish.now,
            field=field,
            now=value,
            actor=wish.name,
        )
    )
