"""escalate: a step is due -> is it still unanswered? -> tell people, arm what comes next."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.alerting import tell
from worker.errors import Gone, Permanent, Transient
from worker.escalation import due_steps
from worker.jobs.drop import drop
from worker.jobs.frame import carried
from worker.lifecycle import fold
from worker.outcome import settle
from worker.record import Settlement, State
from worker.store.due import Claim
from worker.store.records import Effects
from worker.tickets import Changes, Ticket, TicketKey
from worker.wiring import Parts
from worker.writing import about_to_write, differences, owes_met

log = structlog.get_logger()

CONFIRM_SECONDS = 3.0
"""How long the helpdesk may take to say that nobody has answered."""
JUST_READ = timedelta(seconds=5)
"""A reading this young needs no confirmation: the step at creation follows triage at once."""
LAST_POLL = timedelta(minutes=2)
"""When the helpdesk cannot be asked, a poll this young still confirms: it found no answer."""


@carried
def escalate(parts: Parts, claim: Claim, now: datetime) -> None:
    """Re-read the truth once, and only then alert; safe to run twice.

    The commit arms the next step, keeps each alert once for ever and has it sent: a crash before
    it changes nothing, a crash after it loses nothing.
    """
    key = TicketKey.parse(claim.member.subject)
    _skip_what_an_older_mode_left(parts, key, now)
    state, _ = parts.records.load(key)
    start = parts.settings.start_from
    if state and start and state.ticket.created_at < start:
        parts.records.change(key, lambda held: _before_the_start(held, now), now=now)
        return
    if state is None or not state.running or not _is_due(state, now):
        _rearm(parts, key, now)
        return
    try:
        reading, confirmed = _truth(parts, key, state, now)
    except Gone as fault:
        drop(parts, key, str(fault), now)
        return
    parts.records.change(
        key, lambda held: _step(parts, held, reading, now, confirmed=confirmed), now=now
    )


def _is_due(state: State, now: datetime) -> bool:
    return state.timer is not None and due_steps(state.timer, now) is not None


def _skip_what_an_older_mode_left(parts: Parts, key: TicketKey, now: datetime) -> None:
    """Steps that were past when the mode was raised are recorded and never sent."""
    raised = parts.journal.mode_raised_at()
    if raised is None:
        return

    def step(state: State | None) -> tuple[State, Effects] | None:
        timer = state.timer if state else None
        due = due_steps(timer, raised) if timer else None
        if state is None or timer is None or due is None:
            return None
        lines = [("skipped", f"{label}: mode") for label in (*due.skipped, due.furthest.label)]
        later = timer.model_copy(update={"handled_until": raised})
        return state.model_copy(update={"timer": later}), Effects(lines=tuple(lines))

    parts.records.change(key, step, now=now)


def _before_the_start(state: State | None, now: datetime) -> tuple[State, Effects] | None:
    """START_FROM was moved on: the ticket is older, so nobody is alerted about it."""
    if state is None:
        return None
    lines = [("settled", "out of scope: created before START_FROM")]
    outcome = settle(state, Settlement.OUT_OF_SCOPE, now, lines)
    return outcome.state, Effects(lines=outcome.lines)


def _rearm(parts: Parts, key: TicketKey, now: datetime) -> None:
    """The step moved or the timer stopped: committing the state arms what is right."""
    parts.records.change(key, lambda state: (state, Effects()) if state else None, now=now)


def _truth(parts: Parts, key: TicketKey, state: State, now: datetime) -> tuple[Ticket | None, bool]:
    """The ticket now, and whether anybody confirmed that it is unanswered."""
    if now - state.read_at <= JUST_READ:
        return None, True
    try:
        client = parts.account_of(key).client
        return client.fetch(key.id, timeout=CONFIRM_SECONDS), True
    except Gone:
        raise
    except (Transient, Permanent) as fault:
        log.warning("could not confirm", ticket=str(key), fault=str(fault))
        parts.journal.count("step_not_confirmed")
        polled = parts.journal.last_poll(f"{key.helpdesk}/{key.account}")
        return None, polled is not None and polled >= now - LAST_POLL


def _step(
    parts: Parts, state: State | None, reading: Ticket | None, now: datetime, *, confirmed: bool
) -> tuple[State, Effects] | None:
    if state is None or not state.running:
        return None
    lines: tuple[tuple[str, str], ...] = ()
    if reading:
        outcome = fold(state, (), reading, parts.policy, parts.rubric, now)
        if outcome is None:
            return None
        state, lines = outcome.state, outcome.lines
    due = due_steps(state.timer, now) if state.running and state.timer else None
    mode = parts.settings.mode
    if due is None or state.timer is None:
        changes = Changes() if state.settled else _differences(parts, state, now)
        return (state if changes.empty else about_to_write(state, changes, now)), Effects(
            lines=lines,
            write=not changes.empty,
            met_within=parts.policy.poll.met_every if owes_met(state, mode) else None,
        )
    told = tell(
        state,
        due,
        parts.policy,
        mode,
        confirmed=confirmed,
        public_url=parts.settings.public_url,
    )
    timer = state.timer.model_copy(update={"handled_until": now})
    state = state.model_copy(update={"timer": timer})
    changes = _differences(parts, state, now)
    return (state if changes.empty else about_to_write(state, changes, now)), Effects(
        lines=(*lines, ("step", _in_words(due.furthest.label, state, now)), *told.lines),
        alerts=told.alerts,
        write=not changes.empty,
        counts={"step_due": 1},
    )


def _differences(parts: Parts, state: State, now: datetime) -> Changes:
    return differences(state, parts.settings.mode, parts.policy.time_zone, now)


def _in_words(label: str, state: State, now: datetime) -> str:
    deadline = state.timer.deadline if state.timer else now
    left = int((deadline - now).total_seconds())
    return f"{label} reached, {left} s left" if left >= 0 else f"{label} reached, {-left} s over"
