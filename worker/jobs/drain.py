"""drain: an account's writes that piled up, the most severe first, a hundred in one call."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.errors import Transient
from worker.helpdesks.base import Bulk
from worker.jobs.change import change
from worker.jobs.frame import carried, unless_paused, urgency_of
from worker.jobs.write import DELIVERED, fold_reading, record
from worker.record import State
from worker.store.backlog import GATHER
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.store.keys import Kind, Member
from worker.tickets import Changes, TicketKey
from worker.urgency import urgent
from worker.wiring import Account, Parts
from worker.writing import about_to_write, differences

log = structlog.get_logger()


@carried
def drain(parts: Parts, claim: Claim, now: datetime) -> None:
    """Write the account's next batch; what a passing fault keeps away stays in the backlog.

    Raises `Transient` then. The rules are those of a single write: an old reading is taken anew,
    one update carries everything, and nothing is written that does not differ.
    """
    account = parts.accounts.get(claim.member.subject)
    if account is None or account.client.bulk is None:
        return
    unless_paused(parts)
    bulk = account.client.bulk
    ids = parts.backlog.first(str(account), bulk.most)
    states = _states(parts, account, ids)
    if states:
        with urgent(min(urgency_of(state) for state in states.values())):
            fresh = DELIVERED if claim.attempt == 1 else timedelta(0)
            left = _write(parts, account, bulk, states, now, fresh)
    else:
        left = set()
    parts.backlog.drop(str(account), [one for one in ids if one not in left])
    _look_again(parts, account, [one for one in states if one not in left])
    if left:
        raise Transient(f"{account}: {len(left)} writes of a batch have to be tried again")
    waiting = parts.backlog.size(str(account))
    if waiting:
        soon = 0.0 if waiting >= bulk.most else GATHER
        parts.due.arm(claim.member, now + timedelta(seconds=soon))


def _write(
    parts: Parts,
    account: Account,
    bulk: Bulk,
    states: dict[str, State],
    now: datetime,
    fresh: timedelta,
) -> set[str]:
    """One batch; the ids of those that a passing fault kept away."""
    old = [one for one, state in states.items() if now - state.read_at > fresh]
    missing: set[str] = set()
    if old:
        readings = bulk.read(old)
        for ticket_id, reading in readings.items():
            fold_reading(parts, _key(account, ticket_id), reading, now)
        missing = set(old) - readings.keys()
        states = _states(parts, account, [one for one in states if one not in missing])
    for ticket_id in missing:  # gone, or not to be read in a list: its own write finds out
        parts.backlog.let_go_alone(str(account), ticket_id)
    wanted = {one: _wanted(parts, state, now) for one, state in states.items()}
    wanted = {one: changes for one, changes in wanted.items() if not changes.empty}
    if not wanted:
        return set()
    unless_paused(parts)
    for ticket_id, changes in wanted.items():
        _announce(parts, _key(account, ticket_id), changes, now)
    receipts = bulk.write(wanted.items())
    for ticket_id, receipt in receipts.items():
        key = _key(account, ticket_id)
        if isinstance(receipt, str):
            log.info("a batch did not get a write through", ticket=str(key), why=receipt)
            parts.backlog.let_go_alone(str(account), ticket_id)
        else:
            read_at = states[ticket_id].read_at
            record(parts, key, wanted[ticket_id], receipt, now, read_at=read_at)
    parts.journal.count("batch_written")
    log.info("batch written", account=str(account), tickets=len(receipts))
    return wanted.keys() - receipts.keys()


def _announce(parts: Parts, key: TicketKey, changes: Changes, now: datetime) -> None:
    """Keep what is about to be written; whatever becomes of it, the last reading is too old now.

    Should the answer be lost, or this process, the ticket is read before anything is written again.
    """

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        after = about_to_write(state, changes, now)
        return after.model_copy(update={"read_at": state.ticket.created_at}), Effects()

    change(parts, key, step, now=now)


def _wanted(parts: Parts, state: State, now: datetime) -> Changes:
    start = parts.settings.start_from
    if start and state.ticket.created_at < start:
        return Changes()
    return differences(state, parts.settings.mode, parts.policy.time_zone, now)


def _look_again(parts: Parts, account: Account, ticket_ids: list[str]) -> None:
    """What came up for a ticket while its batch was under way is written by its own update.

    A batch may take half a minute, in which a step or the deadline passed: now is now.
    """
    now = parts.due.now()
    for ticket_id, state in _states(parts, account, ticket_ids).items():
        if not _wanted(parts, state, now).empty:
            parts.due.arm(Member(Kind.WRITE, str(_key(account, ticket_id))), now)


def _states(parts: Parts, account: Account, ticket_ids: list[str]) -> dict[str, State]:
    found = parts.records.states([_key(account, one) for one in ticket_ids])
    return {state.ticket.key.id: state for state in found}


def _key(account: Account, ticket_id: str) -> TicketKey:
    return TicketKey(account.helpdesk, account.name, ticket_id)
