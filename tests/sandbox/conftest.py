"""A sandbox without a network, a small client for it, and a real listener for its webhooks."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.app import create_app
from sandbox.settings import (
    FRESHDESK_API_KEY,
    ZENDESK_CLIENT_ID,
    ZENDESK_CLIENT_SECRET,
    Settings,
)

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

NOWHERE = 0.05


class Listener:
    """Stands where Minutehand would: keeps every request, answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.pause = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.heard.append(
                    {"path": self.path, "headers": dict(self.headers.items()), "body": body}
                )
                time.sleep(outer.pause)
                status, headers = outer.answers.pop(0) if outer.answers else (202, {})
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    return

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def waits_for(self, count: int, seconds: float = 5.0) -> list[dict[str, Any]]:
        """What was heard, once it is `count` requests; fails when they do not come."""
        ends = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < ends:
            time.sleep(0.01)
        assert len(self.heard) >= count, f"heard {len(self.heard)} of {count}"
        time.sleep(NOWHERE)
        return self.heard

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Both:
    """Calls the sandbox as a client of each vendor and as the person at the controls."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.token = self.new_token()
        pair = base64.b64encode(f"{FRESHDESK_API_KEY}:X".encode()).decode()
        self.basic = {"Authorization": f"Basic {pair}"}

    def new_token(self) -> str:
        asked = {
            "grant_type": "client_credentials",
            "client_id": ZENDESK_CLIENT_ID,
            "client_secret": ZENDESK_CLIENT_SECRET,
        }
        answer = self.client.post("/zendesk/oauth/tokens", json=asked)
        return str(answer.get_json()["access_token"])

    def zendesk(self, method: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"/zendesk/api/v2/{path}"
        return self.client.open(url, method=method, headers=headers, json=body)

    def freshdesk(self, method: str, path: str, body: Any = None) -> TestResponse:
        url = f"/freshdesk/api/v2/{path}"
        return self.client.open(url, method=method, headers=self.basic, json=body)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.open(f"/sandbox/{path}", method=method, json=body)
        assert answer.status_code < 300, answer.get_data(as_text=True)
        return answer.get_json(silent=True)

    def ticket(self, helpdesk: str = "zendesk", **wanted: Any) -> str:
        body = {"subject": "All messages fail", "body": "Nothing is sent since 9:40.", **wanted}
        return str(self.control("POST", "tickets", {"helpdesk": helpdesk, **body})["id"])

    def fields(self) -> dict[str, int]:
        """Zendesk's custom field ids by title."""
        found = self.zendesk("GET", "ticket_fields.json").get_json()["ticket_fields"]
        return {field["title"]: field["id"] for field in found}

    def update(self, ticket: str, **attributes: Any) -> TestResponse:
        return self.zendesk("PUT", f"tickets/{ticket}.json", {"ticket": attributes})

    def job(self, path: str, body: Any) -> dict[str, Any]:
        """A bulk update, waited for."""
        number = self.zendesk("PUT", path, body).get_json()["job_status"]["id"]
        for _ in range(200):
            job = self.zendesk("GET", f"job_statuses/{number}").get_json()["job_status"]
            if job["status"] == "completed":
                return dict(job)
            time.sleep(0.01)
        pytest.fail("the job never ended")


Build = Callable[..., Both]


@pytest.fixture(name="build")
def _build() -> Iterator[Build]:
    built: list[Flask] = []

    def build(**settings: Any) -> Both:
        wanted = {"first_ticket": 1, "export_lag_seconds": 0.0, **settings}
        app = create_app(Settings(**wanted))
        built.append(app)
        both = Both(app)
        both.control("PUT", "settings", {"job_seconds": 0.01, "zendesk_retry_seconds": 0.02})
        both.control("DELETE", "requests")
        return both

    yield build
    for app in built:
        app.extensions["sandbox"].stop()


@pytest.fixture(name="both")
def _both(build: Build) -> Both:
    return build()


@pytest.fixture(name="listener")
def _listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.stop()
