"""A helpdesk that answers at once, or after so many seconds: `python -m benchmarks.helpdesk PORT`.

The least that a Zendesk and a Freshdesk client and a channel need. It keeps no ticket: what is
updated is told back. `PUT /seconds` sets the delay, `PUT /created` when its tickets were created
(now, at first); `GET /seen` tells what was asked so far.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.bodies import TEXT

TITLES = ("SLA severity", "First response due", "SLA state", "SLA review", "Meta dependency")
ONE_TICKET = re.compile(r"/tickets/(\d+)")


class Seen:
    """What was asked, and when alerts came."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.created: str | None = None
        self.asked = self.updates = self.in_flight = self.most = 0
        self.alerts: list[tuple[str, float]] = []

    def told(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "updates": self.updates,
            "most": self.most,
            "alerts": self.alerts,
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests come one after the other."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 what a TCP server gives
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *(\d+)", head)
        if not end or len(body) < (int(found[1]) if found else 0):
            return
        self._heard = b""
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        path = target.partition("?")[0]
        if path == "/seen":
            self._reply(self._seen.told())
            return
        if path == "/seconds":
            self._seen.seconds, self._seen.most = json.loads(body), 0
            self._reply(None)
            return
        if path == "/created":
            self._seen.created = json.loads(body)
            self._reply(None)
            return
        answer = self._answer(method, path, body)
        self._seen.asked += 1
        self._seen.in_flight += 1
        self._seen.most = max(self._seen.most, self._seen.in_flight)
        if self._seen.seconds:
            asyncio.get_running_loop().call_later(self._seen.seconds, self._finish, answer)
        else:
            self._finish(answer)

    def _finish(self, answer: Any) -> None:
        self._seen.in_flight -= 1
        self._reply(answer)

    def _reply(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(body)
            + body
        )

    def _answer(self, method: str, path: str, body: bytes) -> Any:
        if path == "/alerts":
            said = json.loads(body)
            self._seen.alerts.append((said["ticket"]["id"], time.time()))
            return None
        if path.endswith("/oauth/tokens"):
            return {"access_token": "token", "expires_in": 86400}
        if path.endswith("/ticket_fields"):
            return _fields(path)
        ticket = ONE_TICKET.search(path)
        if ticket:
            self._seen.updates += method == "PUT"
            sent = json.loads(body) if body else {}
            created = self._seen.created or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            there = _zendesk if "/zendesk/" in path else _freshdesk
            return there(ticket[1], created, sent)
        if "/incremental/" in path:
            return {"tickets": [], "after_cursor": "end", "end_of_stream": True}
        return []


def _fields(path: str) -> Any:
    if "/zendesk/" in path:
        listed = [{"id": 900 + n, "title": title, "active": True} for n, title in enumerate(TITLES)]
        return {"ticket_fields": listed, "next_page": None}
    return [{"name": f"cf_{n}", "label": title} for n, title in enumerate(TITLES)]


def _zendesk(number: str, created: str, sent: dict[str, Any]) -> Any:
    ticket = {
        "id": int(number),
        "subject": "Broadcasts stop half way",
        "description": TEXT,
        "status": "new",
        "created_at": created,
        "updated_at": created,
        "requester_id": 7001,
        "submitter_id": 7001,
        "tags": [],
    }
    return {"ticket": ticket | sent.get("ticket", {})}


def _freshdesk(number: str, created: str, sent: dict[str, Any]) -> Any:
    ticket = {
        "id": int(number),
        "subject": "Broadcasts stop half way",
        "description_text": TEXT,
        "status": 2,
        "priority": 1,
        "created_at": created,
        "updated_at": created,
        "requester_id": 7001,
        "source": 2,
        "tags": [],
        "custom_fields": {},
        "stats": {"first_responded_at": None},
    }
    return ticket | sent


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    seen = Seen()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(seen), "127.0.0.1", port, backlog=500)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
