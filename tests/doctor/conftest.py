"""What the doctor looks at, for real: a web address, a policy, a helpdesk account."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from commands.account import Account, opened
from redis import Redis

from worker.severity import Rubric


class Web:
    """Something that answers GETs with the status it is told to."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.status = 200


@pytest.fixture
def web() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Web(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join(5)


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    return Rubric.built_in()


@pytest.fixture
def account(tmp_path: Path, redis: Redis, redis_url: str) -> Iterator[Account]:
    with opened(tmp_path, redis_url) as found:
        yield found
