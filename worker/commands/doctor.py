"""`minutehand doctor`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click

from worker.doctor.check import Check, Verdict
from worker.doctor.helpdesk import of_helpdesks
from worker.doctor.policy import of_channels, of_policy
from worker.doctor.settings import of_settings
from worker.doctor.store import of_store
from worker.settings import Settings
from worker.transport import Transport
from worker.wiring import build

COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of checks.")
def doctor(*, as_json: bool) -> None:
    """Look at everything and say what to do about it; exit 1 when something fails.

    Example: minutehand doctor --json
    """
    settings, now = Settings.from_environment(), datetime.now(UTC)
    parts = build(settings)
    checks = [
        *of_settings(settings, Transport(), now),
        *of_store(parts.redis, now),
        *of_policy(parts.policy, parts.rubric),
        *of_channels(parts.policy),
        *of_helpdesks(parts.accounts, parts.journal, now),
    ]
    if as_json:
        click.echo(json.dumps([check.model_dump(mode="json") for check in checks], indent=2))
    else:
        _show(checks)
    if any(check.verdict is Verdict.FAIL for check in checks):
        sys.exit(1)


def _show(checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        word = click.style(f"{check.verdict:4}", fg=COLOURS[check.verdict])
        click.echo(f"{word}  {check.name:{width}}  {check.found}")
        if check.advice:
            click.echo(f"      {'':{width}}  -> {check.advice}")
    counts = {verdict: sum(one.verdict is verdict for one in checks) for verdict in Verdict}
    click.echo(f"{counts[Verdict.OK]} ok, {counts[Verdict.WARN]} warn, {counts[Verdict.FAIL]} fail")
