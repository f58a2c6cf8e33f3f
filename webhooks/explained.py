"""All that the page about one ticket shows, ready to be rendered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from webhooks.card import card_of
from webhooks.moments import moment
from webhooks.quoted import marked
from webhooks.rows import Names, ending_words, outcome, settled, waiting
from webhooks.text import plain
from worker.policy import Policy
from worker.record import Line, State
from worker.targets import arithmetic, clock_time, plan_in_words
from worker.tickets import Decision, one_line
from worker.timer import Step, Timer, short

LINE_LIMIT = 400


class Known(NamedTuple):
    """One ticket as it was just read."""

    state: State
    lines: list[Line]
    """Its record, oldest first."""
    policy: Policy
    """The one that it came under."""
    names: Names


def explained(known: Known, now: datetime, zone: str) -> dict[str, Any]:
    """Everything but who is looking and what they may do."""
    state, decision, timer, url = known.state, known.state.decision, known.state.timer, ""
    if state.ticket.url and urlsplit(state.ticket.url).scheme in {"http", "https"}:
        url = state.ticket.url
    return {
        "row": _headline(known, now, zone),
        "state": state,
        "decision": decision,
        "decided_by": _decided_by(decision) if decision else "",
        "url": url,
        "words": _words(state),
        "plan": _plan(known, timer),
        "arithmetic": arithmetic(timer, zone) if timer else "",
        "steps": [_step(step, known, now, zone) for step in timer.steps] if timer else [],
        "others": [_other(other, known, now, zone) for other in state.others.values()],
        "acknowledged": _acknowledged(state, zone),
        "lines": [
            (moment(line.at, now, zone), line.what, one_line(line.text, LINE_LIMIT))
            for line in known.lines
        ],
        "read_at": clock_time(state.read_at, zone),
    }


def _headline(known: Known, now: datetime, zone: str) -> dict[str, Any]:
    """The ticket in the words of the board; one that ended keeps them with how it ended."""
    card = card_of(known.state)
    if card:
        row = waiting(card, known.names, now, zone)
        if known.state.settled:  # another target runs on after the first response
            row |= {
                "ended": ending_words(known.state)[0],
                "outcome": outcome(known.state, now, zone),
            }
        return row
    row = settled(known.state, now, zone)
    word = row["state"] or plain("board.no_target")
    name = known.state.customer.name if known.state.customer else ""
    owner = known.names.agent(known.state.ticket.key, known.state.ticket.assignee or "")
    return {**row, "state": word, "flags": [], "owner": owner, "organization": one_line(name, 60)}


def _decided_by(decision: Decision) -> str:
    if decision.by != "person":
        return plain("ticket.the_rubric")
    if decision.rubric in {None, decision.severity}:
        return plain("ticket.a_person")
    return plain("ticket.instead_of", severity=plain(f"severity.{decision.rubric}"))


def _words(state: State) -> dict[str, Any]:
    quotes = [one.quote for one in state.decision.reasons] if state.decision else []
    return {
        "subject": marked(one_line(state.ticket.subject, 600), quotes),
        "body": marked(state.ticket.body, quotes),
        "erased": state.forgotten,
    }


def _plan(known: Known, timer: Timer | None) -> str:
    if timer is None:
        return ""
    source = known.policy.plan_source(known.state.ticket, known.state.customer)
    key = f"plan_source.{source or 'assumed'}" if timer.plan_known else "plan_source.assumed"
    return plain("ticket.plan_by", plan=plan_in_words(timer), source=plain(key))


def _acknowledged(state: State, zone: str) -> str:
    said = next((one.acknowledged for one in state.timers() if one.acknowledged), None)
    if said is None:
        return ""
    return plain("ticket.acknowledged", by=said.by, until=clock_time(said.until, zone))


def _other(timer: Timer, known: Known, now: datetime, zone: str) -> dict[str, Any]:
    at = timer.next_moment()
    steps = [step for step in timer.steps if step.next_after(timer.handled_until) == at]
    following = (
        plain(
            "ticket.other_next",
            label=steps[-1].label,
            at=moment(at, now, zone),
            who=known.names.channels(steps[-1].notify, now),
        )
        if at and steps
        else ""
    )
    return {
        "words": timer.target.words,
        "arithmetic": arithmetic(timer, zone),
        "deadline": timer.deadline.isoformat(),
        "next": following,
    }


def _step(step: Step, known: Known, now: datetime, zone: str) -> dict[str, Any]:
    """A step with what the record says about it; its repeats (`100% +15m: lead`) count to it."""
    starts = (f"{step.label}:", f"{step.label} +")
    found = [
        f"{moment(line.at, now, zone)} {line.what}: "
        f"{one_line(line.text.removeprefix(starts[0]), LINE_LIMIT)}"
        for line in known.lines
        if line.text.startswith(starts)
    ]
    timer, every = known.state.timer, step.repeat_seconds
    following = timer.next_moment() if timer and known.state.running else None
    return {
        "label": step.label,
        "at": moment(step.moment, now, zone),
        "who": plain("ticket.notifies", who=known.names.channels(step.notify, now)),
        "again": plain("ticket.every", span=short(timedelta(seconds=every))) if every else "",
        "happened": found or [_nothing_happened(step, known.state)],
        "tone": "next"
        if following and step.next_after(timer.handled_until if timer else now) == following
        else ("past" if step.moment <= now else "planned"),
    }


def _nothing_happened(step: Step, state: State) -> str:
    if state.timer and step.moment <= state.timer.handled_until:
        return plain("ticket.passed")
    if state.settled:
        return plain("ticket.not_needed", why=state.settled.why)
    return plain("ticket.planned")
