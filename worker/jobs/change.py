"""Changing a ticket's state, so that channels which follow an alert hear how it went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from worker.alerting import followed
from worker.record import State
from worker.store.effects import Effects
from worker.store.records import Committed
from worker.tickets import TicketKey
from worker.wiring import Parts

Step = Callable[[State | None], tuple[State, Effects] | None]


def change(parts: Parts, key: TicketKey, step: Step, *, now: datetime) -> Committed | None:
    """As `Records.change`; channels that follow alerts hear how a timer ends.

    A state that has just lost its text has it erased everywhere.
    """

    def told(state: State | None) -> tuple[State, Effects] | None:
        worked_out = step(state)
        if worked_out is None:
            return None
        after, effects = worked_out
        if after.forgotten and not (state and state.forgotten):
            effects = effects.model_copy(update={"forget": True})
        alerts = followed(
            state, after, parts.policy, parts.settings.mode, parts.links, parts.follows, now
        )
        if not alerts:
            return after, effects
        return after, effects.model_copy(update={"alerts": (*effects.alerts, *alerts)})

    return parts.records.change(key, told, now=now)
