"""escalate: a step is due -> is it still unanswered? -> tell people, arm what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from worker.alerting import tell
from worker.channels.base import Alert
from worker.errors import Gone, Permanent, Transient
from worker.escalation import due_steps
from worker.jobs.change import change
from worker.jobs.confirming import JUST_READ, confirming_read
from worker.jobs.drop import drop
from worker.jobs.frame import carried, under, unless_paused
from worker.jobs.notify import notify_of
from worker.lifecycle import fold
from worker.outcome import settle
from worker.policy import PEOPLE
from worker.record import Settlement, State
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.tickets import Changes, Person, Target, Ticket, TicketKey
from worker.timer import Timer
from worker.urgency import Urgency, urgent
from worker.wiring import Parts
from worker.writing import about_to_write, differences, owes_met

log = structlog.get_logger()

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
        change(parts, key, lambda held: _before_the_start(held, now), now=now)
        return
    if state is None or not _is_due(state, now):
        _rearm(parts, key, now)
        return
    unless_paused(parts)  # the steps stay due; after a pause they are folded into one, as when late
    try:
        with urgent(Urgency.CONFIRM):
            reading, confirmed = _truth(parts, key, state, now)
            people = _people(parts, key, reading or state.ticket, state, now)
    except Gone as fault:
        drop(parts, key, fault, now)
        return
    committed = change(
        parts,
        key,
        lambda held: _step(parts, held, reading, people, now, confirmed=confirmed),
        now=now,
    )
    if committed and committed.send and committed.alert:
        # The others go through the queue: one slow channel must not hold the next one up.
        send, alert = committed.send, committed.alert
        under(parts, send, lambda: notify_of(parts, send, alert, now))


def _is_due(state: State, now: datetime) -> bool:
    return any(due_steps(timer, now) for timer in state.timers())


def _people(
    parts: Parts, key: TicketKey, ticket: Ticket, state: State, now: datetime
) -> dict[str, tuple[Person, ...]]:
    """Whom `assignee` and `group` stand for, when a step that is due names them."""
    due = [found for timer in state.timers() if (found := due_steps(timer, now))]
    named = {name for one in due for name in one.notify if name in PEOPLE}
    client = parts.account_of(key).client if named else None
    return {
        name: parts.lookups.people(client, ticket, name)
        for name in sorted(named)
        if client and name not in parts.policy.channels
    }


def _skip_what_an_older_mode_left(parts: Parts, key: TicketKey, now: datetime) -> None:
    """Steps that were past when the mode was raised are recorded and never sent."""
    raised = parts.journal.mode_raised_at()
    if raised is None:
        return

    def step(state: State | None) -> tuple[State, Effects] | None:
        before, lines = state, []
        for timer in state.timers() if state else ():
            due = due_steps(timer, raised)
            if state is None or due is None:
                continue
            labels = [*(label for label, _ in due.skipped), due.furthest.label]
            lines += [("skipped", f"{label}: mode") for label in labels]
            state = state.with_timer(timer.model_copy(update={"handled_until": raised}))
        if state is None or state is before:
            return None
        return state, Effects(lines=tuple(lines))

    change(parts, key, step, now=now)


def _before_the_start(state: State | None, now: datetime) -> tuple[State, Effects] | None:
    """START_FROM was moved on: the ticket is older, so nobody is alerted about it."""
    if state is None:
        return None
    lines = [("settled", "out of scope: created before START_FROM")]
    outcome = settle(state, Settlement.OUT_OF_SCOPE, now, lines)
    return outcome.state, Effects(lines=outcome.lines)


def _rearm(parts: Parts, key: TicketKey, now: datetime) -> None:
    """The step moved or the timer stopped: committing the state arms what is right."""
    change(parts, key, lambda state: (state, Effects()) if state else None, now=now)


def _truth(parts: Parts, key: TicketKey, state: State, now: datetime) -> tuple[Ticket | None, bool]:
    """The ticket now, and whether anybody confirmed that it is unanswered."""
    if now - state.read_at <= JUST_READ and not parts.records.inbox(key):
        return None, True  # unless a webhook has come that nobody has looked into yet
    try:
        waits = Target.NEXT_REPLY in state.others
        return confirming_read(parts, key, state.read_at, now, latest_reply=waits), True
    except Gone:
        raise
    except (Transient, Permanent) as fault:
        log.warning("could not confirm", ticket=str(key), fault=str(fault))
        parts.journal.count("step_not_confirmed")
        polled = parts.journal.last_poll(f"{key.helpdesk}/{key.account}")
        return None, polled is not None and polled >= now - LAST_POLL


def _step(
    parts: Parts,
    state: State | None,
    reading: Ticket | None,
    people: Mapping[str, tuple[Person, ...]],
    now: datetime,
    *,
    confirmed: bool,
) -> tuple[State, Effects] | None:
    if state is None or not state.timers():
        return None
    rules = parts.policies.of(state)
    lines: list[tuple[str, str]] = []
    alerts: list[Alert] = []
    if reading:
        outcome = fold(state, (), reading, *rules, now)
        if outcome is None:
            return None
        state, lines = outcome.state, [*outcome.lines]
    reached = 0
    for timer in state.timers():
        due = due_steps(timer, now)
        if due is None:
            continue
        reached += 1
        told = tell(
            state,
            timer,
            due,
            rules.policy,
            parts.settings.mode,
            confirmed=confirmed,
            links=parts.links,
            people=people,
            now=now,
        )
        lines += [("step", _in_words(due.furthest.label, timer, now)), *told.lines]
        alerts += told.alerts
        names = tuple(dict.fromkeys((*timer.told, *(alert.channel for alert in told.alerts))))
        state = state.with_timer(timer.model_copy(update={"handled_until": now, "told": names}))
        state = state.owing(*due.notes, group=due.group or state.owed.group)
    mode = parts.settings.mode
    changes = Changes() if state.settled and not reached else _differences(parts, state, now)
    return (state if changes.empty else about_to_write(state, changes, now)), Effects(
        lines=tuple(lines),
        alerts=tuple(alerts),
        send_here=bool(alerts),
        write=not changes.empty,
        met_within=parts.policy.poll.met_every if not reached and owes_met(state, mode) else None,
        counts={"step_due": reached} if reached else {},
    )


def _differences(parts: Parts, state: State, now: datetime) -> Changes:
    return differences(state, parts.settings.mode, parts.policy.time_zone, now)


def _in_words(label: str, timer: Timer, now: datetime) -> str:
    left = int((timer.deadline - now).total_seconds())
    name = "" if timer.target is Target.FIRST_RESPONSE else f"{timer.target.words}: "
    return (
        f"{name}{label} reached, {left} s left"
        if left >= 0
        else f"{name}{label} reached, {-left} s over"
    )
