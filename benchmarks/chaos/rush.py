"""Scenario 7: thousands of Zendesk tickets in minutes, and what that costs its API."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from benchmarks.chaos.hail import LIMITS, TEXTS
from benchmarks.chaos.site import Site, site
from worker.severity import Rubric, decide
from worker.store.keys import Kind

AUTHORS = 8
"""Threads that create tickets."""
MOST_WRITES, MOST_CALLS = 0.1, 1.2
"""Per ticket."""
CALM_SECONDS = 300.0
DONE = frozenset({Kind.EVENT, Kind.WRITE, Kind.DRAIN, Kind.SEND})
POLICY = """
[plans.pro]
first_response = { P1 = "4h", P2 = "5h", P3 = "6h", P4 = "8h" }

[review]
notify = []
then = []

[[steps]]
at = "0%"
severities = ["P1"]
notify = ["oncall"]

[channels.oncall]
type = "webhook"
url = "${RECEIVER_URL}"
"""


class Rush(NamedTuple):
    """What it cost, per ticket, and how late people heard of a P1 (seconds)."""

    tickets: int
    written: int
    wrong: int
    writes: float
    calls: float
    alerts: int
    p50: float
    p99: float
    quiet_after: float
    kinds: dict[str, int]

    @property
    def ok(self) -> bool:
        done = self.written == self.tickets and not self.wrong and self.alerts > 0
        return done and self.writes <= MOST_WRITES and self.calls <= MOST_CALLS


def rush(tickets: int, seconds: float) -> Rush:
    """Tickets over so many seconds, on Zendesk alone, its limits at 3,000 a minute."""
    rubric = Rubric.built_in()
    severities = {text: decide(text, text, rubric).severity.value for text in TEXTS}
    with site(POLICY, LIMITS) as running:
        began = time.monotonic()

        def write_in(number: int) -> tuple[str, str, float]:
            time.sleep(max(0.0, began + number * seconds / tickets - time.monotonic()))
            text = TEXTS[number % len(TEXTS)]
            return running.create("zendesk", text), text, time.time()

        with ThreadPoolExecutor(AUTHORS) as authors:
            made = list(authors.map(write_in, range(tickets)))
        ended = time.monotonic()
        running.calm(CALM_SECONDS, DONE)
        quiet = time.monotonic() - ended
        return _counted(running, made, severities, quiet)


def _counted(
    running: Site, made: list[tuple[str, str, float]], severities: dict[str, str], quiet: float
) -> Rush:
    calls = {
        kind: count
        for kind, count in running.chaos()["calls"].items()
        if kind.startswith("zendesk ") and "incremental" not in kind
    }
    writes = sum(count for kind, count in calls.items() if kind.startswith("zendesk PUT"))
    found = [running.ticket("zendesk", ticket_id) for ticket_id, _, _ in made]
    written = [one["severity"] for one in found]
    wrong = sum(
        has is not None and has != severities[text]
        for has, (_, text, _) in zip(written, made, strict=True)
    )
    created = {ticket_id: at for ticket_id, _, at in made}
    late = [told.at - created[told.ticket_id] for told in running.told()]
    percent = statistics.quantiles(late, n=100, method="inclusive") if len(late) > 1 else [0.0] * 99
    return Rush(
        tickets=len(made),
        written=sum(has is not None for has in written),
        wrong=wrong,
        writes=writes / len(made),
        calls=sum(calls.values()) / len(made),
        alerts=len(late),
        p50=percent[49],
        p99=percent[98],
        quiet_after=quiet,
        kinds=calls,
    )
