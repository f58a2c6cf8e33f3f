"""`minutehand connect --remove`: undo exactly what the record says that we made, newest first."""

from __future__ import annotations

from collections.abc import Iterator

from worker.connecting import Say
from worker.errors import MinutehandError, Misconfigured
from worker.helpdesks.base import Setup
from worker.helpdesks.wishes import Made
from worker.ledger import Ledger

ORDER = ("rule", "webhook", "ticket form", "ticket field")
"""First what tells us of tickets, last what holds values."""


def plan_lines(ledger: Ledger) -> Iterator[str]:
    """What would be undone, for people."""
    for thing in _in_order(ledger):
        if thing.kind == "ticket form":
            yield f"  take     {len(thing.parts)} fields off the ticket form {thing.title!r}"
        elif thing.kind == "ticket field":
            yield f"  delete   ticket field {thing.title!r}, and its values on all tickets"
        else:
            yield f"  delete   {thing.kind} {thing.title!r}"
    if ledger.record.variables:
        names = ", ".join(variable.name for variable in ledger.record.variables)
        yield f"  take out {names} of {ledger.env.name}, where still as we wrote them"


def undo(setup: Setup, ledger: Ledger, address: str | None, say: Say) -> None:
    """Undo it all; raises `Misconfigured` at the first failure, the rest stays in the record."""
    try:
        _find_what_was_begun(setup, ledger, address)
        for thing in _in_order(ledger):
            was_there = setup.remove(thing)
            ledger.drop(thing)
            say(f"  {thing.kind} {thing.title!r}: {'removed' if was_there else 'was gone already'}")
        for line in ledger.forget_variables():
            say(f"  {line}")
        ledger.close()
    except MinutehandError as fault:
        left = ", ".join(
            f"{thing.kind} {thing.title!r} (id {thing.id})" for thing in _in_order(ledger)
        )
        raise Misconfigured(
            f"{fault}. Not removed yet, and kept in {ledger.path}: {left or 'lines in .env'}. Run "
            "this again to go on"
        ) from None


def _find_what_was_begun(setup: Setup, ledger: Ledger, address: str | None) -> None:
    """A run that was killed may have made something and not heard its id."""
    begun = [thing for thing in ledger.record.made if not thing.id]
    if not begun:
        return
    there = {(wish.kind, wish.title): wish.id for wish in setup.wishes(address, "", begun)}
    for thing in begun:
        number = there.get((thing.kind, thing.title))
        if number:
            ledger.note(thing.model_copy(update={"id": number}))
        else:
            ledger.drop(thing)


def _in_order(ledger: Ledger) -> list[Made]:
    return sorted(ledger.record.made, key=lambda thing: ORDER.index(thing.kind))
