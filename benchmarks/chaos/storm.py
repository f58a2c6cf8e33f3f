"""The storm itself: tickets arrive, agents answer some of them, the clock is killed."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.chaos.site import Site

OUTAGES = (
    "Everything is down, nobody can log in and there is no workaround",
    "Complete outage: no user can log in and nothing works at all",
    "The whole platform is down for all our users, there is no workaround",
    "All our agents are locked out, the system is completely down",
    "Nothing loads for anybody, the service is down and we cannot work",
    "Total outage, the site is down for everyone and we have no workaround",
)
"""Each is a P1 that asks for no review."""
HELPDESKS = ("zendesk", "freshdesk")
ANSWERED = 0.3
"""The share of tickets that an agent answers before their target is over."""
BUSY_MOMENT = 0.02
"""Seconds: a clock is killed this soon after a whole second, where due moments are."""

Known = tuple[str, str]
"""Helpdesk and id of a ticket."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a storm is; spans in seconds."""

    tickets: int
    seconds: float
    target: float
    seed: int
    kills: int = 0
    answers: bool = True


class Act(NamedTuple):
    """What happens so many seconds after the storm's beginning."""

    after: float
    what: str
    """create, answer or kill."""
    number: int
    """Of the ticket, or of the kill."""


def planned(size: Size) -> list[Act]:
    """Everything that will happen, in order; the same for the same seed."""
    chance = random.Random(size.seed)
    pace = size.seconds / size.tickets
    created = [(number + chance.random()) * pace for number in range(size.tickets)]
    acts = [Act(after, "create", number) for number, after in enumerate(created)]
    answered = round(size.tickets * ANSWERED) if size.answers else 0
    acts += [
        Act(created[number] + chance.uniform(0, size.target), "answer", number)
        for number in chance.sample(range(size.tickets), answered)
    ]
    whole = size.seconds + size.target
    acts += [Act(whole * (n + 0.5) / size.kills, "kill", n) for n in range(size.kills)]
    return sorted(acts)


def play(site: Site, size: Size) -> tuple[list[Known], float]:
    """Let it happen; the tickets, and by how many seconds the storm fell behind its plan."""
    chance = random.Random(size.seed)
    began = time.time()
    made: dict[int, Known] = {}
    behind = 0.0
    for moment, act in _on_the_clock(planned(size), began, chance):
        time.sleep(max(0.0, moment - time.time()))
        if act.what == "create":
            helpdesk = HELPDESKS[act.number % len(HELPDESKS)]
            made[act.number] = helpdesk, site.create(helpdesk, chance.choice(OUTAGES))
        elif act.what == "answer":
            answer(site, made[act.number])
        else:
            site.stop("clock", kill=True)
            site.start("clock")
        behind = max(behind, time.time() - moment)
    time.sleep(max(0.0, began + size.seconds + size.target - time.time()))
    return [made[number] for number in sorted(made)], behind


def answer(site: Site, known: Known) -> None:
    """An agent replies in public."""
    helpdesk, ticket_id = known
    sent = {"by": "agent", "public": True, "body": "We are on it."}
    site.control("post", f"/tickets/{helpdesk}/{ticket_id}/reply", sent)


def _on_the_clock(acts: list[Act], began: float, chance: random.Random) -> list[tuple[float, Act]]:
    """Acts at Unix moments; kills where a whole second begins, in the middle of claiming."""
    timed = []
    for act in acts:
        moment = began + act.after
        if act.what == "kill":
            moment = math.ceil(moment) + chance.random() * BUSY_MOMENT
        timed.append((moment, act))
    return sorted(timed)
