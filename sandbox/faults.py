"""Faults on demand: what goes wrong with which requests, how often."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import asdict, dataclass
from typing import Any

KINDS = (
    "429",
    "500",
    "503",
    "409",
    "422",
    "slow",
    "timeout",
    "lost_answer",
    "required_field",
)
_KEYS = {"helpdesk", "method", "path", "kind", "times", "share", "retry_after", "seconds"}
_LONGEST = 120.0


@dataclass(kw_only=True)
class Fault:
    """One standing order to fail.

    `slow` waits and then answers; `timeout` waits and answers 504 without having done anything;
    `lost_answer` does it, and then waits and answers 504. `times` counts down, `share` is the
    part of matching requests that is hit.
    """

    id: int
    helpdesk: str
    kind: str
    method: str = ""
    path: str = ""
    times: int | None = None
    share: float = 1.0
    retry_after: int | None = None
    seconds: float = 15.0
    hits: int = 0

    def matches(self, helpdesk: str, method: str, path: str) -> bool:
        """True when this request is one that should fail."""
        return (
            self.helpdesk in {"", helpdesk}
            and self.method in {"", method}
            and self.path in path
            and self.times != 0
        )


class Faults:
    """The faults in force. Which requests a `share` hits is the same in every run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)
        self._dice = random.Random(7)

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Put a fault in force; ValueError says what is wrong with the order."""
        strange = sorted(set(wanted) - _KEYS)
        if strange:
            raise ValueError(f"{strange[0]!r} is unknown; a fault has {sorted(_KEYS)}.")
        kind = str(wanted.get("kind", ""))
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r} is unknown; there are {', '.join(KINDS)}.")
        if wanted.get("helpdesk", "") not in {"", "zendesk", "freshdesk"}:
            raise ValueError("helpdesk is 'zendesk', 'freshdesk' or left out for both.")
        times = wanted.get("times")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("times is a whole number from 1, or left out for 'until deleted'.")
        share = float(wanted.get("share", 1.0))
        seconds = float(wanted.get("seconds", 2.0 if kind == "slow" else 15.0))
        if not 0 <= share <= 1 or not 0 <= seconds <= _LONGEST:
            raise ValueError(f"share is 0 to 1, seconds 0 to {_LONGEST:.0f}.")
        retry_after = wanted.get("retry_after")
        with self._lock:
            fault = Fault(
                id=next(self._numbers),
                helpdesk=str(wanted.get("helpdesk", "")),
                kind=kind,
                method=str(wanted.get("method", "")).upper(),
                path=str(wanted.get("path", "")),
                times=times,
                share=share,
                retry_after=None if retry_after is None else int(retry_after),
                seconds=seconds,
            )
            self._faults.append(fault)
        return fault

    def hit(self, helpdesk: str, method: str, path: str) -> Fault | None:
        """The fault this request meets, counted; None when it is spared."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(helpdesk, method, path) and self._dice.random() < fault.share:
                    fault.hits += 1
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def clear(self) -> None:
        """Let nothing fail any more."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Every fault with how often it hit."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]
