"""What one ticket of the past would have brought: plain values, read by everything that counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from worker.helpdesks.export import Past
from worker.tickets import Decision, Target
from worker.timer import Timer

OURS = re.compile(r"sla_p[1-4]", re.IGNORECASE)
"""The tag that Minutehand's own severity leaves on a ticket."""


class Fate(StrEnum):
    """How a timer's target really went, held against the policy."""

    MET = "in time"
    LATE = "answered late"
    CLOSED_LATE = "closed late, without a reply"
    WAITING = "still unanswered when the export ends"
    OPEN = "not due yet when the export ends"
    UNKNOWN = "not told"

    @property
    def breach(self) -> bool:
        """True when the deadline passed with nobody having answered."""
        return self in {Fate.LATE, Fate.CLOSED_LATE, Fate.WAITING}


class Sent(NamedTuple):
    """One alert to one channel."""

    target: Target
    step: str
    channel: str
    at: datetime


class Again(NamedTuple):
    """How often a step would have come again after its first alert to a channel."""

    step: str
    channel: str
    times: int


@dataclass(frozen=True, slots=True)
class Guarded:
    """What one timer did."""

    timer: Timer
    fate: Fate
    sent: tuple[Sent, ...]
    again: tuple[Again, ...]

    def warned(self, channels: frozenset[str] | None = None) -> timedelta | None:
        """How long before the deadline the first alert came; None: there was none before it."""
        early = [
            one.at
            for one in self.sent
            if one.at < self.timer.deadline and (channels is None or one.channel in channels)
        ]
        return self.timer.deadline - min(early) if early else None


@dataclass(frozen=True, slots=True)
class Replayed:
    """One ticket: what would have been decided and done."""

    past: Past
    left_alone: str | None = None
    """Why there is no decision, for people."""
    decision: Decision | None = None
    plan: str | None = None
    plan_known: bool = False
    guarded: Mapping[Target, Guarded] = field(default_factory=dict)

    @property
    def carries_ours(self) -> bool:
        """Its severity was written by Minutehand, so its priority may be no person's word."""
        return any(OURS.fullmatch(tag) for tag in self.past.ticket.tags)
