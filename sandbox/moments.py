"""Time as both vendors write it: UTC, ISO-8601, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def written(moment: datetime | None) -> str | None:
    """`2026-11-23T10:00:00Z`, or None for None."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written_finely(moment: datetime) -> str:
    """With nanosecond digits, as Zendesk's webhook API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


def read(text: object) -> datetime:
    """Read an ISO-8601 moment; without a zone it is UTC. Raises ValueError with advice."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a moment; write it like 2026-11-23T10:00:00Z.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
