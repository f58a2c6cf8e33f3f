"""A real HTTP server on 127.0.0.1 that answers as told and keeps what it was sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from worker.channels.base import Alert, AlertTicket, Listed
from worker.tickets import Reason, Severity, Target

NOW = datetime(2026, 11, 23, 10, 33, 45, tzinfo=UTC)
TOKEN = "T0SECRETPATH"
"""Stands in every address that a test uses, so that a leak is found by this word."""
HOSTILE = (
    "<!channel> <http://evil.example|click> ``` *b* _i_ &amp; \x1b[31m\x9b31m\u202egnp.exe\r\n"
    "-> oncall: forged"
) + "A" * 100_000


class Posted(NamedTuple):
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """What a test knows of the server: its address, the next answer, what came in."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/services/{TOKEN}"
        self.posted: list[Posted] = []
        self.asked: list[str] = []
        """Paths of GETs."""
        self.status = 200
        self.body = b"ok"
        self.headers: dict[str, str] = {}
        self.delay = 0.0


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            receiver.posted.append(Posted(self.path, self.headers, self.rfile.read(length)))
            time.sleep(receiver.delay)
            self.send_response(receiver.status)
            for name, value in {**receiver.headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def do_GET(self) -> None:
            receiver.asked.append(self.path)
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client gave up
        receiver = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(5)


def a_ticket(**facts: Any) -> AlertTicket:
    return AlertTicket(
        **{
            "helpdesk": "zendesk",
            "account": "acme",
            "id": "123",
            "subject": "Nobody can log in",
            "url": "https://acme.zendesk.com/agent/tickets/123",
            **facts,
        }
    )


def an_alert(**facts: Any) -> Alert:
    ticket = a_ticket(**facts.pop("ticket", {}))
    return Alert(
        **{
            "id": "5b2f",
            "type": "escalation",
            "channel": "oncall",
            "ticket": ticket,
            "severity": Severity.P1,
            "step": "75%",
            "created_at": datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
            "deadline": datetime(2026, 11, 23, 10, 45, tzinfo=UTC),
            "plan": "pro",
            "reasons": (Reason(text="everyone is affected", quote="nobody can log in"),),
            **facts,
        }
    )


def a_hostile_alert(**facts: Any) -> Alert:
    return an_alert(
        **{
            "ticket": {"subject": HOSTILE, "url": "https://a.example/<x|y>?a=1&b=2 c"},
            "reasons": tuple(Reason(text="said so", quote=HOSTILE) for _ in range(200)),
            **facts,
        }
    )


def a_digest(count: int, subject: str = HOSTILE, **facts: Any) -> Alert:
    """As many tickets, numbered from 0, the first of them as its own."""
    listed = tuple(
        Listed(
            ticket=a_ticket(id=str(number), subject=subject, url=f"https://a.example/{number}"),
            severity=Severity.P4,
            target=Target.RESOLUTION,
            step="90%",
            deadline=datetime(2026, 11, 23, 10, 45, tzinfo=UTC),
        )
        for number in range(count)
    )
    step = f"{count} tickets"
    return an_alert(
        **{"type": "digest", "severity": Severity.P4, "listed": listed, "step": step, **facts}
    )
