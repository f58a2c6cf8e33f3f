"""forget: what people wrote on a ticket is erased here, and its timer goes on."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from worker.forgetting import has_text, without_text
from worker.jobs.frame import carried
from worker.record import State
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.tickets import TicketKey
from worker.wiring import Parts


class Forgotten(NamedTuple):
    """What was erased, and whether the ticket is known at all."""

    known: bool
    what: str
    """In words; "" when nothing was left to erase."""


@carried
def forget(parts: Parts, claim: Claim, now: datetime) -> None:
    """After a deletion or redaction at the helpdesk; safe to run any number of times."""
    forget_text(parts, TicketKey.parse(claim.member.subject), now)


def forget_text(parts: Parts, key: TicketKey, now: datetime) -> Forgotten:
    """The state first, so that nothing new with its text is made meanwhile; then the rest."""
    state, _ = parts.records.load(key)
    had_text = bool(state and (state.ticket.subject or state.ticket.body))

    def step(held: State | None) -> tuple[State, Effects] | None:
        return (without_text(held), Effects()) if held and has_text(held) else None

    parts.records.change(key, step, now=now)
    erased = parts.erasing.erase(key)
    counted = (
        (erased.lines, "lines of its record"),
        (erased.alerts, "alerts"),
        (erased.events, "events that wait"),
    )
    said = ["subject and text"] if had_text else []
    what = ", ".join([*said, *(f"{count} {words}" for count, words in counted if count)])
    if what and state:
        parts.records.say(key, [("forgotten", f"erased: {what}")], now=now)
    return Forgotten(state is not None or bool(what), what)
