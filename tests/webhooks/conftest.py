from __future__ import annotations

from pathlib import Path

import pytest
from pages import Pages
from redis import Redis


@pytest.fixture
def pages(redis: Redis, tmp_path: Path) -> Pages:
    return Pages(redis, tmp_path)
