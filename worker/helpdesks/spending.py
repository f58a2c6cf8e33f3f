"""One account's calls against its budget: each asks before it is made and reports afterwards.

A helpdesk's folder says what its headers mean and which calls have a limit of their own; where the
budget is kept is not known here.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import NamedTuple, Protocol

from worker.errors import MinutehandError, NotNow, Transient
from worker.tickets import one_line

ALL = "requests"
"""The part that every call belongs to: the account's requests (or credits) a minute."""
UNTOLD_PAUSE = 10.0
"""Seconds, after a 429 that does not say how long."""


class Said(NamedTuple):
    """What an answer said of one limit."""

    limit: float | None = None
    """Requests a minute."""
    remaining: float | None = None
    """Of these, in the helpdesk's present window, for everybody."""
    resets: float | None = None
    """Seconds until that window ends; None: the helpdesk does not tell."""
    used: float = 1.0
    """What this one call cost."""


Rates = Mapping[str, Said]
"""Part -> what was said of it."""


class Refusal(NamedTuple):
    """Why a call may not be made now, and in how many seconds it may."""

    seconds: float
    why: str


class Budget(Protocol):
    """What calls are asked of and told to, by account; shared by whoever calls. Never raises."""

    def take(self, account: str, *, part: str = "", ends: bool = False) -> Refusal | None:
        """Take one call out of the account's budget, and out of its part's; None: make it.

        `ends`: it finishes what an earlier call began, and goes before what only begins.
        """
        ...

    def answered(self, account: str, rates: Rates) -> None:
        """The helpdesk answered, and said so of its limits."""
        ...

    def pause(self, account: str, seconds: float, *, part: str = ALL) -> None:
        """It asked everybody to wait, for all calls or those of one part."""
        ...

    def saw_clock(self, account: str, skew: float) -> None:
        """By its answer the helpdesk's clock is so many seconds ahead of ours."""
        ...

    def failed(self, account: str, about: str) -> None:
        """No answer, or a 5xx. The same thing again (`about`) says nothing new; "" always does."""
        ...


class Unlimited:
    """The budget of a client that is built by hand: everything is allowed, nothing is kept."""

    def take(self, account: str, *, part: str = "", ends: bool = False) -> Refusal | None:
        del account, part, ends
        return None

    def answered(self, account: str, rates: Rates) -> None:
        """Nothing."""

    def pause(self, account: str, seconds: float, *, part: str = ALL) -> None:
        """Nothing."""

    def saw_clock(self, account: str, skew: float) -> None:
        """Nothing."""

    def failed(self, account: str, about: str) -> None:
        """Nothing."""


UNLIMITED = Unlimited()


class Spending:
    """One account's calls. Safe to share between threads."""

    def __init__(
        self, budget: Budget, account: str, read: Callable[[Mapping[str, str]], Rates]
    ) -> None:
        """`account` is `helpdesk/account`; `read` makes rates of an answer's headers."""
        self._budget = budget
        self._account = account
        self._read = read

    @contextmanager
    def call(
        self, what: str, *, part: str = "", ends: bool = False
    ) -> Iterator[Callable[[Mapping[str, str]], None]]:
        """Around one call; what it gives is told the answer's headers.

        Raises `NotNow`, before anything is asked, when it may not be made now.
        """
        refusal = self._budget.take(self._account, part=part, ends=ends)
        if refusal:
            text = f"{what}: not asked for {refusal.seconds:.1f} s, {refusal.why}"
            raise NotNow(text, retry_after=refusal.seconds)
        try:
            yield self._answered
        except Transient as fault:
            self._report(fault, what, part)
            raise
        except MinutehandError:
            self._budget.answered(self._account, {})  # refused, so it is there
            raise

    def _answered(self, headers: Mapping[str, str]) -> None:
        self._budget.answered(self._account, self._read(headers))
        try:
            there = email.utils.parsedate_to_datetime(headers.get("Date", ""))
        except ValueError:
            return  # none, or none that can be read
        # A Date is cut to its second, so on average it is half a second old.
        skew = there.replace(tzinfo=there.tzinfo or UTC).timestamp() + 0.5 - time.time()
        self._budget.saw_clock(self._account, skew)

    def _report(self, fault: Transient, what: str, part: str) -> None:
        if fault.status is None:
            self._budget.failed(self._account, "")
        elif fault.status != 429:
            self._budget.failed(self._account, one_line(what, 100))
        else:
            rates = self._read(fault.headers)
            self._budget.answered(self._account, rates)
            paused = _whose_limit(rates, part)
            if paused:
                wait = UNTOLD_PAUSE if fault.retry_after is None else fault.retry_after
                self._budget.pause(self._account, wait, part=paused)


def _whose_limit(rates: Rates, part: str) -> str | None:
    """What a 429 pauses: everything, the part, or (None) nothing but the one ticket it is about.

    Zendesk takes 30 updates of one ticket in ten minutes: the next ticket's must not wait for it.
    """
    whole, own = rates.get(ALL), rates.get(part)
    if not part or whole is None or not whole.remaining:
        return ALL
    return None if own and own.remaining else part
