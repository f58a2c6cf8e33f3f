"""write: what should stand on the helpdesk's ticket and does not, in one update."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.errors import Gone, Permanent, Transient
from worker.jobs.frame import carried, later
from worker.lifecycle import fold, gone
from worker.record import State
from worker.store.due import Claim
from worker.store.records import Effects
from worker.tickets import Changes, Receipt, TicketKey
from worker.wiring import Parts
from worker.writing import about_to_write, differences, in_words, written

log = structlog.get_logger()

FRESH = timedelta(seconds=10)
"""A reading this young is not taken again before a write that comes later."""
DELIVERED = timedelta(seconds=60)
"""A webhook this young is believed without reading the ticket again before the first write."""


@carried
def write(parts: Parts, claim: Claim, now: datetime) -> None:
    """A write that triage could not do at once, or that a step brought about.

    Hours may have passed: the ticket is read first, so that nothing a person set meanwhile is
    overwritten.
    """
    key = TicketKey.parse(claim.member.subject)
    try:
        _write_over_truth(parts, key, now, FRESH)
    except Gone as fault:
        _drop(parts, key, str(fault), now)


def write_now(parts: Parts, key: TicketKey, claim: Claim, now: datetime) -> None:
    """The write that follows a decision at once, under a claim that the commit gave us.

    A webhook may come hours late; then the ticket is read first, as people win.
    """
    try:
        _write_over_truth(parts, key, now, DELIVERED)
    except Gone as fault:
        _drop(parts, key, str(fault), now)
    except Transient as fault:
        parts.journal.count("write_again_later")
        later(parts, claim, fault)
        return
    parts.due.finish(claim)


def _write_over_truth(parts: Parts, key: TicketKey, now: datetime, fresh: timedelta) -> None:
    state, _ = parts.records.load(key)
    if state is not None and now - state.read_at > fresh:
        _read_again(parts, key, now)
        state, _ = parts.records.load(key)
    if state is not None:
        _write(parts, key, state, now)


def _write(parts: Parts, key: TicketKey, state: State, now: datetime) -> None:
    changes = differences(state, parts.settings.mode, parts.policy.time_zone, now)
    if changes.empty:
        return
    if not _announced(state, changes, now):
        parts.records.change(key, lambda held: _announce(held, changes, now), now=now)
    client = parts.account_of(key).client
    young = now - state.read_at <= FRESH
    ours_is_older = state.wrote_at is None or state.wrote_at < state.read_at
    current = state.ticket if young and ours_is_older else None
    try:
        receipt = client.write(key.id, changes, current=current)
    except Gone:
        raise
    except Permanent as fault:
        _refused(parts, key, str(fault), now)
        return
    _record(parts, key, changes, receipt, now)


def _record(
    parts: Parts, key: TicketKey, changes: Changes, receipt: Receipt, now: datetime
) -> None:
    for text in receipt.said:
        if parts.journal.say(text, now):
            log.warning("said by the helpdesk", ticket=str(key), text=text)
    lines = [("said", text) for text in receipt.said]
    if not receipt.written.empty:
        lines.insert(0, ("written", in_words(receipt.written)))

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        after = written(state, changes, now)
        return after, Effects(lines=tuple(lines), counts={"ticket_written": 1})

    parts.records.change(key, step, now=now)


def _refused(parts: Parts, key: TicketKey, why: str, now: datetime) -> None:
    log.error("write refused", ticket=str(key), why=why)
    parts.journal.say(why, now)

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None:
            return None
        after = state.model_copy(update={"could_not_write": why})
        return after, Effects(lines=(("failed", why),), counts={"write_refused": 1})

    parts.records.change(key, step, now=now)


def _drop(parts: Parts, key: TicketKey, why: str, now: datetime) -> None:
    log.info("ticket dropped", ticket=str(key), why=why)

    def step(state: State | None) -> tuple[State, Effects] | None:
        if state is None or state.settled:
            return None
        outcome = gone(state, why, now)
        return outcome.state, Effects(lines=outcome.lines, counts={"ticket_dropped": 1})

    parts.records.change(key, step, now=now)


def _read_again(parts: Parts, key: TicketKey, now: datetime) -> None:
    reading = parts.account_of(key).client.fetch(key.id)

    def step(state: State | None) -> tuple[State, Effects] | None:
        outcome = fold(state, (), reading, parts.policy, parts.rubric, now)
        return (outcome.state, Effects(lines=outcome.lines)) if outcome and state else None

    parts.records.change(key, step, now=now)


def _announce(state: State | None, changes: Changes, now: datetime) -> tuple[State, Effects] | None:
    return (about_to_write(state, changes, now), Effects()) if state else None


def _announced(state: State, changes: Changes, now: datetime) -> bool:
    """True when the commit before has already noted what this write is about to set."""
    noted = {(write.field, write.now) for write in state.writes if now - write.at <= FRESH}
    values = (("severity", changes.severity), ("priority", changes.priority))
    return all(value is None or (field, str(value)) in noted for field, value in values)
