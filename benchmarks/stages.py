"""Where a triage spends the processor: its stages, timed in one thread of this process."""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.desk import Desk, accept
from worker import lifecycle, severity, wiring
from worker.jobs.triage import triage
from worker.store.due import DueSet
from worker.store.records import Records

Stage = tuple[Any, str, str]
"""An object, the name of a function of it, the stage that its time belongs to."""


def measure(desk: Desk, count: int, helpdesk: str) -> dict[str, float]:
    """Milliseconds of processor time for one triage, by stage; `rest` is everything else."""
    parts = desk.parts()
    wiring.use(parts)
    client = next(one.client for one in parts.accounts.values() if one.helpdesk == helpdesk)
    desk.empty()
    accept(parts, 1, count + 5, helpdesk=helpdesk)
    claims = [claim for _ in range(count) for claim in parts.due.claim()[0]]
    for claim in claims[:5]:
        triage(str(claim.member), claim.token)
    stages: list[Stage] = [
        (client, "fetch", "fetch"),
        (client, "write", "write"),
        (severity, "clean", "clean"),
        (lifecycle, "decide", "decide"),
        *((DueSet, name, "store") for name in ("begin", "finish")),
        *((Records, name, "store") for name in ("load", "inbox", "commit")),
    ]
    with timed(stages) as spent:
        began = time.thread_time()
        for claim in claims[5:]:
            triage(str(claim.member), claim.token)
        whole = time.thread_time() - began
    done = len(claims) - 5
    shares = {stage: seconds / done * 1000 for stage, seconds in spent.items()}
    return {**shares, "rest": whole / done * 1000 - sum(shares.values())}


@contextmanager
def timed(stages: list[Stage]) -> Iterator[dict[str, float]]:
    """Time these functions; what one calls of another is not counted twice."""
    spent: dict[str, float] = defaultdict(float)
    running: list[float] = []
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in stages]
    for owner, name, stage in stages:
        setattr(owner, name, _timed(getattr(owner, name), stage, spent, running))
    try:
        yield spent
    finally:
        for owner, name, function in kept:
            setattr(owner, name, function)


def _timed(
    function: Callable[..., Any], stage: str, spent: dict[str, float], running: list[float]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, **named: Any) -> Any:
        running.append(0.0)
        began = time.thread_time()
        try:
            return function(*args, **named)
        finally:
            whole = time.thread_time() - began
            spent[stage] += whole - running.pop()
            if running:
                running[-1] += whole

    return run
