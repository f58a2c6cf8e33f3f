"""Policies, tickets of the past and files for the backtest's tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from factories import CREATED, OUTAGE, a_ticket

from worker.backtest.walking import Rules
from worker.channels.registry import CHANNELS
from worker.helpdesks.export import Past
from worker.policy import read_policy


@pytest.fixture(scope="session")
def rules() -> Callable[[str], Rules]:
    made: dict[str, Rules] = {}

    def of(text: str = "") -> Rules:
        if text not in made:
            types = {name: kind.Options for name, kind in CHANNELS.items()}
            made[text] = Rules.of(
                read_policy(text, name="policy.toml", environment={}, channel_types=types)
            )
        return made[text]

    return of


@pytest.fixture
def past() -> Callable[..., Past]:
    def of(
        *,
        answered: timedelta | None = None,
        ended: timedelta | None = None,
        created: datetime = CREATED,
        known: bool = True,
        **facts: Any,
    ) -> Past:
        facts = {"subject": "Outage", "body": OUTAGE, "created_at": created, **facts}
        reply = created + answered if answered is not None else None
        return Past(
            ticket=a_ticket(first_response_at=reply, **facts),
            ended_at=created + ended if ended is not None else None,
            answer_known=known,
        )

    return of


@pytest.fixture
def exports() -> Path:
    return Path(__file__).parent / "exports"
