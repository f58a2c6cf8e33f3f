"""`minutehand`, also as `python -m worker`."""

from __future__ import annotations

import sys

import click
from redis.exceptions import RedisError

from worker.commands import (
    backtest,
    connect,
    decide,
    doctor,
    forget,
    look,
    observed,
    policy,
    processes,
    reconcile,
    switches,
    undo,
    up,
)
from worker.errors import MinutehandError, Misconfigured
from worker.settings import Settings
from worker.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="minutehand")
def minutehand() -> None:
    """Severity, priority and a first-response deadline on every new ticket, guarded to the second.

    Example: minutehand demo
    """


@minutehand.result_callback()
@click.pass_context
def say_the_mode(context: click.Context, _result: object) -> None:
    """What a command did or showed depends on MODE, so each that ends well says it."""
    if context.invoked_subcommand in RUN_ON:
        return
    try:
        mode = Settings.from_environment().mode
    except Misconfigured:  # `connect` may have asked for what .env lacks, and not kept it
        return
    click.echo(f"mode {mode}: {mode.words}", err=True)


RUN_ON = {"up", "demo", "sandbox", "web", "work", "clock"}
"""Commands that stay: their logs say the mode at their start."""

for command in (
    up.up,
    up.demo,
    processes.sandbox,
    processes.web,
    processes.work,
    processes.clock,
    policy.policy,
    decide.classify,
    decide.simulate,
    backtest.backtest,
    connect.connect,
    doctor.doctor,
    observed.observed,
    look.explain,
    look.failed,
    look.replay,
    reconcile.reconcile,
    look.channel,
    switches.pause,
    switches.resume,
    undo.undo,
    forget.forget,
):
    minutehand.add_command(command)


def main() -> None:
    """The console script: our own errors are one clear line each and a non-zero exit."""
    try:
        minutehand.main(prog_name="minutehand", standalone_mode=True)
    except RedisError as fault:
        click.echo(
            f"minutehand: Redis does not answer ({type(fault).__name__}): check REDIS_URL", err=True
        )
        sys.exit(1)
    except MinutehandError as fault:
        for line in str(fault).splitlines():
            click.echo(f"minutehand: {line}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
