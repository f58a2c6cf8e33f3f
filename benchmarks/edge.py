"""The edge: verified, deduplicated, durably accepted webhooks a second, and how long each takes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks import bodies
from benchmarks.figures import Figure
from benchmarks.load import CONNECTIONS, load
from benchmarks.place import Place, cpu_seconds, free_port, listens

REQUESTS = 1000
ROUNDS = 3
WARM = 200
Make = Callable[[int, int], Sequence[bytes]]


class Taken(NamedTuple):
    """Rounds of one server, the middle one."""

    per_second: float
    p99_ms: float
    cpu_us: float
    """Processor time of the server process for one request."""


def measure(scale: float) -> list[Figure]:
    """One run: bare Flask, the plain way and ours take turns, so that noise meets all of them."""
    count = max(CONNECTIONS, int(REQUESTS * scale))
    with Place() as place:
        ports = {name: start_peer(place, name) for name in ("hello", "plain")}
        ports["web"] = start_edge(place)
        taken = in_turns(place, ports, count)
        hello, plain, ours = taken["hello"], taken["plain"], taken["web"]
        port = ports["web"]
        half = load(port, bodies.tickets(50_000_000, count), ours.per_second / 2)
        _nothing_is_missing(place, WARM + (ROUNDS + 1) * count)
        again = in_turns(place, {"web": port}, count, lambda _, n: bodies.tickets(9, 1) * n)
        freshdesk = in_turns(place, {"web": port}, count, bodies.touched)
    return [
        Figure("webhooks", ours.per_second, "/s", "bare Flask", hello.per_second, at_least=0.4),
        Figure(
            "webhooks accepted", ours.per_second, "/s", "Flask + rq", plain.per_second, at_least=1.3
        ),
        Figure("p99 at half of that", half.p99_ms, "ms", at_most=50),
        Figure("p50 at half of that", half.p50_ms, "ms"),
        Figure("p99 at full load", ours.p99_ms, "ms", "Flask + rq", plain.p99_ms),
        Figure("processor time of one", ours.cpu_us, "us", "bare Flask", hello.cpu_us),
        Figure("processor time, accepted", ours.cpu_us, "us", "Flask + rq", plain.cpu_us),
        Figure("seen before", again["web"].per_second, "/s", "bare Flask", hello.per_second),
        Figure("Freshdesk's", freshdesk["web"].per_second, "/s", "bare Flask", hello.per_second),
    ]


def start_edge(place: Place, name: str = "web") -> int:
    """Our web process, listening; its port."""
    port = free_port()
    place.minutehand(name, "web", PORT=str(port))
    place.until(lambda: listens(port), "the edge", 40)
    return port


def start_peer(place: Place, name: str) -> int:
    """What we compare with, listening; its port."""
    port = free_port()
    place.python(name, "benchmarks.peers", name, str(port))
    place.until(lambda: listens(port), name, 40)
    return port


def in_turns(
    place: Place, ports: dict[str, int], count: int, make: Make = bodies.tickets
) -> dict[str, Taken]:
    """Warm up; then every server in turn takes `count` requests, several times."""
    for port in ports.values():
        load(port, make(1, WARM))
    rounds: dict[str, list[Taken]] = {name: [] for name in ports}
    for number in range(1, ROUNDS + 1):
        for name, port in ports.items():
            process = place.processes[name].pid
            requests, before = make(number * 1_000_000, count), cpu_seconds(process)
            found = load(port, requests)
            if found.good != count:
                raise AssertionError(f"{name}: {count - found.good} of {count} were refused")
            spent = (cpu_seconds(process) - before) / count * 1e6
            rounds[name].append(Taken(found.per_second, found.p99_ms, spent))
    return {
        name: Taken(*(statistics.median(values) for values in zip(*taken, strict=True)))
        for name, taken in rounds.items()
    }


def _nothing_is_missing(place: Place, wanted: int) -> None:
    redis = place.redis()
    accepted, due = redis.hget("mh:counters", "event_accepted"), redis.zcard("mh:due")
    if not int(str(accepted)) == due == wanted:
        raise AssertionError(f"{accepted} of {wanted} webhooks were accepted, {due} are due")
