"""Durations and step moments as an admin writes them: `45m`, `1h30m`, `90s`, `75%`, `-10m`."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from worker.tickets import Noun

_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*%")


def read_duration(text: str) -> timedelta:
    """`"45m"`, `"2h"`, `"90s"`, `"1d"`, `"1h30m"` as a span; raises ValueError that says how."""
    match = _DURATION.fullmatch(text.strip().lower())
    if not match or not any(match.groups()):
        raise ValueError(f'{text!r} is not a duration; write it like "45m", "2h" or "90s"')
    days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not span:
        raise ValueError(f"{text!r} is no time at all; it has to be at least one second")
    return span


class Anchor(StrEnum):
    """What a step's moment is counted from."""

    SHARE = "share"
    """A share of the target, from creation: 0 % is creation, 100 % the deadline."""
    BEFORE = "before"
    AFTER = "after"


class At(Noun):
    """When a step is due, relative to a target; `label` is the admin's own spelling."""

    label: str
    anchor: Anchor
    amount: float
    """A percentage with SHARE, else seconds."""

    def moment(self, created_at: datetime, deadline: datetime) -> datetime:
        """The step's moment for a ticket created then and due then."""
        if self.anchor is Anchor.SHARE:
            return created_at + (deadline - created_at) * self.amount / 100
        span = timedelta(seconds=self.amount)
        return deadline - span if self.anchor is Anchor.BEFORE else deadline + span


def read_at(text: str) -> At:
    """`"75%"`, `"-10m"` before the deadline, `"+15m"` after it; raises ValueError that says how."""
    label = text.strip().replace(" ", "")
    share = _PERCENT.fullmatch(label)
    if share:
        return At(label=label, anchor=Anchor.SHARE, amount=float(share[1]))
    if label[:1] in {"-", "+"}:
        anchor = Anchor.BEFORE if label[0] == "-" else Anchor.AFTER
        with suppress(ValueError):
            seconds = read_duration(label[1:]).total_seconds()
            return At(label=label, anchor=anchor, amount=seconds)
    raise ValueError(
        f'{text!r} is not a step\'s moment; write "75%" of the target, "-10m" before the deadline '
        'or "+15m" after it'
    )
