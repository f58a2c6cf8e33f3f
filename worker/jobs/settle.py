"""settle: the answered tickets of one account, marked at the helpdesk in one batch."""

from __future__ import annotations

from datetime import datetime

import structlog

from worker.jobs.frame import carried
from worker.record import State
from worker.store.due import Claim
from worker.store.records import Effects
from worker.tickets import Changes, SlaState, TicketKey
from worker.wiring import Account, Parts
from worker.writing import LEFT_ALONE, state_there_should_be, written

log = structlog.get_logger()

BATCH = 100


@carried
def settle(parts: Parts, claim: Claim, now: datetime) -> None:
    """Set `SLA state` of every ticket in the account's set; what stays in it is tried again."""
    account = parts.accounts.get(claim.member.subject)
    if account is None:
        return
    ticket_ids = parts.journal.take_met(str(account), BATCH)
    wanted = _wanted(parts, account, ticket_ids)
    parts.journal.drop_met(str(account), [one for one in ticket_ids if one not in wanted])
    if not wanted:
        return
    changes = {ticket_id: Changes(state=state) for ticket_id, state in wanted.items()}
    faults = account.client.write_many(changes.items())
    for ticket_id, change in changes.items():
        fault = faults.get(ticket_id, "no answer")
        key = TicketKey(account.helpdesk, account.name, ticket_id)
        if fault:
            log.info("not marked as answered", ticket=str(key), why=fault)
            parts.records.say(key, [("failed", f"SLA state not written: {fault}")], now=now)
        else:
            _record(parts, key, change, now)
    parts.journal.drop_met(str(account), list(changes))
    if len(ticket_ids) == BATCH:
        parts.due.arm(claim.member, now)


def _wanted(parts: Parts, account: Account, ticket_ids: list[str]) -> dict[str, SlaState]:
    ticket_keys = [TicketKey(account.helpdesk, account.name, one) for one in ticket_ids]
    wanted = {}
    for state in parts.records.states(ticket_keys):
        settled = state.settled
        if settled is None or settled.why in LEFT_ALONE:
            continue
        should = state_there_should_be(state, settled.at)
        if should and should != state.there.state:
            wanted[state.ticket.key.id] = should
    return wanted


def _record(parts: Parts, key: TicketKey, change: Changes, now: datetime) -> None:
    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        after = written(state, change, now)
        return after, Effects(lines=(("written", f"SLA state {change.state}"),))

    parts.records.change(key, step, now=now)
