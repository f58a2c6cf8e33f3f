"""The commands about the policy file: check it, test it, put open tickets under it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from worker.commands.decide import decision_lines
from worker.jobs.change import change
from worker.outcome import replanned
from worker.policy_tests import try_all
from worker.record import State
from worker.settings import Settings
from worker.severity import Rubric
from worker.store.effects import Effects
from worker.targets import clock_time, plan_in_words
from worker.tickets import Severity, one_line
from worker.timer import Timer
from worker.wiring import Parts, build, policy_from
from worker.writing import about_to_write, differences

MOST_OPEN = 100_000
MOST_SHOWN = 50


@click.group()
def policy() -> None:
    """Work with the policy file."""


@policy.command("check")
def check() -> None:
    """Read the policy and name every fault with its line. Example: minutehand policy check"""
    settings = Settings.from_environment()
    found = policy_from(settings)
    exists = settings.policy_file.exists()
    said = str(settings.policy_file) if exists else f"{settings.policy_file} (absent: built-in)"
    click.echo(f"{said}: no faults; {len(found.steps)} steps, {len(found.channels)} channels")
    if found.unreached(Severity.P1):
        click.echo("warning: P1 alerts reach nobody; name a channel in [channels]", err=True)


@policy.command("test")
def test() -> None:
    """Decide every example of the rubric and the FAQ, and your own [[tests]], and compare.

    Example: minutehand policy test
    """
    found = policy_from(Settings.from_environment())
    tried = list(try_all(found, Rubric.of(found)))
    wrong = [one for one in tried if one.differences]
    for one in wrong:
        subject = one_line(one.wanted.subject or one.wanted.body, 90)
        click.echo(f"FAILED ({one.origin}): {subject}")
        for line in [*one.differences, *decision_lines(one.decision)]:
            click.echo(f"  {line}")
    click.echo(f"{len(tried)} policy tests: {len(tried) - len(wrong)} right, {len(wrong)} wrong")
    if wrong:
        click.echo(
            "A wrong one: correct the test, or the [[rubric]] rule that its facts lead to.",
            err=True,
        )
        sys.exit(1)


@policy.command("apply")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def apply(*, yes: bool, dry_run: bool) -> None:
    """Put open tickets under the policy as it is now, after showing what that changes.

    Until then a ticket keeps the deadline and the steps that were planned when it came. Steps that
    were sent are not sent again. Example: minutehand policy apply --dry-run
    """
    parts, now = build(Settings.from_environment()), datetime.now(UTC)
    zone = parts.policy.time_zone
    moved = [
        (state, differing)
        for state in parts.records.open_states(MOST_OPEN)
        if (differing := list(_moves(state, _under(state, parts, now), zone)))
    ]
    for state, differing in moved[:MOST_SHOWN]:
        click.echo(f"{state.ticket.key}  {one_line(state.ticket.subject, 60)}")
        for line in differing:
            click.echo(f"  {line}")
    if len(moved) > MOST_SHOWN:
        click.echo(f"... and {len(moved) - MOST_SHOWN} more")
    click.echo(f"{len(moved)} open tickets change")
    if dry_run or not moved:
        return
    if not yes:
        click.confirm("Apply the policy to them?", abort=True)

    def step(held: State | None) -> tuple[State, Effects] | None:
        after = _under(held, parts, now) if held else None
        if held is None or after is None or after == held:
            return None
        lines = [("policy", text) for text in _moves(held, after, zone)]
        changes = differences(after, parts.settings.mode, zone, now)
        if not changes.empty:
            after = about_to_write(after, changes, now)
        return after, Effects(lines=tuple(lines), write=not changes.empty)

    applied = [change(parts, state.ticket.key, step, now=now) for state, _ in moved]
    click.echo(f"{sum(one is not None for one in applied)} tickets are under the policy now")


def _under(state: State, parts: Parts, now: datetime) -> State:
    return replanned(state, parts.policy, handled_until=now)


def _moves(before: State, after: State, zone: str) -> Iterator[str]:
    """What differs for one ticket, a line a timer."""
    for target in dict.fromkeys(timer.target for timer in (*before.timers(), *after.timers())):
        was, now = before.timer_of(target), after.timer_of(target)
        if was is None or now is None or (was.deadline, was.plan) != (now.deadline, now.plan):
            yield f"{target.words}: {_due(was, zone)} -> {_due(now, zone)}"
        elif was.steps != now.steps:
            yield f"{target.words}: other steps ({_steps(was)} -> {_steps(now)})"


def _due(timer: Timer | None, zone: str) -> str:
    return f"due {clock_time(timer.deadline, zone)}, {plan_in_words(timer)}" if timer else "none"


def _steps(timer: Timer) -> str:
    return ", ".join(f"{step.label} {'+'.join(step.notify) or 'nobody'}" for step in timer.steps)
