"""How the service itself is watched over."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, field_validator

from worker.policy.values import Span
from worker.tickets import Noun


class WatchRule(Noun):
    """`[watch]`."""

    heartbeat: str | None = Field(default=None, repr=False)
    """An address that the clock asks while everything runs; whoever listens there misses it."""
    every: Span = timedelta(minutes=1)
    alarms: str | None = None
    """The channel that hears what is wrong with the service itself, and when it is over."""

    @field_validator("heartbeat")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://", "${")):
            raise ValueError("must be an address such as https://hc-ping.com/...")
        return value
