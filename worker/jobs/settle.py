"""settle: the answered tickets of one account, marked at the helpdesk in one batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog

from worker.errors import Transient
from worker.jobs.change import change
from worker.jobs.frame import carried, unless_paused
from worker.record import State
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.tickets import Changes, Receipt, TicketKey
from worker.urgency import Urgency, urgent
from worker.wiring import Account, Parts
from worker.writing import log_of, owes_met, state_there_should_be, written

log = structlog.get_logger()

BATCH = 100


@carried
def settle(parts: Parts, claim: Claim, now: datetime) -> None:
    """Set `SLA state` of the tickets in the account's set; what a passing fault keeps stays in it.

    Raises `Transient` then, so that the batch comes again after a pause.
    """
    account = parts.accounts.get(claim.member.subject)
    if account is None:
        return
    unless_paused(parts)
    ticket_ids = parts.journal.take_met(str(account), BATCH)
    wanted = _wanted(parts, account, ticket_ids)
    with urgent(Urgency.POLL):
        outcomes = account.client.write_many(_until_paused(parts, wanted)) if wanted else {}
    for ticket_id, fault in outcomes.items():
        key = TicketKey(account.helpdesk, account.name, ticket_id)
        if fault:
            log.info("not marked as answered", ticket=str(key), why=fault)
            parts.records.say(key, [("failed", f"SLA state not written: {fault}")], now=now)
        else:
            _record(parts, key, wanted[ticket_id], now)
    left = wanted.keys() - outcomes.keys()
    parts.journal.drop_met(str(account), [one for one in ticket_ids if one not in left])
    if left:
        unless_paused(parts)
        raise Transient(f"{account}: {len(left)} answered tickets could not be marked yet")
    if len(ticket_ids) == BATCH:
        parts.due.arm(claim.member, now)


def _wanted(parts: Parts, account: Account, ticket_ids: list[str]) -> dict[str, Changes]:
    ticket_keys = [TicketKey(account.helpdesk, account.name, one) for one in ticket_ids]
    return {
        state.ticket.key.id: Changes(state=state_there_should_be(state, state.settled.at))
        for state in parts.records.states(ticket_keys)
        if state.settled and owes_met(state, parts.settings.mode)
    }


def _until_paused(parts: Parts, wanted: Mapping[str, Changes]) -> Iterator[tuple[str, Changes]]:
    """A helpdesk that takes them one by one may need a minute: a pause ends the batch."""
    for ticket_id, changes in wanted.items():
        if parts.switches.paused():
            return
        yield ticket_id, changes


def _record(parts: Parts, key: TicketKey, wanted: Changes, now: datetime) -> None:
    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        after = written(state, wanted, Receipt(written=wanted), now)
        return after, Effects(
            lines=(("written", f"SLA state {wanted.state}"),), wrote=log_of(state, wanted, now)
        )

    change(parts, key, step, now=now)
