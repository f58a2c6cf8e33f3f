"""The whole product in real processes on this machine: Redis, web, worker, clock, sandbox.

Used by the journey tests and the benchmarks; nothing in it is faked but the helpdesk's company.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import requests

from sandbox import settings as sandbox_settings
from worker.embedded import find_server, server_command, socket_folder, wait_for

READY_SECONDS = 40
STOP_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], Any], seconds: float = 15, what: str = "it") -> Any:
    """Look again and again until there is something to see; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)


class Receiver:
    """A real HTTP server that stands for a notification channel's receiver."""

    def __init__(self) -> None:
        received: list[tuple[float, dict[str, str], dict[str, Any]]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # connections are kept, as real receivers keep them

            def do_POST(self) -> None:
                at = time.time()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((at, dict(self.headers), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.received = received
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def alerts(self, helpdesk: str, ticket_id: str) -> list[tuple[float, dict[str, Any]]]:
        """(received at, body) for one ticket, in order."""
        wanted = (helpdesk, ticket_id)
        return [
            (at, body)
            for at, _, body in self.received
            if (body["ticket"]["helpdesk"], body["ticket"]["id"]) == wanted
        ]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Stack:
    """Real processes under one policy. Use as a context manager."""

    def __init__(
        self, folder: Path, policy: str, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.receiver = Receiver()
        self.port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}"
        self.socket = socket_folder()
        self.redis_url = f"unix://{self.socket}/redis.sock"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "policy.toml").write_text(policy)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LOG_FORMAT": "plain",
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "only-for-this-test-run",
            "MODE": "live",
            "PORT": str(self.port),
            "DATA_DIR": str(folder),
            "POLICY_FILE": str(folder / "policy.toml"),
            "RECEIVER_URL": self.receiver.url,
            "MINUTEHAND_DEMO": "1",
            "ZENDESK_URL": f"{self.sandbox}/zendesk",
            "ZENDESK_CLIENT_ID": sandbox_settings.ZENDESK_CLIENT_ID,
            "ZENDESK_CLIENT_SECRET": sandbox_settings.ZENDESK_CLIENT_SECRET,
            "ZENDESK_WEBHOOK_SECRET": sandbox_settings.ZENDESK_WEBHOOK_SECRET,
            "FRESHDESK_URL": f"{self.sandbox}/freshdesk",
            "FRESHDESK_API_KEY": sandbox_settings.FRESHDESK_API_KEY,
            "FRESHDESK_WEBHOOK_SECRET": sandbox_settings.FRESHDESK_WEBHOOK_SECRET,
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_MINUTEHAND_URL": self.url,
            "SANDBOX_EXPORT_LAG_SECONDS": "1",
            "SANDBOX_EXPORTS_PER_MINUTE": "1000",
            **(environment or {}),
        }

    def __enter__(self) -> Self:
        try:
            self._start_redis()
            for name in ("sandbox", "web", "work", "clock"):
                self.start(name)
            until(self._is_ready, READY_SECONDS, "being ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("clock", "work", "web", "sandbox", "redis"):
            self.stop(name)
        self.receiver.stop()
        shutil.rmtree(self.socket, ignore_errors=True)

    def start(self, name: str) -> None:
        """Start one process by its command; what it says goes to <folder>/<name>.log."""
        command = [sys.executable, "-m", "worker", name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )

    def stop(self, name: str, *, kill: bool = False) -> None:
        process = self.processes.pop(name, None)
        if process is None:
            return
        process.kill() if kill else process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} did not end within {STOP_SECONDS} s") from None

    def logs(self) -> str:
        """Everything that any process has said."""
        return "\n".join(path.read_text("utf-8") for path in sorted(self.folder.glob("*.log")))

    def create(self, helpdesk: str, subject: str, **facts: Any) -> str:
        """A customer writes; the ticket's id."""
        sent = {"helpdesk": helpdesk, "subject": subject, "body": subject, **facts}
        return str(self.control("post", "/tickets", sent)["id"])

    def ticket(self, helpdesk: str, ticket_id: str) -> dict[str, Any]:
        return self.control("get", f"/tickets/{helpdesk}/{ticket_id}")

    def written(self, helpdesk: str, ticket_id: str, seconds: float = 15) -> dict[str, Any]:
        """The ticket once its severity has been written."""

        def look() -> dict[str, Any] | None:
            ticket = self.ticket(helpdesk, ticket_id)
            return ticket if ticket["severity"] else None

        return until(look, seconds, f"the write to {helpdesk} {ticket_id}")

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The sandbox's control API."""
        answer = requests.request(method, f"{self.sandbox}/sandbox{path}", json=body, timeout=10)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return dict(answer.json()) if answer.content else {}

    def _start_redis(self) -> None:
        with (self.folder / "redis.log").open("ab") as log:
            command = server_command(find_server(), self.socket, self.folder)
            self.processes["redis"] = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self.redis_url, READY_SECONDS)

    def _is_ready(self) -> bool:
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} ended:\n{self.logs()}"
        try:
            ready = requests.get(f"{self.url}/readyz", timeout=2).ok
            return ready and requests.get(f"{self.sandbox}/sandbox/settings", timeout=2).ok
        except requests.RequestException:
            return False
