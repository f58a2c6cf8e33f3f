"""The small commands: each answers one question, fast and honestly."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import requests
from redis import Redis

from worker.channels.base import Alert, AlertTicket
from worker.commands.decide import decision_lines
from worker.errors import Misconfigured, Permanent, Transient
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Settings
from worker.targets import arithmetic, plan_in_words
from worker.tickets import Reason, Severity, TicketKey, one_line
from worker.wiring import build


@click.command()
@click.argument("helpdesk", type=click.Choice(sorted(HELPDESKS)))
@click.argument("ticket_id")
def explain(helpdesk: str, ticket_id: str) -> None:
    """Print everything Minutehand knows and did about one ticket.

    Example: minutehand explain zendesk 5158
    """
    parts = build(Settings.from_environment())
    for account in parts.accounts.values():
        key = TicketKey(helpdesk, account.name, ticket_id.lstrip("#"))
        state, _ = parts.records.load(key)
        if account.helpdesk != helpdesk or state is None:
            continue
        click.echo(f"{key}  {one_line(state.ticket.subject)}")
        for line in decision_lines(state.decision) if state.decision else ():
            click.echo(line)
        if state.timer:
            shown = arithmetic(state.timer, parts.policy.time_zone)
            click.echo(f"{shown}, {plan_in_words(state.timer)}")
        for other in state.others.values():
            click.echo(f"{other.target.words}: {arithmetic(other, parts.policy.time_zone)}")
        for entry in parts.records.lines(key):
            click.echo(
                f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.what:<20} {one_line(entry.text, 200)}"
            )
        return
    raise Misconfigured(f"ticket {helpdesk} {ticket_id} is not known here")


@click.command()
@click.option("--retry", is_flag=True, help="Make them due again, now.")
@click.argument("members", nargs=-1)
def failed(members: tuple[str, ...], *, retry: bool) -> None:
    """List what was set aside, with its reason; name some to see, or retry, only these.

    Example: minutehand failed --retry
    """
    parts = build(Settings.from_environment())
    failures = {failure.member: failure for failure in parts.due.failures()}
    unknown = [member for member in members if member not in failures]
    if unknown:
        raise Misconfigured(*(f"{member} was not set aside; see `failed`" for member in unknown))
    chosen = [failures[member] for member in members or failures]
    for failure in chosen:
        at = datetime.fromtimestamp(failure.at, UTC)
        reason = one_line(failure.reason, 300)
        click.echo(f"{at:%Y-%m-%d %H:%M:%S}  {failure.member}  {reason}")
    if retry:
        count = parts.due.retry_failures([failure.member for failure in chosen])
        click.echo(f"{count} made due again")
    elif not failures:
        click.echo("nothing was set aside")


@click.command()
@click.argument("sample", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "helpdesk", type=click.Choice(sorted(HELPDESKS)), required=True)
def replay(sample: Path, helpdesk: str) -> None:
    """Sign a webhook body with your secret and post it to the web process on this machine.

    Example: minutehand replay body.json --to zendesk
    """
    settings = Settings.from_environment()
    desk = HELPDESKS[helpdesk]
    secrets = desk.secrets(settings)
    if not secrets:
        raise Misconfigured(f"{desk.secret_variable} is not set")
    body = sample.read_bytes()
    headers = desk.inbound.sample(body, secret=secrets[0], now=datetime.now(UTC))
    url = f"http://127.0.0.1:{settings.port}/webhooks/{helpdesk}"
    try:
        answer = requests.post(url, data=body, headers=headers, timeout=10)
    except requests.RequestException:
        raise Misconfigured(f"no web process answers on port {settings.port}") from None
    click.echo(f"{answer.status_code} {answer.text.strip()}")
    sys.exit(0 if answer.ok else 1)


@click.group()
def channel() -> None:
    """Work with notification channels."""


@channel.command("test")
@click.argument("name")
def channel_test(name: str) -> None:
    """Send a test alert to one channel of the policy. Example: minutehand channel test oncall"""
    parts = build(Settings.from_environment(), redis=Redis())  # never asked: a channel needs none
    if name not in parts.channels:
        known = ", ".join(parts.channels) or "none"
        raise Misconfigured(f"there is no channel {name!r} in the policy; configured: {known}")
    now = datetime.now(UTC).replace(microsecond=0)
    test = Alert(
        id=f"test-{int(now.timestamp())}",
        type="test",
        channel=name,
        ticket=AlertTicket(
            helpdesk="zendesk", account="test", id="0", subject="A test alert", url=None
        ),
        severity=Severity.P4,
        step="test",
        created_at=now,
        deadline=now,
        reasons=(Reason(text="somebody ran `minutehand channel test`"),),
        time_zone=parts.policy.time_zone,
    )
    try:
        parts.channels[name].send(test, now=now)
    except (Transient, Permanent) as fault:
        raise Misconfigured(str(fault)) from None
    click.echo(f"sent to {name}")
