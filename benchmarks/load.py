"""Load from a process of its own: non-blocking sockets, keep-alive, requests made beforehand."""

from __future__ import annotations

import multiprocessing
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from benchmarks.figures import quantile

CONNECTIONS = 16
PATIENCE = 60.0
"""Seconds without any answer before it is called off."""


class Load(NamedTuple):
    """What a server did with the requests."""

    per_second: float
    p50_ms: float
    p99_ms: float
    good: int
    """Answers 200 and 202."""


def load(port: int, requests: Sequence[bytes], per_second: float | None = None) -> Load:
    """Send all requests, as fast as they are answered or at an even pace.

    At a pace, a request's time runs from the moment it was meant to leave: a server that lags
    behind is not forgiven.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as own:
        return own.submit(_send, port, list(requests), per_second).result()


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """One request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection:
    """One request at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)  # noqa: FBT003 the socket's own word
        self.meant = 0.0
        self._heard = b""

    def send(self, request: bytes, meant: float) -> None:
        self.meant = meant
        self.socket.sendall(request)  # a request is far smaller than the socket's buffer

    def answer(self) -> bytes | None:
        """The status of a whole answer, else None."""
        self._heard += self.socket.recv(65536)
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if not end:
            return None
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        if len(body) < int(length):
            return None
        self._heard = b""
        return head[9:12]


def _send(port: int, requests: list[bytes], per_second: float | None) -> Load:
    connections = {
        one.socket.fileno(): one for one in (_Connection(port) for _ in range(CONNECTIONS))
    }
    free = deque(connections.values())
    poll = select.epoll()
    for number in connections:
        poll.register(number, select.EPOLLIN)
    pending = deque(requests)
    taken: list[float] = []
    good = 0
    began = heard = time.perf_counter()
    due = _pace(began, per_second)
    sent = 0
    while len(taken) < len(requests):
        now = time.perf_counter()
        if now - heard > PATIENCE:
            raise TimeoutError(f"{len(requests) - len(taken)} requests were never answered")
        while pending and free and due(sent) <= now:
            free.popleft().send(pending.popleft(), max(due(sent), began) if per_second else now)
            sent += 1
        waits = pending and free
        for number, _ in poll.poll(max(0.0, due(sent) - time.perf_counter()) if waits else 1.0):
            status = connections[number].answer()
            if status is not None:
                heard = time.perf_counter()
                taken.append(heard - connections[number].meant)
                good += status in {b"200", b"202"}
                free.append(connections[number])
    seconds = time.perf_counter() - began
    for one in connections.values():
        one.socket.close()
    return Load(len(taken) / seconds, quantile(taken, 50) * 1000, quantile(taken, 99) * 1000, good)


def _pace(began: float, per_second: float | None) -> Callable[[int], float]:
    """When the nth request is meant to leave."""
    if per_second is None:
        return lambda _: began
    between = 1 / per_second
    return lambda number: began + number * between
