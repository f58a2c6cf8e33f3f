"""How often people set the severity that was decided here: what to read before the mode is raised.

Pure. Only tickets on which a person set a severity or priority say anything; the others may have
been right, or nobody may have looked.
"""

from __future__ import annotations

from collections.abc import Iterable

from worker.record import State
from worker.tickets import DecidedBy, Noun, Severity, TicketKey


class Difference(Noun):
    """One ticket on which a person did not agree."""

    key: TicketKey
    subject: str
    decided: Severity
    set_by_person: Severity

    @property
    def levels(self) -> int:
        """How far apart the two are, 1 to 3."""
        return abs(self.decided.rank - self.set_by_person.rank)


class Agreement(Noun):
    """Of the tickets on which a person set a severity."""

    tickets: int = 0
    same: int = 0
    within_one: int = 0
    """The same, or one level apart."""
    differences: tuple[Difference, ...] = ()
    """The farthest apart first."""

    @property
    def share(self) -> float:
        """0 to 1; 0 when no person set any."""
        return self.same / self.tickets if self.tickets else 0.0

    @property
    def words(self) -> str:
        """For people: `of 14 tickets ... 11 the same (79%), 13 within one level`."""
        if not self.tickets:
            return "no person has set a severity or priority yet"
        return (
            f"people set the severity or priority of {self.tickets} tickets: {self.same} the same "
            f"as decided ({self.share:.0%}), {self.within_one} within one level"
        )


def agreement(states: Iterable[State]) -> Agreement:
    """What was decided against what a person set, over these tickets."""
    compared = [found for state in states if (found := _compared(state))]
    differing = [one for one in compared if one.levels]
    return Agreement(
        tickets=len(compared),
        same=len(compared) - len(differing),
        within_one=sum(one.levels <= 1 for one in compared),
        differences=tuple(sorted(differing, key=lambda one: (-one.levels, one.key))),
    )


def _compared(state: State) -> Difference | None:
    """A person's severity beside ours, equal ones too; None: no person set any."""
    decision = state.decision
    if decision is None or decision.by is not DecidedBy.PERSON:
        return None
    return Difference(
        key=state.ticket.key,
        subject=state.ticket.subject,
        decided=decision.runner_up or decision.severity,
        set_by_person=decision.severity,
    )
