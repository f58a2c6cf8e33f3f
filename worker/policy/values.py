"""What several tables of the policy are made of: spans and moments of steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from worker.policy.durations import At, read_at, read_duration


def _span(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a duration; write it like "45m", "2h" or "90s"')  # noqa: TRY004 pydantic turns only ValueError into a fault
    return read_duration(value)


def _at(value: Any) -> At:
    if isinstance(value, At):
        return value
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a step\'s moment; write it like "75%"')  # noqa: TRY004 the same
    return read_at(value)


Span = Annotated[timedelta, BeforeValidator(_span)]
StepMoment = Annotated[At, BeforeValidator(_at)]
