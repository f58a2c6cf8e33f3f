"""What every test may ask for: a real Redis on a private socket, and fixed moments."""

from __future__ import annotations

import gc
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis

from worker.embedded import find_server, server_command, socket_folder, wait_for


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of our own for the whole run, never one that happens to be on this machine."""
    folder = socket_folder()
    kept = tmp_path_factory.mktemp("redis")
    url = f"unix://{folder}/redis.sock"
    with subprocess.Popen(
        server_command(find_server(), folder, kept), stdout=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(url, 20)
            yield url
        finally:
            server.terminate()
            server.wait(10)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _finalizers_run_between_tests() -> Iterator[None]:
    """Deep JSON takes the stack to its limit; a collection right there makes finalizers fail."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """An empty Redis, text answers."""
    client = Redis.from_url(redis_url, decode_responses=True, socket_timeout=5)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def noon() -> datetime:
    return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
