"""What is known of one scenario when it is over: the tickets, and what the channels received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor
from typing import NamedTuple

STEPS = {
    "0%": ("oncall",),
    "50%": ("oncall", "lead"),
    "75%": ("lead",),
    "100%": ("lead",),
}
"""The policy's steps for a P1 and whom they tell: the built-in ones without `team`."""
ORDER = list(STEPS)


class Told(NamedTuple):
    """One message that a channel received."""

    at: float
    """Unix seconds, on the receiver's clock, when the request came in."""
    channel: str
    helpdesk: str
    ticket_id: str
    kind: str
    """escalation, resolved, ..."""
    step: str


@dataclass(frozen=True)
class Fate:
    """One ticket: when what happened to it (Unix seconds), and what the record says."""

    helpdesk: str
    ticket_id: str
    created: float
    answered: float | None
    """When the agent's reply stood on the ticket, for whoever read it."""
    accepted: float | None
    """When the webhook that told of it had been answered with 202."""
    reads: Sequence[float]
    severity: str
    settled: str
    """Why the timer stopped, or nothing."""
    lines: Sequence[tuple[float, str, str]] = field(repr=False)
    """The record: moment, what, text."""

    def moment(self, step: str, target_seconds: float) -> float:
        """When the step is due: helpdesks tell creation in whole seconds, and it counts from there.

        Never before the ticket was there.
        """
        share = int(step.rstrip("%")) / 100
        return max(self.created, floor(self.created) + share * target_seconds)

    def decided(self, step: str) -> float | None:
        """When the job that decided to tell people of the step began."""
        moments = [at for at, what, text in self.lines if what == "step" and _names(text, step)]
        return max(moments, default=None)

    def skipped(self, step: str) -> bool:
        """The record says that a later step was sent in its place."""
        return any(
            what == "skipped" and text.startswith(f"{step}: ") and text.endswith("later step sent")
            for _, what, text in self.lines
        )

    def __str__(self) -> str:
        return f"{self.helpdesk} {self.ticket_id}"


def _names(text: str, step: str) -> bool:
    return text.startswith(f"{step} reached")
