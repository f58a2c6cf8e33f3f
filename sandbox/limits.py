"""Rate limits as fixed windows, the way both vendors count them."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

MINUTE = 60.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One look at a window: what it allows, what is left, and seconds until it starts anew."""

    total: int
    remaining: int
    resets: int
    exceeded: bool


class Windows:
    """Counters by name; each begins at its first use and starts anew after its length."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[Hashable, tuple[float, int]] = {}

    def take(
        self, name: Hashable, total: int, *, cost: int = 1, seconds: float = MINUTE
    ) -> Reading:
        """Spend `cost` of `total` in the window called `name`; too much spends nothing."""
        present = time.monotonic()
        with self._lock:
            began, used = self._used.get(name, (present, 0))
            if present - began >= seconds:
                began, used = present, 0
            exceeded = used + cost > total
            if not exceeded:
                used += cost
            self._used[name] = (began, used)
        resets = max(1, math.ceil(seconds - (present - began)))
        return Reading(
            total=total, remaining=max(0, total - used), resets=resets, exceeded=exceeded
        )

    def clear(self) -> None:
        """Forget what was spent."""
        with self._lock:
            self._used.clear()
