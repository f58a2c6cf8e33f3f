"""The edge: verified, deduplicated, durably accepted webhooks a second, and how long each takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks import bodies
from benchmarks.figures import Figure
from benchmarks.load import CONNECTIONS, Load, load
from benchmarks.place import Place, free_port, listens

REQUESTS = 3000
WARM = 200


def measure(scale: float) -> list[Figure]:
    """One run: bare Flask, the plain way and ours, one after the other, then ours at half load."""
    count = max(CONNECTIONS, int(REQUESTS * scale))
    with Place() as place:
        hello = peer(place, "hello", count)
        plain = peer(place, "plain", count)
        place.empty()
        port = start_edge(place)
        most = loaded(port, bodies.tickets, count)
        half = load(port, bodies.tickets(10_000_000, count), most.per_second / 2)
        accepted = int(place.redis().hget("mh:counters", "event_accepted") or 0)
        wanted = 2 * count + WARM
        if accepted != wanted or half.good != count:
            raise AssertionError(f"{accepted} of {wanted} webhooks were kept")
        again = loaded(port, lambda _first, n: bodies.tickets(20_000_000, 1) * n, count)
        freshdesk = loaded(port, bodies.touched, count)
    return [
        Figure("webhooks/s", most.per_second, "/s", "bare Flask", hello.per_second, at_least=0.4),
        Figure(
            "webhooks/s ", most.per_second, "/s", "Flask + rq enqueue", plain.per_second,
            at_least=1.3,
        ),
        Figure("p99 at half of that", half.p99_ms, "ms", at_most=50),
        Figure("p50 at half of that", half.p50_ms, "ms"),
        Figure("p99 at full load", most.p99_ms, "ms", "Flask + rq enqueue", plain.p99_ms),
        Figure("seen before/s", again.per_second, "/s", "bare Flask", hello.per_second),
        Figure("Freshdesk webhooks/s", freshdesk.per_second, "/s", "bare Flask", hello.per_second),
    ]


def start_edge(place: Place, name: str = "web") -> int:
    """Our web process, listening; its port."""
    port = free_port()
    place.minutehand(name, "web", PORT=str(port))
    place.until(lambda: listens(port), "the edge", 40)
    return port


def peer(place: Place, name: str, count: int) -> Load:
    """The same requests against something to compare with."""
    port = free_port()
    place.python(name, "benchmarks.peers", name, str(port))
    place.until(lambda: listens(port), name, 40)
    try:
        return loaded(port, bodies.tickets, count)
    finally:
        place.stop(name)


def loaded(port: int, make: Callable[[int, int], Sequence[bytes]], count: int) -> Load:
    """Warm up, then as many as it takes."""
    load(port, make(1, WARM))
    found = load(port, make(1_000_000, count))
    if found.good != count:
        raise AssertionError(f"{count - found.good} of {count} requests were refused")
    return found
