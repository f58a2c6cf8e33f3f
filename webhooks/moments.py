"""Moments as a viewer reads them: in the zone of the viewer's browser, else the policy's."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from flask import request

COOKIE = "minutehand_zone"
"""Set by static/live.js to what the browser says; holds nothing else."""


def viewer_zone(default: str) -> str:
    """The zone of whoever asks; the default for whoever says none or one that does not exist."""
    said = request.cookies.get(COOKIE, "")
    return said if said in _known() else default


def moment(at: datetime, now: datetime, zone: str) -> str:
    """A time of day, with its date when that is not today's."""
    there, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    return f"{there:%H:%M:%S}" if there.date() == today.date() else f"{there:%d %b %H:%M:%S}"


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())
