"""`minutehand doctor`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import click
from redis import Redis
from redis.exceptions import RedisError

from worker import connected
from worker.commands.observed import known
from worker.doctor.answers import MOST_READ, of_answers
from worker.doctor.check import Check, Verdict, fail
from worker.doctor.helpdesk import Account, of_traffic
from worker.doctor.policy import of_channels, of_policy
from worker.doctor.settings import of_settings
from worker.doctor.store import of_store
from worker.errors import Misconfigured
from worker.helpdesks.registry import HELPDESKS
from worker.policy import Policy
from worker.settings import Settings
from worker.severity import Rubric
from worker.store.journal import Journal
from worker.store.records import Records
from worker.transport import Transport
from worker.wiring import open_redis, policy_from

COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of checks.")
def doctor(*, as_json: bool) -> None:
    """Look at everything and say what to do about it; exit 1 when something fails.

    Example: minutehand doctor --json
    """
    settings, now = Settings.from_environment(), datetime.now(UTC)
    checks = list(look(settings, Transport(), now))
    if as_json:
        click.echo(json.dumps([check.model_dump(mode="json") for check in checks], indent=2))
    else:
        _show(checks)
    if any(check.verdict is Verdict.FAIL for check in checks):
        sys.exit(1)


def look(settings: Settings, transport: Transport, now: datetime) -> Iterator[Check]:
    """Every check there is; nothing is written or sent, and nothing that is away stops it."""
    yield from of_settings(settings, transport, now)
    redis = _redis(settings)
    if isinstance(redis, Check):
        yield redis
    else:
        yield from of_store(redis, now)
    policy = _policy(settings)
    if isinstance(policy, Check):
        yield policy
    else:
        yield from of_policy(policy, Rubric.of(policy))
        yield from of_channels(policy)
    names: list[str] = []
    for account in _accounts(settings, transport):
        standing = account.standing()
        if isinstance(standing, Check):
            yield standing
        else:
            names += standing.signs_as
            yield from account.checks(standing, datetime.now(UTC))
        if isinstance(redis, Redis):
            yield from of_traffic(account.name, Journal(redis), settings, now)
    if isinstance(redis, Redis) and isinstance(policy, Policy):
        with suppress(RedisError):  # said above
            yield from of_answers(known(Records(redis), MOST_READ), names, policy)


def _redis(settings: Settings) -> Redis | Check:
    try:
        return open_redis(settings)
    except Misconfigured as fault:
        return fail("Redis", str(fault), "`minutehand up` starts one; or set REDIS_URL")


def _policy(settings: Settings) -> Policy | Check:
    try:
        return policy_from(settings)
    except Misconfigured as fault:
        first, *more = str(fault).splitlines()
        others = f", and {len(more)} more" if more else ""
        return fail("policy", f"has faults: {first}{others}", "run `minutehand policy check`")


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
