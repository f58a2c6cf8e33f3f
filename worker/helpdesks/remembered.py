"""Something about an account that is looked up once, shared by threads, and kept for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from worker.errors import Transient

KEPT_SECONDS = 600.0
AFTER_FAULT_SECONDS = 60.0

Known = TypeVar("Known")


class Remembered(Generic[Known]):
    """One thread looks up, the others wait for it; an old answer beats none."""

    def __init__(
        self,
        look_up: Callable[[float], tuple[Known, int]],
        *,
        what: str,
        clock: Callable[[], float],
    ) -> None:
        """`look_up` takes a time-out in seconds and tells what it found and in how many calls."""
        self._look_up = look_up
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Known | None = None
        self._until = 0.0

    def known(self, *, timeout: float) -> tuple[Known, int]:
        """What is known, and how many API calls that took (0: still remembered).

        Raises `Transient` when it was never known and cannot be now, and whatever else `look_up`
        raises.
        """
        if not self._lock.acquire(timeout=timeout):
            raise Transient(f"{self._what}: another thread is still reading them")
        try:
            if self._known is not None and self._clock() < self._until:
                return self._known, 0
            try:
                found, calls = self._look_up(timeout)
            except Transient:
                if self._known is None:
                    raise
                self._until = self._clock() + AFTER_FAULT_SECONDS
                return self._known, 1
            self._known = found
            self._until = self._clock() + KEPT_SECONDS
            return found, calls
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Look up again at the next need: something turned out to be wrong."""
        with self._lock:
            self._until = 0.0
