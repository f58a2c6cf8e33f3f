"""How often a wrong password may be tried, by where it came from."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol


class Attempts(Protocol):
    """Remembers wrong passwords by where they came from."""

    def allowed(self, address: str) -> bool:
        """False while this address has to wait."""
        ...

    def failed(self, address: str) -> None:
        """A wrong password came from there."""
        ...


class RecentAttempts:
    """Attempts in this process's memory, for at most `addresses` of them: five a minute each."""

    PER_MINUTE = 5
    SECONDS = 60.0

    def __init__(
        self, *, addresses: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._addresses = addresses
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def allowed(self, address: str) -> bool:
        with self._lock:
            return len(self._recent(address)) < self.PER_MINUTE

    def failed(self, address: str) -> None:
        with self._lock:
            self._failures[address] = [*self._recent(address), self._clock()][-self.PER_MINUTE :]
            self._failures.move_to_end(address)
            while len(self._failures) > self._addresses:
                self._failures.popitem(last=False)

    def _recent(self, address: str) -> list[float]:
        start = self._clock() - self.SECONDS
        return [moment for moment in self._failures.get(address, ()) if moment > start]
