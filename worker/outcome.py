"""A ticket's new state with what to say about it, and the small moves every rule is made of."""

from __future__ import annotations

from datetime import datetime

from worker.policy import Policy
from worker.record import Settled, Settlement, State
from worker.targets import start_timer
from worker.tickets import Decision, Noun

EXPLAIN_A_CLOSING = {Settlement.MERGED, Settlement.DELETED, Settlement.SPAM}
"""A merged ticket is closed too, and which of the two we hear first is chance."""


class Outcome(Noun):
    """A ticket's new state, and what to say about how it came to be."""

    state: State
    lines: tuple[tuple[str, str], ...] = ()
    """(what, text) for the record, in order."""


def decided_text(decision: Decision) -> str:
    """A decision in one line, for the record and for logs."""
    why = decision.reasons[0].text if decision.reasons else "no reason given"
    review = ", asks for a review" if decision.needs_review else ""
    return f"{decision.severity} ({decision.confidence} confidence{review}): {why}"


def under(state: State, decision: Decision, policy: Policy) -> State:
    """The state with this decision and the timer that belongs to it."""
    timer = start_timer(state.ticket, decision.severity, policy)
    same = state.timer and timer and state.timer.deadline == timer.deadline
    return state.model_copy(update={"decision": decision, "timer": state.timer if same else timer})


def settle(state: State, why: Settlement, at: datetime, lines: list[tuple[str, str]]) -> Outcome:
    closed = state.settled and state.settled.why is Settlement.CLOSED_WITHOUT_REPLY
    if state.settled and not (closed and why in EXPLAIN_A_CLOSING):
        return Outcome(state=state)
    settled = Settled(why=why, at=at)
    return Outcome(state=state.model_copy(update={"settled": settled}), lines=tuple(lines))


def know(state: State, **values: object) -> State:
    return state.model_copy(update={"there": state.there.model_copy(update=values)})
