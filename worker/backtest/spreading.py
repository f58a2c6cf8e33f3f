"""One file over several processes, a few hundred rows at a time and in the file's order.

Counting in that order makes the report the same, byte for byte, however many processes there are.
At most a few parts are under way at once, so a file of any size takes the same memory.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from worker.backtest.readers import Row
from worker.backtest.reading import Bad, History, Seen, Survey, look, together
from worker.backtest.replaying import replay
from worker.backtest.summing import Summary
from worker.backtest.walking import Rules
from worker.policy import Policy

ROWS = 250
"""In one part: enough to make up for handing it over."""
UNDER_WAY = 3
"""Parts for each process that are waiting or worked on."""
MOST_PROCESSES = 5
"""Each takes up to 150 MB; together with the reader they stay below 1 GB."""

Answer = TypeVar("Answer")
Part = list[Row]


def cores() -> int:
    """How many processes are worth it on this machine, or in this container."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(MOST_PROCESSES, given or 1))


@dataclass(frozen=True, slots=True)
class Spread:
    """A pool that reads and replays parts of one history."""

    history: History
    pool: ProcessPoolExecutor
    processes: int

    def survey(self) -> Survey:
        """As `reading.survey`. Raises `Misconfigured` when none of the rows is a ticket."""
        return together(self._each(_survey), self.history)

    def replay(self, ends: datetime) -> Iterator[Summary]:
        """The figures of each part, in order; to be put together with `Summary.take`."""
        return self._each(_replay, ends)

    def _each(self, work: Callable[..., Answer], *more: object) -> Iterator[Answer]:
        waiting: deque[Future[Answer]] = deque()
        for part in _parts(self.history):
            waiting.append(self.pool.submit(work, part, *more))
            if len(waiting) >= UNDER_WAY * self.processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def spread(history: History, policy: Policy, processes: int) -> Iterator[Spread]:
    """Processes that end with the block, also when it is left by an error or Ctrl-C."""
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(history, policy),
    )
    try:
        yield Spread(history, pool, processes)
    finally:
        pool.shutdown(cancel_futures=True)


def _parts(history: History) -> Iterator[Part]:
    rows = history.raw()
    while part := list(islice(rows, ROWS)):
        yield part


@dataclass(slots=True)
class _Work:
    """What a process of the pool has made once."""

    history: History
    policy: Policy
    rules: Rules | None = None


_WORK: list[_Work] = []


def _begin(history: History, policy: Policy) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one at the terminal ends us
    _WORK.append(_Work(history, policy))


def _survey(part: Part) -> Seen:
    (work,) = _WORK
    return look(work.history.past(line, row) for line, row in part)


def _replay(part: Part, ends: datetime) -> Summary:
    (work,) = _WORK
    rules = work.rules = work.rules or Rules.of(work.policy)
    summary = Summary.of(rules)
    for line, row in part:
        found = work.history.past(line, row)
        if not isinstance(found, Bad):
            summary.add(line, replay(found, rules, ends))
    return summary
