"""A small world for the jobs: see world.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from channels.receiver import Receiver, receiving
from jobs.world import World, living
from redis import Redis
from structlog.testing import capture_logs

from worker.severity import Rubric


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    return Rubric.built_in()


@pytest.fixture
def world(
    redis: Redis,
    redis_url: str,
    tmp_path: Path,
    receiver: Receiver,
) -> Iterator[World]:
    """Minutehand and the sandbox, both empty; MODE=live until a test starts it otherwise."""
    with capture_logs() as logs, living(redis_url, tmp_path, receiver) as found:
        found.logs = logs
        yield found


@pytest.fixture(params=["zendesk", "freshdesk"])
def helpdesk(request: pytest.FixtureRequest) -> str:
    """The test runs once for each helpdesk."""
    name: str = request.param
    return name
