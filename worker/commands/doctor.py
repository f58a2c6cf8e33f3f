"""`minutehand doctor`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import click
from redis.exceptions import RedisError

from worker import connected
from worker.commands.observed import known
from worker.doctor.answers import MOST_READ, of_answers
from worker.doctor.check import Check, Verdict
from worker.doctor.helpdesk import Account, of_traffic
from worker.doctor.policy import of_channels, of_policy
from worker.doctor.settings import of_settings
from worker.doctor.store import of_store
from worker.errors import Misconfigured
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Settings
from worker.transport import Transport
from worker.wiring import Parts, build

COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of checks.")
def doctor(*, as_json: bool) -> None:
    """Look at everything and say what to do about it; exit 1 when something fails.

    Example: minutehand doctor --json
    """
    settings, now = Settings.from_environment(), datetime.now(UTC)
    checks = list(look(build(settings), Transport(), now))
    if as_json:
        click.echo(json.dumps([check.model_dump(mode="json") for check in checks], indent=2))
    else:
        _show(checks)
    if any(check.verdict is Verdict.FAIL for check in checks):
        sys.exit(1)


def look(parts: Parts, transport: Transport, now: datetime) -> Iterator[Check]:
    """Every check there is; nothing is written or sent, and nobody's being away stops it."""
    settings = parts.settings
    yield from of_settings(settings, transport, now)
    yield from of_store(parts.redis, now)
    yield from of_policy(parts.policy, parts.rubric)
    yield from of_channels(parts.policy)
    names: list[str] = []
    for account in _accounts(settings, transport):
        standing = account.standing()
        if isinstance(standing, Check):
            yield standing
        else:
            names += standing.signs_as
            yield from account.checks(standing, datetime.now(UTC))
        yield from of_traffic(account.name, parts.journal, settings, now)
    with suppress(RedisError):  # said above
        yield from of_answers(known(parts, MOST_READ), names, parts.policy)


def _accounts(settings: Settings, transport: Transport) -> Iterator[Account]:
    for helpdesk in HELPDESKS.values():
        name = helpdesk.account(settings)
        if name is not None:
            path = connected.path_of(settings.data_dir, helpdesk.name)
            try:
                made = connected.load(path, name).made
            except Misconfigured:  # another account's record: `connect` says so
                made = ()
            yield Account(helpdesk, helpdesk.setup(settings, transport), settings, made)


def _show(checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        word = click.style(f"{check.verdict:4}", fg=COLOURS[check.verdict])
        click.echo(f"{word}  {check.name:{width}}  {check.found}")
        if check.advice:
            click.echo(f"      {'':{width}}  -> {check.advice}")
    counts = {verdict: sum(one.verdict is verdict for one in checks) for verdict in Verdict}
    click.echo(f"{counts[Verdict.OK]} ok, {counts[Verdict.WARN]} warn, {counts[Verdict.FAIL]} fail")
