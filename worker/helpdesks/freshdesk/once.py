"""What was said already: a fault that lasts is told to people once, not with every ticket."""

from __future__ import annotations

import threading
from collections import OrderedDict


class Once:
    """Remembers what was said, so that it is said once. Bounded; safe between threads."""

    def __init__(self, limit: int = 10_000) -> None:
        self._said: OrderedDict[str, None] = OrderedDict()
        self._limit = limit
        self._lock = threading.Lock()

    def first(self, text: str) -> bool:
        """True the first time, and remember."""
        with self._lock:
            if text in self._said:
                return False
            self._said[text] = None
            if len(self._said) > self._limit:
                self._said.popitem(last=False)
            return True

    def knows(self, text: str) -> bool:
        """True when it was said before."""
        with self._lock:
            return text in self._said

    def forget(self, text: str) -> None:
        """It was not said after all."""
        with self._lock:
            self._said.pop(text, None)
