"""`minutehand connect`: set a helpdesk account up for us, or undo that."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
from redis.exceptions import RedisError

from worker import disconnecting, surroundings
from worker.connect_plan import Plan, refuse
from worker.connecting import Connecting, webhook_address
from worker.dotenv_file import read_text, values_in
from worker.errors import Misconfigured
from worker.helpdesks.base import Helpdesk, Setup
from worker.helpdesks.registry import HELPDESKS
from worker.helpdesks.wishes import Question, State, Wish
from worker.ledger import Ledger
from worker.settings import Settings
from worker.store.journal import LOOK_BACK, Journal
from worker.transport import Transport
from worker.trying_out import Arrival, try_out
from worker.wiring import open_redis, policy_from

PUBLIC_URL = Question(
    variable="PUBLIC_URL",
    text="The https address at which the helpdesk reaches this machine (empty: polling only)",
)


@click.command()
@click.argument("helpdesk", type=click.Choice(sorted(HELPDESKS)))
@click.option("--dry-run", is_flag=True, help="Print the plan and stop; nothing is written.")
@click.option("--remove", is_flag=True, help="Undo exactly what this command made.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def connect(helpdesk: str, *, dry_run: bool, remove: bool, yes: bool) -> None:
    """Set a helpdesk account up: ticket fields, webhook or rule, secrets in .env, a test event.

    Shows the plan before it does anything, and changes nothing the second time.
    Example: minutehand connect zendesk --dry-run
    """
    desk, env = HELPDESKS[helpdesk], Path.cwd() / ".env"
    environment = values_in(read_text(env)) | dict(os.environ)
    answers = _ask(desk, environment, ask=not yes)
    settings = Settings.from_environment(environment | answers)
    transport = Transport()
    setup = desk.setup(settings, transport)
    account = desk.account(settings) or ""
    ledger = Ledger(desk.name, account, data_dir=settings.data_dir, env=env)
    if remove:
        _remove(desk, setup, settings, ledger, dry_run=dry_run, yes=yes)
        return
    run = Connecting(desk, setup, settings, ledger, answers)
    plan = run.look(datetime.now(UTC))
    _show(desk, account, plan, setup, settings)
    _warn_of_the_past(settings, ledger, datetime.now(UTC))
    refuse(plan)
    if dry_run:
        click.echo("dry run: nothing was written")
        return
    if plan.changes_nothing:
        click.echo("nothing to change: everything is as it has to be")
    elif not yes:
        click.confirm("Do this?", abort=True)
    left = run.make(plan, click.echo)
    _say_what_was_stored(plan)
    by_hand = [wish for wish in plan.wishes if wish.state is State.BY_HAND]
    _say_what_is_left(setup, plan, left)
    arrived = _try(desk, setup, settings, ledger, transport, plan, run.webhook_id(plan))
    if left or by_hand or not arrived:
        sys.exit(1)


def _ask(desk: Helpdesk, environment: Mapping[str, str], *, ask: bool) -> dict[str, str]:
    """What is not set yet, from a person; raises `Misconfigured` where there is none to ask."""
    missing = desk.questions(environment)
    if missing and not ask:
        raise Misconfigured(
            *(f"{question.variable} is not set: {question.text}" for question in missing)
        )
    if ask and not environment.get("PUBLIC_URL"):
        missing = (*missing, PUBLIC_URL) if missing else ()
    answers = {}
    for question in missing:
        default = "" if question is PUBLIC_URL else None
        typed = click.prompt(
            question.text, default=default, show_default=False, hide_input=question.secret
        ).strip()
        if typed:
            answers[question.variable] = typed
    return answers


def _show(desk: Helpdesk, account: str, plan: Plan, setup: Setup, settings: Settings) -> None:
    standing = plan.standing
    click.echo(f"{desk.title} {account}: signed in as {standing.who}")
    click.echo(f"  plan: {standing.plan}")
    click.echo(f"  rights: {standing.rights}")
    for caution in standing.cautions:
        click.echo(f"  caution: {caution}")
    click.echo("The plan:")
    for line in plan.lines():
        click.echo(line)
    for line in surroundings.lines(setup, policy_from(settings)):
        click.echo(line)


def _warn_of_the_past(settings: Settings, ledger: Ledger, now: datetime) -> None:
    """START_FROM serves all helpdesks; one that is connected later begins as far back."""
    start = settings.start_from
    if start is not None and ledger.is_empty and now - start > LOOK_BACK:
        click.echo(
            f"caution: START_FROM is {start:%Y-%m-%dT%H:%M:%SZ}, so tickets created since then "
            "come under Minutehand too; set it to a later moment in .env if they should not"
        )


def _say_what_was_stored(plan: Plan) -> None:
    for name in plan.store:
        if os.environ.get(name):
            click.echo(f"caution: {name} is set in the environment too, which wins over .env")
    if plan.store:
        click.echo(f"stored in .env (mode 600): {', '.join(plan.store)}")
    if plan.store.get("BOARD_PASSWORD"):
        click.echo(f"the board's password, shown this once: {plan.store['BOARD_PASSWORD']}")


def _say_what_is_left(setup: Setup, plan: Plan, left: tuple[Wish, ...]) -> None:
    if left:
        click.echo(
            "Our user was not allowed to make these; make them by hand, then run this again:"
        )
    for wish in left:
        for line in setup.by_hand(wish, plan.address):
            click.echo(f"  {line}")
    if any(wish.state is State.BY_HAND for wish in plan.wishes):
        click.echo("not finished: make by hand what the plan says above, then run this again")


def _try(
    desk: Helpdesk,
    setup: Setup,
    settings: Settings,
    ledger: Ledger,
    transport: Transport,
    plan: Plan,
    webhook_id: str,
) -> bool:
    """Send a test event unless one arrived before and nothing changed; False: it was lost."""
    if not webhook_id or plan.address is None or settings.public_url is None:
        return True
    if ledger.record.heard and plan.changes_nothing:
        return True
    trial = try_out(
        setup,
        transport,
        settings.public_url,
        webhook_id=webhook_id,
        address=webhook_address(desk, settings) or "",
        last_heard=_last_heard(settings, f"{desk.name}/{desk.account(settings)}"),
    )
    click.echo(trial.text)
    if trial.arrival is Arrival.ARRIVED:
        ledger.heard()
    return trial.arrival is not Arrival.LOST


def _last_heard(settings: Settings, account: str) -> Callable[[], float | None] | None:
    try:
        redis = open_redis(settings)
        redis.ping()
    except (Misconfigured, RedisError):
        return None
    journal = Journal(redis)

    def heard() -> float | None:
        try:
            return journal.last_heard(account)
        except RedisError:
            return None

    return heard


def _remove(
    desk: Helpdesk,
    setup: Setup,
    settings: Settings,
    ledger: Ledger,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    if ledger.is_empty:
        click.echo(f"nothing to remove: {ledger.path} names nothing that `connect` made")
        ledger.close()
        return
    click.echo("To be undone:")
    for line in disconnecting.plan_lines(ledger):
        click.echo(line)
    if dry_run:
        click.echo("dry run: nothing was removed")
        return
    if not yes:
        click.confirm("Undo this?", abort=True)
    setup.standing()
    disconnecting.undo(setup, ledger, webhook_address(desk, settings), click.echo)
    click.echo("undone; what others made was left alone")
