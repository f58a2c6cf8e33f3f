"""The edge on other servers, and what callers who send half a request do to each.

gunicorn and granian are measured when they are installed (requirements-bench.txt).
"""

from __future__ import annotations

import importlib.util
import socket
import sys
import time
from http.client import HTTPConnection

from benchmarks import edge
from benchmarks.figures import Figure
from benchmarks.load import CONNECTIONS, load
from benchmarks.place import Place, free_port, listens

REQUESTS = 1000
SLOW_SENDERS = 12
PATIENCE = 10.0
"""Seconds after which a server that answers nobody is given up."""
SERVERS = {
    "waitress": ["benchmarks.peers", "{app}", "{port}"],
    "gunicorn": [
        "gunicorn", "benchmarks.peers:{app}()", "-k", "gthread", "--threads", "8",
        "--keep-alive", "60", "-b", "127.0.0.1:{port}",
    ],
    "granian": [
        "granian", "benchmarks.peers:{app}", "--factory", "--interface", "wsgi", "--workers", "1",
        "--blocking-threads", "8", "--host", "127.0.0.1", "--port", "{port}", "--no-ws",
    ],
}  # fmt: skip


def measure(scale: float) -> list[Figure]:
    """Every server with one process and 8 threads: bare Flask and our edge."""
    count = max(CONNECTIONS, int(REQUESTS * scale))
    figures = []
    for server, words in SERVERS.items():
        if importlib.util.find_spec(words[0]) is None:
            continue
        with Place() as place:
            ports = {app: _start(place, words, app) for app in ("hello", "ours")}
            taken = edge.in_turns(place, ports, count)
            half = load(
                ports["ours"], edge.bodies.tickets(50_000_000, count), taken["ours"].per_second / 2
            )
            held_up = while_others_are_slow(ports["ours"])
        hello, ours = taken["hello"].per_second, taken["ours"].per_second
        figures += [
            Figure(f"{server}: webhooks", ours, "/s", "bare Flask on it", hello),
            Figure(f"{server}: p99 at half of that", half.p99_ms, "ms"),
            Figure(f"{server}: answer while {SLOW_SENDERS} send slowly", held_up, "s"),
        ]
    return figures


def while_others_are_slow(port: int) -> float:
    """Seconds until /healthz answers while others hold their connection with half a request."""
    half = b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(SLOW_SENDERS)]
    for one in slow:
        one.sendall(half)
    time.sleep(0.2)
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except TimeoutError:
        pass
    finally:
        connection.close()
        for one in slow:
            one.close()
    return time.monotonic() - began


def _start(place: Place, words: list[str], app: str) -> int:
    port = free_port()
    module, *rest = (word.format(app=app, port=port) for word in words)
    place.run(app, [sys.executable, "-m", module, *rest])
    place.until(lambda: listens(port), f"{module} with {app}", 40)
    return port
