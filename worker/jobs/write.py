"""write: what should stand on the helpdesk's ticket and does not, in one update."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.errors import Gone, NotNow, OnHold, Permanent, Transient
from worker.jobs.change import change
from worker.jobs.drop import drop
from worker.jobs.frame import carried, hold_back, later, unless_paused, urgency_of
from worker.lifecycle import fold
from worker.record import State
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.tickets import Changes, Receipt, Ticket, TicketKey
from worker.urgency import urgent
from worker.wiring import Parts
from worker.writing import (
    about_to_write,
    arrived_without_answer,
    differences,
    in_words,
    log_of,
    written,
)

log = structlog.get_logger()

FRESH = timedelta(seconds=10)
"""A reading this young is not taken again before the first try of a write."""
DELIVERED = timedelta(seconds=60)
"""A webhook this young is believed without reading the ticket again before the first write."""


@carried
def write(parts: Parts, claim: Claim, now: datetime) -> None:
    """A write that triage could not do at once, or that a step brought about.

    Hours may have passed: the ticket is read first, so that nothing a person set meanwhile is
    overwritten, and so that a write whose answer was lost is not repeated.
    """
    key = TicketKey.parse(claim.member.subject)
    fresh = FRESH if claim.attempt == 1 else timedelta(0)
    try:
        state, _ = parts.records.load(key)
        if claim.attempt == 1 and _goes_in_a_batch(parts, key, state, now):
            return
        with urgent(urgency_of(state)):
            _write_over_truth(parts, key, now, fresh, state=state, reading=None)
    except Gone as fault:
        drop(parts, key, fault, now)
    except NotNow as fault:
        # After a write whose fate is not known the ticket is read first, which a batch might not.
        if claim.attempt > 1 or not _waits_for_a_batch(parts, key, now, fault):
            raise


def write_now(
    parts: Parts,
    key: TicketKey,
    claim: Claim,
    now: datetime,
    *,
    state: State,
    reading: Ticket | None,
) -> None:
    """The write that follows a decision at once, under a claim that the commit gave us.

    `state` is what was committed, `reading` the ticket as fetched for the decision, if it was. A
    webhook may come hours late; then the ticket is read first, as people win.
    """
    try:
        if not _goes_in_a_batch(parts, key, state, now):
            with urgent(urgency_of(state)):
                _write_over_truth(parts, key, now, DELIVERED, state=state, reading=reading)
    except OnHold:
        hold_back(parts, claim)
        return
    except NotNow as fault:
        if not _waits_for_a_batch(parts, key, now, fault):
            parts.journal.count("write_again_later")
            later(parts, claim, fault)
            return
    except Gone as fault:
        drop(parts, key, fault, now)
    except Permanent as fault:
        parts.due.set_aside(claim, str(fault))
        return
    except Transient as fault:
        parts.journal.count("write_again_later")
        later(parts, claim, fault)
        return
    parts.due.finish(claim)


def _write_over_truth(
    parts: Parts,
    key: TicketKey,
    now: datetime,
    fresh: timedelta,
    *,
    state: State | None,
    reading: Ticket | None,
) -> None:
    start = parts.settings.start_from
    if state is None or (start and state.ticket.created_at < start):
        return
    unless_paused(parts)
    if now - state.read_at > fresh:
        reading = _read_again(parts, key, now)
        state, _ = parts.records.load(key)
    if state is not None:
        _write(parts, key, state, reading, now)


def _write(
    parts: Parts, key: TicketKey, state: State, reading: Ticket | None, now: datetime
) -> None:
    changes = differences(state, parts.settings.mode, parts.policy.time_zone, now)
    if changes.empty:
        return
    unless_paused(parts)  # again: a reading may take ten seconds
    if not _announced(state, changes, now):
        change(parts, key, lambda held: _announce(held, changes, now), now=now)
    account = parts.account_of(key)
    try:
        receipt = account.client.write(key.id, changes, current=reading)
    except Gone:
        raise
    except Permanent as fault:
        _refused(parts, key, str(fault), now)
        raise
    record(parts, key, changes, receipt, now)
    if receipt.try_again:
        raise Transient(receipt.try_again)


def record(
    parts: Parts,
    key: TicketKey,
    changes: Changes,
    receipt: Receipt,
    now: datetime,
    *,
    read_at: datetime | None = None,
) -> None:
    """Keep what arrived, on the record and for an undo, and tell what the helpdesk said.

    `read_at`: when the ticket was last read, where the state was made to forget it.
    """
    for text in receipt.said:
        if parts.journal.say(text, now):
            log.warning("said by the helpdesk", ticket=str(key), text=text)
    lines = [("said", text) for text in receipt.said]
    if not receipt.written.empty:
        lines.insert(0, ("written", in_words(receipt.written)))

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        after = written(state, changes, receipt, now)
        after = after.model_copy(update={"read_at": max(after.read_at, read_at or after.read_at)})
        return after, Effects(
            lines=tuple(lines),
            counts={"ticket_written": 1},
            unsay=_refusing(key),
            wrote=log_of(state, receipt.written, now),
        )

    change(parts, key, step, now=now)


def _refused(parts: Parts, key: TicketKey, why: str, now: datetime) -> None:
    """On the record, on the board and, by the caller, among what was set aside."""
    log.error("write refused", ticket=str(key), why=why)
    reason = why.partition(": ")[2] or why  # without the ticket's number: it is said once
    text = f"{key.helpdesk}/{key.account} refuses what we write: {reason}"
    parts.journal.say(text, now, about=_refusing(key))

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        after = state.model_copy(update={"could_not_write": why})
        return after, Effects(lines=(("failed", why),), counts={"write_refused": 1})

    change(parts, key, step, now=now)


def _refusing(key: TicketKey) -> str:
    return f"writing to {key.helpdesk}/{key.account}"


def _read_again(parts: Parts, key: TicketKey, now: datetime) -> Ticket:
    reading = parts.account_of(key).client.fetch(key.id)
    fold_reading(parts, key, reading, now)
    return reading


def fold_reading(parts: Parts, key: TicketKey, reading: Ticket, now: datetime) -> None:
    """Take in what the ticket shows before it is written to; a lost answer is found by it, too."""
    whole_updates = parts.account_of(key).client.note_travels_with_fields

    def step(state: State | None) -> tuple[State, Effects] | None:
        rules = parts.policies.of(state)
        outcome = fold(state, (), reading, *rules, now) if state else None
        if state is None or outcome is None:
            return None
        after = outcome.state
        if whole_updates and arrived_without_answer(state, reading):
            after = after.model_copy(update={"noted": True})
        return after, Effects(lines=outcome.lines)

    change(parts, key, step, now=now)


def _goes_in_a_batch(parts: Parts, key: TicketKey, state: State | None, now: datetime) -> bool:
    """True, and the ticket is in the backlog, while so many are written that they go together."""
    if state is None or parts.account_of(key).client.bulk is None:
        return False
    return parts.backlog.gives_way(key, now) and _waits_for_a_batch(parts, key, now)


def _waits_for_a_batch(
    parts: Parts, key: TicketKey, now: datetime, fault: NotNow | None = None
) -> bool:
    """Put the ticket into its account's backlog; False where the helpdesk takes no batches."""
    bulk = parts.account_of(key).client.bulk
    state, _ = parts.records.load(key)
    if bulk is None or state is None or state.decision is None:
        return False
    wait = (fault.retry_after if fault else None) or 0.0
    parts.backlog.add(key, state.decision.severity, now, most=bulk.most, wait=wait)
    return True


def _announce(state: State | None, changes: Changes, now: datetime) -> tuple[State, Effects] | None:
    return (about_to_write(state, changes, now), Effects()) if state else None


def _announced(state: State, changes: Changes, now: datetime) -> bool:
    """True when the commit before has already noted what this write is about to set."""
    noted = {(write.field, write.now) for write in state.writes if now - write.at <= FRESH}
    values = (("severity", changes.severity), ("priority", changes.priority))
    return all(value is None or (field, str(value)) in noted for field, value in values)
