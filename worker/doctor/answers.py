"""What the records say of who answers, and of how people judge the severities. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from statistics import median

from worker.agreement import agreement
from worker.doctor.check import Check, ok, warn
from worker.policy import Policy
from worker.record import Settlement, State
from worker.tickets import one_line

FASTER_THAN_PEOPLE = timedelta(seconds=20)
"""Nobody reads a ticket and answers it so soon, time after time."""
ENOUGH_ANSWERS = 3
ENOUGH_JUDGED = 10
GOOD_AGREEMENT = 0.6
MOST_READ = 2_000
"""Tickets; the latest."""


def of_answers(states: Sequence[State], ours: Collection[str], policy: Policy) -> Iterator[Check]:
    """`states` are tickets that are known, `ours` the names and ids of our own users."""
    answered = _by_author(states)
    yield _own(answered, ours)
    yield _bots(answered, policy)
    yield _agreement(states)


def _by_author(states: Sequence[State]) -> dict[str, list[timedelta]]:
    """Who gave first responses, and how long each took; polls do not tell who it was."""
    found: dict[str, list[timedelta]] = defaultdict(list)
    for state in states:
        settled = state.settled
        if settled and settled.why is Settlement.ANSWERED and settled.by:
            found[settled.by].append(settled.at - state.ticket.created_at)
    return dict(found)


def _own(answered: dict[str, list[timedelta]], ours: Collection[str]) -> Check:
    name = "our user"
    if not answered:
        return ok(name, "nobody's answers are known by name yet")
    shared = sum(len(answered[one]) for one in set(ours) & answered.keys())
    if shared:
        found = f"also answers tickets: {shared} first responses"
        advice = (
            "make a user that is Minutehand's alone: what an agent may do changes, their "
            "password expires, and an undo or an audit cannot tell the two apart"
        )
        return warn(name, found, advice)
    return ok(name, "answers no tickets, as it should be")


def _bots(answered: dict[str, list[timedelta]], policy: Policy) -> Check:
    likely = {
        author: spans
        for author, spans in answered.items()
        if len(spans) >= ENOUGH_ANSWERS
        and author not in policy.bots
        and _half_within(spans) < FASTER_THAN_PEOPLE.total_seconds()
    }
    if not likely:
        return ok("bots", "nobody among first responders looks like one")
    who = ", ".join(
        f"{one_line(author, 60)} ({len(spans)} answers, half within {_half_within(spans):.0f} s)"
        for author, spans in sorted(likely.items())
    )
    advice = "put them into `bots` of the policy: a bot's comment is not a first response"
    return warn("bots", f"likely among first responders: {who}", advice)


def _half_within(spans: list[timedelta]) -> float:
    return median(span.total_seconds() for span in spans)


def _agreement(states: Sequence[State]) -> Check:
    found = agreement(states)
    if found.tickets >= ENOUGH_JUDGED and found.share < GOOD_AGREEMENT:
        advice = (
            "`minutehand observed` lists where they differ; change [[rubric]], and keep such "
            "tickets as [[tests]]"
        )
        return warn("agreement", found.words, advice)
    return ok("agreement", found.words)
