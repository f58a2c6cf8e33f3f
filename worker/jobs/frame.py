"""What all jobs share: the claim at the beginning and at the end, and what an error means."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from datetime import datetime

import structlog

from worker.errors import Misconfigured, Permanent, Transient
from worker.store.due import Claim
from worker.store.keys import Member
from worker.wiring import Parts, parts

LONGEST_PAUSE = 300.0
"""Seconds; the back-off doubles up to here."""
ATTEMPTS_OF_A_FAULT = 6
"""A fault in our own code is tried this often before it is set aside."""
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
        try:
            work(mine, claim, now)
        except Transient as fault:
            later(mine, claim, fault)
        except (Permanent, Misconfigured) as fault:
            log.error("set aside", member=member, fault=str(fault))
            mine.due.set_aside(claim, str(fault))
        except Exception as fault:  # noqa: BLE001 whatever it was, the member is not lost
            _own_fault(mine, claim, fault)
        else:
            mine.due.finish(claim)

    return run


def later(mine: Parts, claim: Claim, fault: Transient) -> None:
    """Try again after what the other side asked for, else after a growing pause."""
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


def _own_fault(mine: Parts, claim: Claim, fault: Exception) -> None:
    reason = f"{type(fault).__name__}: {fault}"
    log.error("a job failed", member=str(claim.member), attempt=claim.attempt, exc_info=fault)
    mine.journal.count("job_failed")
    if claim.attempt >= ATTEMPTS_OF_A_FAULT:
        mine.due.set_aside(claim, reason)
    else:
        mine.due.retry(claim, pause_before(claim.attempt + 1, None))
