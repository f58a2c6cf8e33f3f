"""What an operator switches by hand: pause, resume, muted notification channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from worker.commands.look import channel
from worker.errors import Misconfigured
from worker.policy.durations import read_duration
from worker.settings import Settings
from worker.targets import clock_time
from worker.tickets import one_line
from worker.wiring import Parts, build

LONGEST_MUTE = timedelta(days=30)
"""Whoever wants a channel silent for longer takes it out of the policy."""


@click.command()
@click.option("--reason", default="", help="Shown on the board.")
def pause(*, reason: str) -> None:
    """Stop writing to the helpdesks and alerting people, everywhere, within 5 seconds.

    Webhooks are accepted, tickets decided and timers armed all the same, so nothing is lost.
    Example: minutehand pause --reason "maintenance until 6"
    """
    parts, now = build(Settings.from_environment()), datetime.now(UTC)
    new = parts.switches.pause(one_line(reason, 200), now)
    click.echo(
        "paused: within 5 seconds nothing is written and nobody is alerted any more; "
        "`minutehand resume` ends it"
        if new
        else "it was paused before; the reason is replaced"
    )


@click.command()
def resume() -> None:
    """End a pause: writes catch up, and of the steps that passed the furthest is sent.

    Example: minutehand resume
    """
    parts, now = build(Settings.from_environment()), datetime.now(UTC)
    waited = parts.switches.resume(now)
    click.echo("nothing was paused" if waited is None else f"resumed; {waited} jobs had waited")


@channel.command("mute")
@click.argument("name")
@click.option("--for", "span", required=True, help="How long: 90s, 45m, 2h, 3d.")
def mute(name: str, span: str) -> None:
    """Send nothing to a channel for a while: its alerts go to its `otherwise`, or are skipped.

    P1 too. Example: minutehand channel mute team --for 2h
    """
    parts, now = build(Settings.from_environment()), datetime.now(UTC)
    _known(parts, name)
    try:
        quiet = read_duration(span)
    except ValueError as fault:
        raise Misconfigured(f"--for: {fault}") from None
    if quiet > LONGEST_MUTE:
        raise Misconfigured(f"--for: at most {LONGEST_MUTE.days} days")
    parts.switches.mute(name, now + quiet, now)
    end = clock_time(now + quiet, parts.policy.time_zone)
    alternate = parts.policy.channels[name].otherwise
    then = f"{alternate} is told instead" if alternate else "its alerts are skipped"
    click.echo(f"{name} is muted until {end}: {then}, P1 too")


@channel.command("unmute")
@click.argument("name")
def unmute(name: str) -> None:
    """Send to a muted channel again. Example: minutehand channel unmute team"""
    parts = build(Settings.from_environment())
    if not parts.switches.unmute(name):
        _known(parts, name)
        click.echo(f"{name} was not muted")
        return
    click.echo(f"{name} is not muted any more")


@channel.command("list")
def listed() -> None:
    """Print the policy's channels: type, hours, otherwise, muted until.

    Example: minutehand channel list
    """
    parts, now = build(Settings.from_environment()), datetime.now(UTC)
    muted, zone = parts.switches.muted(now), parts.policy.time_zone
    rows = [("CHANNEL", "TYPE", "HOURS", "OTHERWISE", "MUTED UNTIL")]
    for name, rule in parts.policy.channels.items():
        end = clock_time(muted[name], zone) if name in muted else "-"
        rows.append((name, rule.type, rule.hours or "always", rule.otherwise or "-", end))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _known(parts: Parts, name: str) -> None:
    if name not in parts.policy.channels:
        known = ", ".join(parts.policy.channels) or "none"
        raise Misconfigured(f"there is no channel {name!r} in the policy; configured: {known}")
