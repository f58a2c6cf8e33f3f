"""The four scenarios: a plain storm, a clock that dies, two of everything, three hours down."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from benchmarks.chaos.facts import ORDER, Fate, Told
from benchmarks.chaos.site import Site, p1_policy, site
from benchmarks.chaos.storm import ANSWERED, Known, Size, answer, play
from benchmarks.chaos.verdict import (
    Findings,
    Judge,
    check_repeats_and_order,
    check_ticket,
    grouped,
)

DOWN_SECONDS = 3 * 3600.0
LONG_TARGET = 3600.0
"""Seconds: no step but the first comes before everything is stopped."""
FURTHEST = ORDER[-1]
PASSED_OVER = ORDER[1:-1]
SHOWN = 12
"""Violations that are printed in words."""


def storm(name: str, size: Size, *, twice: bool = False) -> Findings:
    """Scenarios 1 to 3. `twice`: two clocks and two workers."""
    with site(p1_policy(size.target)) as running:
        if twice:
            running.start("clock-2")
            running.start("work-2")
        tickets, behind = play(running, size)
        calm = running.calm()
        fates, told = _fates(running, tickets), running.told()
        found = Judge(target=size.target, killed=size.kills > 0).judge(name, fates, told)
        found.notes.append(f"the storm fell behind its plan by {behind:.2f} s at most")
        _look_at_the_processes(running, found, calm=calm)
    return found


def hours_down(name: str, size: Size) -> Findings:
    """Scenario 4: stopped with open timers, three hours pass, some are answered meanwhile."""
    with site(p1_policy(LONG_TARGET)) as running:
        tickets, _ = play(running, size)
        running.calm()
        for process in ("clock", "work", "web"):
            running.stop(process)
        chance = random.Random(size.seed)
        for known in chance.sample(tickets, round(len(tickets) * ANSWERED)):
            answer(running, known)
        running.grow_older([running.key(*known) for known in tickets], DOWN_SECONDS)
        running.stop("redis")
        before = running.told()
        started = time.time()
        running.start_again()
        running.wait_until_ready()
        ready = time.time()
        calm = running.calm()
        fates, told = _fates(running, tickets), running.told()
        found = _after_hours(name, fates, before, told[len(before) :], started)
        found.notes.append(
            f"lateness is from the start of the processes, {ready - started:.1f} s "
            "of it until they were ready"
        )
        _look_at_the_processes(running, found, calm=calm)
    return found


def _after_hours(
    name: str,
    fates: Sequence[Fate],
    before: Sequence[Told],
    after: Sequence[Told],
    started: float,
) -> Findings:
    """Each channel gets one message per ticket with the furthest step; the rest is skipped."""
    found = Findings(scenario=name, tickets=len(fates))
    first, late = grouped(before), grouped(after)
    for fate in fates:
        check_ticket(found, fate)
        for channel in ("oncall", "lead"):
            known = fate.helpdesk, fate.ticket_id, channel
            _expect(found, fate, channel, first[known], ["0%"] if channel == "oncall" else [])
            wanted = [FURTHEST] if fate.answered is None else []
            _expect(found, fate, channel, late[known], wanted)
            found.lateness += [one.at - started for one in late[known]]
        unsaid = [step for step in PASSED_OVER if not fate.skipped(step)]
        if unsaid and fate.answered is None:
            found.faults.append(f"{fate}: the record does not say that {unsaid} were skipped")
    return found


def _expect(
    found: Findings, fate: Fate, channel: str, mine: Sequence[Told], wanted: Sequence[str]
) -> None:
    check_repeats_and_order(found, fate, channel, mine)
    found.expected += len(wanted)
    steps = {one.step for one in mine}
    for step in set(wanted) - steps:
        found.missing += 1
        found.faults.append(f"{fate}: {channel} was never told of {step}")
    for step in steps - set(wanted):
        found.after_answer += fate.answered is not None
        found.faults.append(f"{fate}: {channel} was told of {step}, should be {list(wanted)}")


def _fates(running: Site, tickets: Sequence[Known]) -> list[Fate]:
    told = {(one["helpdesk"], one["id"]): one for one in running.chaos()["tickets"]}
    fates = []
    for known in tickets:
        key = running.key(*known)
        state, _ = running.parts.records.load(key)
        one = told[known]
        fates.append(
            Fate(
                helpdesk=known[0],
                ticket_id=known[1],
                created=one["created"],
                answered=one["answered"],
                accepted=one["accepted"],
                reads=one["reads"],
                severity=state.decision.severity.value if state and state.decision else "",
                settled=str(state.settled.why) if state and state.settled else "",
                lines=[
                    (line.at.timestamp(), line.what, line.text)
                    for line in running.parts.records.lines(key)
                ],
            )
        )
    return fates


def _look_at_the_processes(running: Site, found: Findings, *, calm: bool) -> None:
    if not calm:
        found.faults.append("events, steps or alerts were still waiting at the end")
    for name, process in running.processes.items():
        if process.poll() is not None:
            found.faults.append(f"{name} had ended")
    if "Traceback" in running.logs():
        found.faults.append("a process printed a traceback")
    for failure in running.parts.due.failures():
        found.faults.append(f"set aside: {failure.member}: {failure.reason}")
    counters = running.parts.journal.counters()
    for name in ("step_not_confirmed", "alert_again_later", "write_again_later", "job_failed"):
        if counters.get(name):
            found.notes.append(f"{name}: {counters[name]}")
    statuses = running.chaos()["statuses"]
    odd = {status: count for status, count in statuses.items() if int(status) >= 400}
    found.notes.append(f"the helpdesks refused {odd or 'nothing'} (their limits are set to 100000)")
