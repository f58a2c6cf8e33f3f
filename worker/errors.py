"""One small family of errors; each answers "try again, give up, or refuse?".

Their text is for people: what happened, which setting or ticket, what to do. It never holds a
secret or a channel's URL.
"""

from __future__ import annotations

from collections.abc import Mapping


class MinutehandError(Exception):
    """Anything that we raise on purpose."""


class Misconfigured(MinutehandError):
    """Settings or policy are wrong; `faults` lists all of them, one readable line each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Unverified(MinutehandError):
    """A webhook is not authentic (answered 401). `reason` is one word for the counter."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Unreadable(MinutehandError):
    """An authentic webhook from which not even a ticket id can be read (answered 400)."""


class NoSecret(MinutehandError):
    """The helpdesk's webhook secret is not configured, so everything is refused (503)."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"webhook refused: {variable} is not set, so it cannot be told from a forgery. "
            f"Set {variable} to the webhook's secret and restart."
        )
        self.variable = variable


class Transient(MinutehandError):
    """It may work later: network, time-out, 429, 5xx, a conflict. Nothing is lost."""

    def __init__(
        self,
        text: str,
        *,
        retry_after: float | None = None,
        at_most: float | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        """Seconds the other side asked us to wait, or None."""
        self.at_most = at_most
        """Seconds after which it has to be looked at again, whatever the other side asked."""
        self.status = status
        """The HTTP status of an answer 429 or 5xx; None: no such answer came."""
        self.headers: Mapping[str, str] = headers or {}
        """That answer's headers."""


class NotNow(Transient):
    """No call was made: the account's budget does not allow one before `retry_after`."""


class OnHold(MinutehandError):
    """An operator paused everything: whatever it was waits for `minutehand resume`, untried."""


class Permanent(MinutehandError):
    """It will not work however often it is tried: rights, a refused value, a dead hook."""

    def __init__(self, text: str, *, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Gone(Permanent):
    """The ticket does not exist, is deleted, or is closed for writing: drop it, say so once."""
