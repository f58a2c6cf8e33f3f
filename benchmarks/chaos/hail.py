"""Scenarios 5 and 6: everything fails at once, and Redis comes back empty in the middle."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import requests

from benchmarks.chaos.oracle import Sums, Wanted, judge
from benchmarks.chaos.site import Site, site
from benchmarks.chaos.storm import HELPDESKS, OUTAGES, Known, answer
from worker.severity import Rubric, decide
from worker.store.keys import Kind

TEXTS = (
    *OUTAGES[:2],
    "Some of our users cannot export their reports since this morning",
    "The monthly export takes an hour, usually it takes a minute",
    "One of our agents cannot see her own queue, all others can",
    "How do I add a user to my team?",
    "Please tell me where I can change our logo",
    "Could you add a dark theme?",
)
TARGETS = {"P1": 120.0, "P2": 150.0, "P3": 180.0, "P4": 210.0}
"""Seconds for a first response."""
ANSWERED = 0.3
LIMITS = {
    "SANDBOX_UPDATES_PER_MINUTE": "3000",
    "SANDBOX_REQUESTS_PER_MINUTE": "3000",
    "SANDBOX_EXPORTS_PER_MINUTE": "10",
}
NO_LAG = {"SANDBOX_EXPORTS_PER_MINUTE": "1000", "SANDBOX_EXPORT_LAG_SECONDS": "1"}
COPIES, LOST = 5, 0.2
"""How often a webhook comes, and the share of those that never do."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "429", "share": 0.08, "retry_after": 1},
    {"kind": "500", "share": 0.08},
    {"kind": "503", "share": 0.09},
    {"kind": "timeout", "share": 0.09, "seconds": 4},
)
"""One after the other: together three calls in ten."""
KILLED = ("work", "clock", "web", "redis")
ALL = frozenset(Kind) - {Kind.POLL}
CALM_SECONDS = 420.0
POLICY = """
[plans.pro]
first_response = {{ P1 = "{P1:g}s", P2 = "{P2:g}s", P3 = "{P3:g}s", P4 = "{P4:g}s" }}

[review]
notify = []
then = []

[[steps]]
at = "50%"
notify = ["oncall"]

[[steps]]
at = "100%"
notify = ["oncall", "lead"]

[channels.oncall]
type = "webhook"
url = "${{RECEIVER_URL}}"

[channels.lead]
type = "webhook"
url = "${{LEAD_URL}}"
"""

HURRY = """
[poll]
every = "3s"
met_every = "1s"
"""


class Act(NamedTuple):
    """What happens so many seconds after the beginning."""

    after: float
    what: str
    """create, answer, kill or empty."""
    which: Any


class Result(NamedTuple):
    """The row, and what else is to be told."""

    sums: Sums
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How large and how bad it is; spans in seconds."""

    tickets: int
    seconds: float
    kills: int
    """Of each process."""
    seed: int
    emptied: bool = False
    """Redis loses everything once."""
    scale: float = 1.0
    """Of all targets and delays; below 1 the export shows everything at once, and polls hurry."""

    @property
    def targets(self) -> dict[str, float]:
        return {severity: seconds * self.scale for severity, seconds in TARGETS.items()}


def hail(weather: Weather) -> Result:
    """Tickets come, three calls in ten fail, everything is killed; what became of each."""
    policy = POLICY.format(**weather.targets)
    quick = weather.scale < 1
    with site(policy + HURRY if quick else policy, LIMITS | NO_LAG if quick else LIMITS) as running:
        mail = {"copies": COPIES, "lost": LOST, "seed": weather.seed}
        requests.post(f"{running.sandbox}/chaos/mail", json=mail, timeout=30).raise_for_status()
        for order in FAULTS:
            running.control("post", "/faults", order)
        made, killed = _play(running, weather)
        began = time.monotonic()
        running.control("delete", "/faults")
        calm = running.calm(CALM_SECONDS, ALL)
        took = time.monotonic() - began
        sums = _judged(running, made, killed, weather)
        notes = _notes(running, sums, calm=calm)
        notes.append(f"{len(killed)} kills; quiet {took:.0f} s after the faults ended")
        return Result(sums, notes)


def _planned(weather: Weather) -> list[Act]:
    chance = random.Random(weather.seed)
    tickets, seconds, scale = weather.tickets, weather.seconds, weather.scale
    created = [(number + chance.random()) * seconds / tickets for number in range(tickets)]
    acts = [Act(after, "create", number) for number, after in enumerate(created)]
    acts += [
        Act(created[number] + chance.uniform(5, 100) * scale, "answer", number)
        for number in chance.sample(range(tickets), round(tickets * ANSWERED))
    ]
    for name in KILLED:
        moments = [chance.uniform(10 * scale, seconds + 100 * scale) for _ in range(weather.kills)]
        acts += [Act(moment, "kill", name) for moment in moments]
    if weather.emptied:
        acts.append(Act(seconds * 0.7, "empty", ""))
    return sorted(acts, key=lambda act: act.after)


def _play(running: Site, weather: Weather) -> tuple[dict[Known, str], list[float]]:
    """Ticket -> its text, and when something was killed (Unix seconds)."""
    acts, chance = _planned(weather), random.Random(weather.seed)
    began = time.monotonic()
    numbered: dict[int, Known] = {}
    made: dict[Known, str] = {}
    killed: list[float] = []
    for act in acts:
        time.sleep(max(0.0, began + act.after - time.monotonic()))
        if act.what == "create":
            helpdesk, text = HELPDESKS[act.which % 2], chance.choice(TEXTS)
            known = helpdesk, running.create(helpdesk, text)
            numbered[act.which], made[known] = known, text
        elif act.what == "answer":
            answer(running, numbered[act.which])
        elif act.what == "empty":
            killed.append(time.time())
            running.empty_redis()
        else:
            killed.append(time.time())
            running.restart(act.which)
    last = max(weather.targets.values())
    time.sleep(max(0.0, began + acts[-1].after + last + 5 - time.monotonic()))
    return made, killed


def _judged(running: Site, made: dict[Known, str], killed: list[float], weather: Weather) -> Sums:
    rubric = Rubric.built_in()
    severities = {text: decide(text, text, rubric).severity.value for text in TEXTS}
    wanted = [
        Wanted(*known, severity, weather.targets[severity])
        for known, severity in ((known, severities[text]) for known, text in made.items())
    ]
    with ThreadPoolExecutor(4) as callers:
        shown = callers.map(lambda known: running.ticket(*known), made)
        there = dict(zip(made, shown, strict=True))
    sums = judge(wanted, there, running.told(), killed, emptied=weather.emptied)
    sums.recovered = running.parts.journal.counters().get("ticket_recovered_by_poll", 0)
    return sums


def _last_lines(logs: str) -> list[str]:
    """What each traceback ended with, and how often."""
    found = Counter(
        next((line for line in part.splitlines()[1:] if line and line[0] not in " |+"), "?")
        for part in logs.split("Traceback (most recent call last)")[1:]
    )
    return [f"{count} times: {line[:200]}" for line, count in found.most_common(3)]


def _notes(running: Site, sums: Sums, *, calm: bool) -> list[str]:
    if not calm:
        sums.wrong += 1
        sums.words.append("something was still waiting at the end")
    for failure in running.parts.due.failures():
        sums.wrong += 1
        sums.words.append(f"set aside: {failure.member}: {failure.reason}")
    if "Traceback" in running.logs():
        sums.words += ["a process printed a traceback", *_last_lines(running.logs())]
    chaos = running.chaos()
    counters = running.parts.journal.counters()
    if chaos["odd"]:
        sums.wrong += 1
        sums.words.append(f"helpdesks were answered {chaos['odd']}")
    refused = {status: n for status, n in chaos["statuses"].items() if int(status) >= 400}
    calls = sum(chaos["statuses"].values())
    unconfirmed = counters.get("step_not_confirmed", 0)
    batches, odd = counters.get("batch_written", 0), chaos["odd"] or "none"
    return [
        f"{chaos['webhooks']} webhooks sent; {calls} API calls, of which failed {refused}",
        f"{sums.recovered} tickets recovered by poll; {unconfirmed} steps not confirmed",
        f"{batches} batches; 5xx to a helpdesk other than 503 with Retry-After: {odd}",
    ]
