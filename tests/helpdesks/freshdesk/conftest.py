"""A small Freshdesk on 127.0.0.1 that records what it is asked and answers what a test says."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from worker.helpdesks.freshdesk.client import FreshdeskClient
from worker.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

API_KEY = "key-that-must-never-show"
NAMES = {
    "SLA severity": "cf_sla_severity_90210",
    "First response due": "cf_first_response_due",
    "SLA state": "cf_sla_state",
    "SLA review": "cf_sla_review",
    "Meta dependency": "cf_meta_dependency",
}


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


class Desk:
    """Its answers are given out in order; the last one of a path repeats."""

    reply = Reply

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self.on("GET", "/ticket_fields", Reply(content=fields_of(NAMES)))

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self._replies[method, path] = list(replies)

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self._replies.get((asked.method, asked.path))
        if not replies:
            return Reply(404, None)
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def list_fields(self, names: dict[str, str], **reply: Any) -> None:
        """Which ticket fields it has, by label."""
        self.on("GET", "/ticket_fields", Reply(content=fields_of(names), **reply))

    def of(self, method: str, path: str) -> list[Asked]:
        return [one for one in self.asked if (one.method, one.path) == (method, path)]


def fields_of(names: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": 1, "name": "subject", "label": "Subject"}] + [
        {"id": number, "name": name, "label": label, "type": "custom_text"}
        for number, (label, name) in enumerate(names.items(), 100)
    ]


@pytest.fixture(name="desk")
def _desk() -> Iterator[Desk]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            reply = desk.reply_to(
                Asked(
                    method=self.command,
                    path=parts.path.removeprefix("/freshdesk/api/v2"),
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
    desk = Desk(f"http://127.0.0.1:{server.server_port}/freshdesk")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield desk
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(name="client")
def _client(desk: Desk) -> FreshdeskClient:
    return FreshdeskClient(desk.url, API_KEY, Transport())


@pytest.fixture(name="names")
def _names() -> dict[str, str]:
    return dict(NAMES)


@pytest.fixture(name="raw")
def _raw() -> Any:
    """Makes a ticket in Freshdesk's JSON."""

    def make(number: int = 11, **changed: Any) -> dict[str, Any]:
        return {
            "id": number,
            "subject": "Nobody can send broadcasts",
            "description": "<div>Since <b>9:00</b> all fail &amp; queue</div>",
            "description_text": "Since 9:00 all fail & queue",
            "status": 2,
            "priority": 1,
            "source": 1,
            "spam": False,
            "type": "Incident",
            "requester_id": 6012691534,
            "company_id": 77,
            "group_id": None,
            "product_id": 5,
            "tags": ["vip"],
            "custom_fields": {},
            "created_at": "2026-11-23T10:00:00Z",
            "updated_at": "2026-11-23T10:00:05Z",
            "stats": {"first_responded_at": None},
        } | changed

    return make
