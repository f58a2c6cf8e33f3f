"""A place with a helpdesk of its own and worker processes, filled with tickets."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import requests

from benchmarks import bodies
from benchmarks.place import POLICY, Place, free_port, listens
from worker.helpdesks.registry import HELPDESKS
from worker.wiring import Parts


class Desk(Place):
    """Use as a context manager; `seen()` is what the helpdesk was asked."""

    def __init__(
        self,
        *,
        policy: str = POLICY,
        seconds: float = 0.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.seconds = seconds
        addresses = {
            "ZENDESK_URL": f"{self.url}/zendesk",
            "FRESHDESK_URL": f"{self.url}/freshdesk",
            "RECEIVER_URL": f"{self.url}/alerts",
        }
        super().__init__(policy=policy, environment={**addresses, **(environment or {})})

    def __enter__(self) -> Self:
        super().__enter__()
        self.python("helpdesk", "benchmarks.helpdesk", str(self.port))
        self.until(lambda: listens(self.port), "the helpdesk", 40)
        requests.put(f"{self.url}/seconds", json=self.seconds, timeout=10)
        return self

    def seen(self) -> dict[str, Any]:
        """What was asked, updated, most in flight; alerts with their moments."""
        return dict(requests.get(f"{self.url}/seen", timeout=10).json())

    def worker(self, name: str = "work", *, threads: int = 8) -> int:
        """A worker process that has decided a few tickets already; its number."""
        process = self.minutehand(name, "work", WORKER_THREADS=str(threads))
        before = self.seen()["updates"]
        accept(self.parts(), 900_000_000 + before, 16)
        self.until(lambda: self.seen()["updates"] >= before + 16, "the first tickets", 60)
        return process.pid

    def filled(self, count: int, *, helpdesk: str = "zendesk", held: str = "work") -> None:
        """Accept so many tickets while a worker is stopped; then it goes on."""
        self.processes[held].send_signal(signal.SIGSTOP)
        accept(self.parts(), 1_000_000, count, helpdesk=helpdesk)
        self.processes[held].send_signal(signal.SIGCONT)

    def updated(self, count: int, seconds: float = 100) -> None:
        """Until the helpdesk took so many updates."""
        self.until(lambda: self.seen()["updates"] >= count, f"{count} updates", seconds)


def accept(parts: Parts, first: int, count: int, *, helpdesk: str = "zendesk") -> None:
    """Keep so many new tickets' events, as the edge does."""
    desk, now = HELPDESKS[helpdesk], datetime.now(UTC)
    account, secrets = desk.account(parts.settings) or "", desk.secrets(parts.settings)
    for number in range(first, first + count):
        body = bodies.body_of(helpdesk, number)
        headers = desk.inbound.sample(body, secret=secrets[0], now=now)
        delivery = desk.inbound.read(headers, body, account=account, secrets=secrets, now=now)
        if delivery.event:
            parts.due.accept(delivery, delivery.event)
