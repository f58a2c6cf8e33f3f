"""A small vendor on 127.0.0.1 that records what it is asked and answers what a test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    method: str
    path: str
    params: dict[str, str]
    body: Any
    headers: dict[str, str]


@dataclass
class Reply:
    status: int = 200
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Vendor:
    """Its answers are given out in order; the last one of a path repeats."""

    reply = Reply

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self._replies[method, path] = list(replies)

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self._replies.get((asked.method, asked.path))
        if not replies:
            return Reply(404, None)
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def of(self, method: str, path: str) -> list[Asked]:
        return [one for one in self.asked if (one.method, one.path) == (method, path)]


AnyVendor = TypeVar("AnyVendor", bound=Vendor)


@contextmanager
def serving(kind: type[AnyVendor], prefix: str) -> Iterator[AnyVendor]:
    """The vendor on a port of its own, under `prefix`; paths are recorded without /api/v2."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            reply = vendor.reply_to(
                Asked(
                    method=self.command,
                    path=parts.path.removeprefix(prefix).removeprefix("/api/v2"),
                    params=dict(parse_qsl(parts.query)),
                    body=json.loads(raw) if raw else None,
                    headers=dict(self.headers),
                )
            )
            time.sleep(reply.seconds)
            content = b"" if reply.content is None else json.dumps(reply.content).encode()
            if isinstance(reply.content, bytes | str):
                content = str(reply.content).encode()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the client has stopped waiting: that is the test

        do_GET = do_PUT = do_POST = handle_any  # noqa: N815

        def log_message(self, format: str, *values: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    vendor = kind(f"http://127.0.0.1:{server.server_port}{prefix}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
