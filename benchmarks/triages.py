"""The worker: triages a second and what one costs, beside RQ's own worker on an empty job."""

from __future__ import annotations

import sys
import time

from redis import Redis
from rq import Queue

from benchmarks import stages
from benchmarks.desk import Desk
from benchmarks.figures import Figure
from benchmarks.place import Place, cpu_seconds

TRIAGES = 400
EMPTY_JOBS = 200
STAGED = 100
SLOW_SECONDS = 0.25
SLOW_TRIAGES = 96


def measure(scale: float) -> list[Figure]:
    """One run: RQ's worker, ours, ours by stages, ours with a slow helpdesk."""
    count = max(8, int(TRIAGES * scale))
    with Desk() as desk:
        empty = forked(desk, max(8, int(EMPTY_JOBS * scale)))
        rate, cost = instant(desk, count)
        desk.stop("work")
        shares = {
            helpdesk: stages.measure(desk, max(8, int(STAGED * scale)), helpdesk)
            for helpdesk in ("zendesk", "freshdesk")
        }
    in_flight, slow_rate = slow(max(16, int(SLOW_TRIAGES * scale)))
    per_core = 1000 / cost
    return [
        Figure("triages", rate, "/s", "rq worker, empty job", empty, at_least=1.3),
        Figure("triages on one core", per_core, "/s", "rq worker, empty job", empty),
        Figure("processor time of a triage", cost, "ms", at_most=12),
        *(
            Figure(f"{helpdesk}: {stage}", milliseconds, "ms")
            for helpdesk, found in shares.items()
            for stage, milliseconds in found.items()
        ),
        Figure("calls in flight, 250 ms each", in_flight, at_least=8),
        Figure("triages, 250 ms a call", slow_rate, "/s"),
    ]


def instant(desk: Desk, count: int) -> tuple[float, float]:
    """Triages a second with a helpdesk that answers at once, and milliseconds of one."""
    number = desk.worker()
    before = int(desk.seen()["updates"])
    spent = cpu_seconds(number)
    desk.filled(count)
    began = time.perf_counter()
    desk.updated(before + count)
    seconds = time.perf_counter() - began
    return count / seconds, (cpu_seconds(number) - spent) / count * 1000


def slow(count: int) -> tuple[float, float]:
    """Calls in flight at once with a slow helpdesk, and triages a second."""
    with Desk(seconds=SLOW_SECONDS) as desk:
        desk.worker()
        before = int(desk.seen()["updates"])
        desk.filled(count)
        began = time.perf_counter()
        desk.updated(before + count)
        return float(desk.seen()["most"]), count / (time.perf_counter() - began)


def forked(place: Place, count: int) -> float:
    """Jobs a second of `rq worker` as it comes, on jobs that do nothing."""
    queue = Queue("empty", connection=Redis.from_url(place.environment["REDIS_URL"]))
    queue.enqueue("benchmarks.empty.job")
    command = [
        "-m",
        "rq.cli",
        "worker",
        "--quiet",
        "--url",
        place.environment["REDIS_URL"],
        "empty",
    ]
    place.run("rq", [sys.executable, *command])
    place.until(lambda: queue.finished_job_registry.count >= 1, "the first empty job")
    for _ in range(count):
        queue.enqueue("benchmarks.empty.job")
    left = len(queue)
    began = time.perf_counter()
    place.until(lambda: len(queue) == 0, "the empty jobs", 100)
    seconds = time.perf_counter() - began
    place.stop("rq")
    place.empty()
    return left / seconds
