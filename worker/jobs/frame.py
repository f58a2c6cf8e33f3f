"""What all jobs share: the claim at the beginning and at the end, and what an error means."""

from __future__ import annotations

import contextlib
import functools
import random
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs

from worker.errors import Misconfigured, NotNow, OnHold, Permanent, Transient
from worker.record import State
from worker.store.due import Claim
from worker.store.keys import Member
from worker.urgency import Urgency, of_severity
from worker.wiring import Parts, parts

LONGEST_PAUSE = 300.0
"""Seconds; the back-off doubles up to here."""
ATTEMPTS_OF_A_FAULT = 6
"""A fault in our own code is tried this often before it is set aside."""
STORE_AWAY = (RedisGone, RedisHangs)
STORE_AWAY_SECONDS = 20.0
"""How long a job waits for a Redis that went away under it, to say that it has to run again."""
AFTER_AWAY_SECONDS = 0.5
ATTEMPTS_OF_THE_WORLD = 200
"""An API that is away is tried for most of a day."""

log = structlog.get_logger()

Work = Callable[[Parts, Claim, datetime], None]


def carried(work: Work) -> Callable[[str, int], None]:
    """A job as RQ calls it, by name and with JSON arguments: a member and its claim's number."""

    @functools.wraps(work)
    def run(member: str, token: int) -> None:
        mine = parts()
        begun = mine.due.begin(Member.parse(member), int(token))
        if begun is None:
            return
        claim, now = begun
        under(mine, claim, lambda: work(mine, claim, now))

    return run


def under(mine: Parts, claim: Claim, work: Callable[[], None]) -> None:
    """Do the work of a claim that is ours, and end the claim as the work ended."""
    try:
        _carry(mine, claim, work)
    except STORE_AWAY as fault:
        _store_is_away(mine, claim, fault)


def _carry(mine: Parts, claim: Claim, work: Callable[[], None]) -> None:
    try:
        work()
    except STORE_AWAY:
        raise
    except OnHold:
        hold_back(mine, claim)
    except Transient as fault:
        later(mine, claim, fault)
    except (Permanent, Misconfigured) as fault:
        log.error("set aside", member=str(claim.member), fault=str(fault))
        mine.due.set_aside(claim, str(fault))
    except Exception as fault:  # noqa: BLE001 whatever it was, the member is not lost
        _own_fault(mine, claim, fault)
    else:
        mine.due.finish(claim)


def unless_paused(mine: Parts) -> None:
    """Before anything that a helpdesk or a person would see; raises `OnHold` while paused."""
    if mine.switches.paused():
        raise OnHold("paused by an operator")


def urgency_of(state: State | None) -> Urgency:
    """How urgent a ticket's reads and writes are to the budget; None: not known yet."""
    return of_severity(state.decision.severity if state and state.decision else None)


def hold_back(mine: Parts, claim: Claim) -> None:
    """The work waits for `resume`, as it is; its attempts do not grow."""
    mine.switches.look(fresh=True)  # or what is due again at once would be held again, for 2 s
    mine.due.hold_back(claim)


def later(mine: Parts, claim: Claim, fault: Transient) -> None:
    """Try again after what the other side asked for, else after a growing pause."""
    if isinstance(fault, NotNow):  # nothing was tried, so nothing grows and nothing is given up
        mine.due.postpone(claim, pause_before(1, fault.retry_after))
        return
    if claim.attempt >= ATTEMPTS_OF_THE_WORLD:
        mine.due.set_aside(claim, f"gave up after {claim.attempt} attempts: {fault}")
        return
    pause = pause_before(claim.attempt + 1, fault.retry_after)
    if fault.at_most is not None:
        pause = min(pause, fault.at_most)
    log.info(
        "again later",
        member=str(claim.member),
        fault=str(fault),
        attempt=claim.attempt,
        seconds=round(pause, 1),
    )
    mine.due.retry(claim, pause)


def pause_before(attempt: int, retry_after: float | None) -> float:
    """Seconds before an attempt (2 is the first repeat): 1, 2, 4 ... 300, never sooner than asked.

    A little chance spreads what failed together.
    """
    growing = min(LONGEST_PAUSE, 2.0 ** (attempt - 2))
    return max(growing, retry_after or 0.0) * (1 + random.random() / 10)  # noqa: S311 not a secret


def _store_is_away(mine: Parts, claim: Claim, fault: Exception) -> None:
    """Not the member's fault: it comes again as soon as Redis is back, and no attempt is counted.

    This thread could do nothing else meanwhile. When Redis stays away the claim runs out.
    """
    log.warning("redis is away; the job runs again", member=str(claim.member), fault=str(fault))
    until = time.monotonic() + STORE_AWAY_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(*STORE_AWAY):
            mine.due.postpone(claim, AFTER_AWAY_SECONDS)
            return
        time.sleep(AFTER_AWAY_SECONDS)


def _own_fault(mine: Parts, claim: Claim, fault: Exception) -> None:
    reason = f"{type(fault).__name__}: {fault}"
    log.error("a job failed", member=str(claim.member), attempt=claim.attempt, exc_info=fault)
    mine.journal.count("job_failed")
    if claim.attempt >= ATTEMPTS_OF_A_FAULT:
        mine.due.set_aside(claim, reason)
    else:
        mine.due.retry(claim, pause_before(claim.attempt + 1, None))
