"""triage: a ticket's new events -> decision and timer -> one write to the helpdesk."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from worker.errors import Gone, NotNow, Transient
from worker.events import Event, EventKind
from worker.jobs.change import change
from worker.jobs.drop import drop
from worker.jobs.frame import carried, urgency_of
from worker.jobs.write import write_now
from worker.lifecycle import fold
from worker.record import State
from worker.store.due import Claim
from worker.store.effects import Effects
from worker.store.records import Committed
from worker.tickets import Changes, Customer, Ticket, TicketKey
from worker.urgency import urgent
from worker.wiring import Parts
from worker.writing import about_to_write, differences, owes_met

EVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


@carried
def triage(parts: Parts, claim: Claim, now: datetime) -> None:
    """Take in everything that was accepted for one ticket, in order; safe to run twice.

    The timer is armed by the commit, before anything is written to the helpdesk, so no slow API
    can delay a step.
    """
    key = TicketKey.parse(claim.member.subject)
    events = parts.records.inbox(key)
    if not events:
        return
    known, _ = parts.records.load(key)
    with urgent(urgency_of(known)):
        try:
            reading = _reading(parts, key, events, known)
        except Gone as fault:
            drop(parts, key, fault, now, consumed=len(events))
            return
        committed = take_in(parts, key, events, reading, known, now)
    if committed is None:
        parts.records.drop_inbox(key, len(events))
        return
    parts.lookups.hear_names(key, events)
    _tell(key, committed)
    _push_to_merge_target(parts, key, events, committed.state, now)
    if committed.claim:
        write_now(parts, key, committed.claim, now, state=committed.state, reading=reading)


def take_in(
    parts: Parts,
    key: TicketKey,
    events: list[Event],
    reading: Ticket | None,
    known: State | None,
    now: datetime,
) -> Committed | None:
    """Fold events into the state and arm what follows; None: a ticket that we leave alone.

    `known` is the state a moment ago: a customer is looked up only for a ticket that is new.
    """
    start = parts.journal.start_from(parts.settings.start_from, now)
    customer, missing = None, False
    if known is None:
        customer, missing = _customer(parts, key, events, reading)

    def step(state: State | None) -> tuple[State, Effects] | None:
        rules = parts.policies.of(state)
        outcome = fold(state, events, reading, *rules, now, customer=customer)
        if outcome is None or (state is None and outcome.state.ticket.created_at < start):
            return None
        after = _with_url(outcome.state, parts, key)
        if after == state and not outcome.lines:
            return None  # an echo of our own write, most of the time
        mode = parts.settings.mode
        changes = differences(after, mode, parts.policy.time_zone, now)
        just_settled = after.settled and not (state and state.settled)
        writes = not changes.empty and not (after.settled and _only_state_differs(changes))
        met = just_settled and not writes and owes_met(after, mode)
        return (about_to_write(after, changes, now) if writes else after), Effects(
            lines=outcome.lines,
            consumed=len(events),
            write=writes,
            write_here=writes,
            look_up=missing and state is None,
            met_within=parts.policy.poll.met_every if met else None,
            counts=_counts(state, after),
        )

    return change(parts, key, step, now=now)


def _customer(
    parts: Parts, key: TicketKey, events: list[Event], reading: Ticket | None
) -> tuple[Customer | None, bool]:
    """The organisation of a new ticket, and whether it is missing because nobody answered."""
    ticket = reading or next((event.ticket for event in events if event.ticket), None)
    if ticket is None or not parts.policy.asks_about_customers:
        return None, False
    try:
        return parts.lookups.customer(parts.account_of(key).client, ticket), False
    except Transient as fault:
        log.warning("plan not known yet", ticket=str(key), fault=str(fault))
        return None, True


def _with_url(state: State, parts: Parts, key: TicketKey) -> State:
    """An event does not say where agents read the ticket; whom an alert wakes wants to click."""
    if state.ticket.url:
        return state
    ticket = state.ticket.model_copy(
        update={"url": parts.account_of(key).client.ticket_url(key.id)}
    )
    return state.model_copy(update={"ticket": ticket})


def _tell(key: TicketKey, committed: Committed) -> None:
    """For the terminal; no subject and no quote, which logs would keep for too long."""
    timer = committed.state.timer
    for what, text in committed.lines:
        if what == "decided":
            due = f"{timer.deadline:%Y-%m-%d %H:%M:%S} UTC" if timer else "no target"
            log.info(what, ticket=str(key), due=due, text=text)
        elif what in {"person", "settled"}:
            log.info(what, ticket=str(key), text=text)


def _reading(
    parts: Parts, key: TicketKey, events: list[Event], known: State | None
) -> Ticket | None:
    """Fetch the ticket when the events do not tell enough: one call, else none.

    A poll that has listed it since makes up for that. Where the budget does not allow the call the
    next poll is as urgent as a P1: a page of it tells of a hundred tickets.
    """
    asking = [event.received_at for event in events if event.needs_reading]
    seen = [event.received_at for event in events if event.kind is EventKind.SEEN]
    if asking and max(seen, default=EVER) < max(asking):
        client = parts.account_of(key).client
        try:
            return client.fetch(key.id)
        except NotNow:
            parts.journal.fell_behind(f"{key.helpdesk}/{key.account}")
            raise
    if any(event.tells_all or event.ends_ticket for event in events):
        return None
    if known is not None:
        return None
    return parts.account_of(key).client.fetch(key.id)


def _only_state_differs(changes: Changes) -> bool:
    """A ticket that was just answered needs no write of its own: `met` goes in batches."""
    return all(value is None for field, value in changes if field != "state")


def _counts(before: State | None, after: State) -> dict[str, int]:
    counts: dict[str, int] = {}
    if before is None and after.decision:
        counts[f"ticket_decided_{after.decision.severity}"] = 1
        if after.recovered:
            counts["ticket_recovered_by_poll"] = 1
        if after.timer and not after.timer.plan_known:
            counts["ticket_plan_unknown"] = 1
    return counts


def _push_to_merge_target(
    parts: Parts, key: TicketKey, events: list[Event], state: State, now: datetime
) -> None:
    """The ticket that this one was merged into takes the higher severity of the two."""
    for event in events:
        if event.kind is EventKind.MERGED and event.merged_into and state.decision:
            target = key._replace(id=event.merged_into)
            parts.due.accept_own(
                Event(
                    id=f"merge-{key.id}-{event.merged_into}",
                    kind=EventKind.MERGED_IN,
                    key=target,
                    received_at=now,
                    now=state.decision.severity,
                    was=key.id,
                )
            )
