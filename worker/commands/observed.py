"""`minutehand observed`: what would have been sent, and where people decided otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from worker.agreement import agreement
from worker.errors import Misconfigured
from worker.policy.durations import read_duration
from worker.record import Line, State
from worker.settings import Settings
from worker.store.records import Records
from worker.targets import clock_time
from worker.tickets import TicketKey, one_line
from worker.wiring import Parts, build

MOST_TICKETS = 5_000
MOST_SHOWN = 20
WOULD_HAVE = "would have notified"


@click.command()
@click.option("--since", default="7d", show_default=True, help="How far back: 45m, 2h, 7d.")
def observed(*, since: str) -> None:
    """Before the mode is raised: whom it would have told, and where people decided otherwise.

    Example: minutehand observed --since 24h
    """
    try:
        span = read_duration(since)
    except ValueError as fault:
        raise Misconfigured(f"--since: {fault}") from None
    parts, now = build(Settings.from_environment()), datetime.now(UTC)
    start, zone = now - span, parts.policy.time_zone
    states = [one for one in known(parts.records, MOST_TICKETS) if one.ticket.created_at >= start]
    told = sorted(_would_have(parts, states, start), key=lambda one: one[1].at)
    click.echo(f"{len(states)} tickets created since {clock_time(start, zone)}")
    for text in _sums(told):
        click.echo(text)
    for key, line in told[-MOST_SHOWN:]:
        click.echo(f"  {clock_time(line.at, zone)}  {key}  {one_line(line.text, 100)}")
    judged = agreement(states)
    click.echo(f"Agreement: {judged.words}")
    for one in judged.differences[:MOST_SHOWN]:
        click.echo(
            f"  {one.key}: decided {one.decided}, a person set {one.set_by_person}: "
            f"{one_line(one.subject, 70)}"
        )


def known(records: Records, most: int) -> list[State]:
    """Tickets that are open, and those settled last, each once."""
    found = [*records.open_states(most), *records.settled_states(most)]
    return list({state.ticket.key: state for state in found}.values())


def _would_have(
    parts: Parts, states: Sequence[State], start: datetime
) -> Iterator[tuple[TicketKey, Line]]:
    for state in states:
        for line in parts.records.lines(state.ticket.key):
            if line.what == WOULD_HAVE and line.at >= start:
                yield state.ticket.key, line


def _sums(told: Sequence[tuple[TicketKey, Line]]) -> Iterator[str]:
    """How many messages, and the latest of them are what follows."""
    if not told:
        yield "Would have been sent: nothing"
        return
    tickets = len({key for key, _ in told})
    yield f"Would have been sent: {len(told)} messages about {tickets} tickets"
    by_step = Counter(line.text.removesuffix(" (mode observe)") for _, line in told)
    for step, count in sorted(by_step.items(), key=lambda one: (-one[1], one[0]))[:MOST_SHOWN]:
        yield f"  {count:5}  {one_line(step, 80)}"
    yield "The latest:"
