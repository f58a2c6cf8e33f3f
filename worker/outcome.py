"""A ticket's new state with what to say about it, and the small moves every rule is made of."""

from __future__ import annotations

from datetime import datetime

from worker.policy import Policy
from worker.record import Settled, Settlement, State
from worker.targets import start_review, start_timer
from worker.tickets import Customer, Decision, Noun, Target
from worker.timer import Timer

EXPLAIN_A_CLOSING = {Settlement.MERGED, Settlement.DELETED, Settlement.SPAM}
"""A merged ticket is closed too, and which of the two we hear first is chance."""


class Outcome(Noun):
    """A ticket's new state, and what to say about how it came to be."""

    state: State
    lines: tuple[tuple[str, str], ...] = ()
    """(what, text) for the record, in order."""


def decided_text(decision: Decision) -> str:
    """A decision in one line, for the record and for logs."""
    why = decision.reasons[0].text if decision.reasons else "no reason given"
    review = ", asks for a review" if decision.needs_review else ""
    return f"{decision.severity} ({decision.confidence} confidence{review}): {why}"


def under(state: State, decision: Decision, policy: Policy, *, at: datetime) -> State:
    """The state with this decision, made at that moment, and the timers that belong to it."""
    raised = state.decision and decision.severity.worse_than(state.decision.severity)
    raised_at = at if raised else state.raised_at
    decided = state.model_copy(update={"decision": decision, "raised_at": raised_at})
    first = state.timer if state.settled else _moved(state.timer, timer_for(decided, policy))
    others: dict[Target, Timer] = {}
    for target, running in state.others.items():
        if target is Target.REVIEW:
            planned = running if decision.needs_review else None
        else:
            planned = timer_for(decided, policy, target, since=running.created_at)
        following = _moved(running, planned)
        if following:
            others[target] = following
    after = decided.model_copy(update={"timer": first, "others": others})
    if state.decision is None:
        resolution = timer_for(after, policy, Target.RESOLUTION)
        after = after.with_timer(resolution) if resolution else after
    if decision.needs_review and Target.REVIEW not in others:
        after = after.with_timer(start_review(state.ticket, policy, at))
    return after


def timer_for(
    state: State,
    policy: Policy,
    target: Target = Target.FIRST_RESPONSE,
    *,
    since: datetime | None = None,
) -> Timer | None:
    """The timer that a ticket's decision and customer call for; None: no target, or undecided."""
    if state.decision is None:
        return None
    return start_timer(
        state.ticket, state.decision, policy, state.customer, target=target, since=since
    )


def _moved(running: Timer | None, planned: Timer | None) -> Timer | None:
    """The timer as planned anew; whoever was told of the old one hears how it ends."""
    if running is None or planned is None:
        return planned
    if running.deadline == planned.deadline:
        return running
    return planned.model_copy(update={"told": running.told})


def of_customer(state: State, customer: Customer, policy: Policy) -> Outcome:
    """The ticket's organisation became known: plan and deadlines follow, steps are not repeated."""
    known = state.model_copy(update={"customer": customer})
    if state.decision is None or (state.settled and not state.timers()):
        return Outcome(state=known)
    before = state.timer
    after = replanned(known, policy)
    timer = after.timer
    if timer is None:
        text = f"plan {policy.plan_of(state.ticket, customer)[0]}: no target"
        return Outcome(state=after, lines=(("said", text),))
    if before and timer.deadline == before.deadline:
        return Outcome(state=after)
    text = f"plan {timer.plan}, as {customer.name or 'the organisation'} has it"
    return Outcome(state=after, lines=(("said", text),))


def replanned(state: State, policy: Policy, *, handled_until: datetime | None = None) -> State:
    """The same decision under what is known, or in force, now; steps that were sent stay sent.

    A target that the plan did not have before begins, and what was due of it by `handled_until`
    counts as handled.
    """
    if state.decision is None or (state.timer is None and state.settled):
        return state
    running = {timer.target: timer for timer in state.timers()}
    wanted = dict.fromkeys((*running, Target.RESOLUTION))
    if not state.settled:
        wanted = dict.fromkeys((Target.FIRST_RESPONSE, *wanted))
    timers: dict[Target, Timer] = {}
    for target in wanted:
        planned = _planned(state, policy, target, running.get(target))
        if planned:
            timers[target] = planned
            if handled_until and target not in running:
                timers[target] = planned.model_copy(update={"handled_until": handled_until})
    first = timers.pop(Target.FIRST_RESPONSE, None)
    timer = state.timer if state.settled else first
    return state.model_copy(update={"timer": timer, "others": timers, "policy": policy.version})


def _planned(state: State, policy: Policy, target: Target, running: Timer | None) -> Timer | None:
    """One timer planned anew, with what has happened on it."""
    if target is Target.REVIEW:
        return running
    planned = timer_for(state, policy, target, since=running.created_at if running else None)
    if planned is None or running is None:
        return planned
    handled = max(running.handled_until, planned.handled_until)
    kept = {"told": running.told, "acknowledged": running.acknowledged, "handled_until": handled}
    return planned.model_copy(update=kept)


def settle(state: State, why: Settlement, at: datetime, lines: list[tuple[str, str]]) -> Outcome:
    """The first response's timer ends for this reason, and with it every other.

    The last of the lines tells of it, and is left out when it had ended before.
    """
    ended = [
        ("settled", f"{target.words}: {_over(why)}{_late(timer, at)}")
        for target, timer in state.others.items()
        if target is not Target.REVIEW
    ]
    state = state.without(*Target)
    closed = state.settled and state.settled.why is Settlement.CLOSED_WITHOUT_REPLY
    if state.settled and not (closed and why in EXPLAIN_A_CLOSING):
        return Outcome(state=state, lines=(*lines[:-1], *ended))
    settled = Settled(why=why, at=at)
    after = state.model_copy(update={"settled": settled})
    return Outcome(state=after, lines=(*lines, *ended))


def reply_given(state: State, at: datetime, by: str | None) -> Outcome:
    """A public comment by a human agent, later than the requester's message that waits for it."""
    waiting = state.others.get(Target.NEXT_REPLY)
    if waiting is None or at < waiting.created_at:
        return Outcome(state=state)
    who = f" by {by}" if by else ""
    return Outcome(
        state=state.without(Target.NEXT_REPLY),
        lines=(("settled", f"next reply: given{who}{_late(waiting, at)}"),),
    )


def _over(why: Settlement) -> str:
    """A resolution does not ask who replied."""
    return "solved" if why is Settlement.CLOSED_WITHOUT_REPLY else str(why)


def _late(timer: Timer, at: datetime) -> str:
    return ", after the deadline" if at > timer.deadline else ""


def know(state: State, **values: object) -> State:
    return state.model_copy(update={"there": state.there.model_copy(update=values)})
