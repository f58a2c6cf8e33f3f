"""forget: erase what people wrote on one ticket."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from worker.errors import Misconfigured
from worker.helpdesks.registry import HELPDESKS
from worker.jobs.forget import forget_text
from worker.settings import Settings
from worker.tickets import TicketKey
from worker.wiring import build


@click.command()
@click.argument("helpdesk", type=click.Choice(sorted(HELPDESKS)))
@click.argument("ticket_id")
def forget(helpdesk: str, ticket_id: str) -> None:
    """Erase a ticket's text here: subject, body, quotes, its record, alerts, waiting events.

    Its timer goes on. What the helpdesk and the notification channels have is theirs to erase.
    Example: minutehand forget zendesk 5158
    """
    parts, now = build(Settings.from_environment()), datetime.now(UTC)
    known = False
    for account in parts.accounts.values():
        if account.helpdesk != helpdesk:
            continue
        key = TicketKey(helpdesk, account.name, ticket_id.lstrip("#"))
        done = forget_text(parts, key, now)
        known = known or done.known
        if done.known:
            click.echo(f"{key}: {f'erased {done.what}' if done.what else 'nothing left to erase'}")
    if not known:
        raise Misconfigured(f"ticket {helpdesk} {ticket_id} is not known here")
