"""Time zones by name, as a policy writes them."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'{value!r} is not a time zone; write it like "Europe/Madrid"') from None
    return value


Zone = Annotated[str, AfterValidator(_known)]
"""A name of the IANA time zone database."""
