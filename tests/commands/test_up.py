"""`minutehand up` and `demo` in one terminal, as a newcomer starts and stops them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from stack import free_port, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(150)]
ROOT = Path(__file__).parents[2]


class Terminal:
    """A started command and everything it says."""

    def __init__(self, *words: str, folder: Path, **variables: str) -> None:
        self.port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines: list[tuple[float, str]] = []
        self.started = time.monotonic()
        self.running = subprocess.Popen(
            [sys.executable, "-m", "worker", *words],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "PORT": str(self.port),
                "SANDBOX_PORT": str(self.sandbox_port),
                **variables,
            },
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str, seconds: float) -> float:
        """Seconds after the start at which a line with `text` came."""

        def look() -> float | None:
            return next((at for at, line in self.lines if text in line), None)

        found = until(look, seconds, f"{text!r} in the terminal:\n{self.said()}")
        return float(found)

    def said(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def stop(self, number: int = signal.SIGINT) -> int:
        self.running.send_signal(number)
        code = self.running.wait(40)
        self.close()
        return code

    def close(self) -> None:
        """End whatever still runs, and the reading of it."""
        self.running.kill()
        self.running.wait(10)
        self._reader.join(10)
        if self.running.stdout:
            self.running.stdout.close()

    def children(self) -> list[int]:
        """Process ids of everything that it started."""
        ours = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parent = stat.read_text("utf-8").rpartition(")")[2].split()[1]
                if int(parent) == self.running.pid:
                    ours.append(int(stat.parent.name))
        return ours

    def _read(self) -> None:
        for line in self.running.stdout or ():
            self.lines.append((time.monotonic() - self.started, line.rstrip()))


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal("up", folder=tmp_path)
    yield terminal
    terminal.close()


def test_a_newcomer_sees_a_decision_an_alert_and_the_board_and_ctrl_c_ends_it(
    demo: Terminal,
) -> None:
    demo.wait_for("no helpdesk is configured", 10)
    ready = demo.wait_for("ready: the board is at", 40)

    decided = demo.wait_for("decided", 30)
    alerted = demo.wait_for("ALERT", 60)
    board = requests.get(f"{demo.url}/", timeout=5)
    closed = requests.get(f"{demo.url}/", headers={"X-Forwarded-For": "1.2.3.4"}, timeout=5)
    children = demo.children()

    assert decided - ready < 10
    assert alerted - ready < 60
    assert "P1 Urgent" in board.text
    assert "MODE live" in board.text
    assert closed.status_code == 403
    assert demo.stop() == 0
    assert demo.lines[-1][1].endswith("stopped")
    assert len(children) == 5
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert "Traceback" not in demo.said()


def test_a_killed_worker_is_started_again(demo: Terminal) -> None:
    demo.wait_for("ready: the board is at", 40)
    before = set(demo.children())
    victim = next(
        pid
        for pid in before
        if "work" in Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")
    )

    os.kill(victim, signal.SIGKILL)

    demo.wait_for("worker ended (killed by SIGKILL); starting it again", 10)
    until(lambda: len(demo.children()) == len(before), 10, "the new worker")
    assert demo.stop(signal.SIGTERM) == 0


def test_with_a_helpdesk_and_no_redis_an_embedded_one_keeps_what_it_was_told(
    tmp_path: Path,
) -> None:
    settings = {
        "FRESHDESK_URL": "http://127.0.0.1:1/freshdesk",
        "FRESHDESK_API_KEY": "key",
        "FRESHDESK_WEBHOOK_SECRET": "shared",
        "DATA_DIR": str(tmp_path / "kept"),
    }
    terminal = Terminal("up", folder=tmp_path, **settings)
    terminal.wait_for("ready: the board is at", 40)
    sent = requests.post(
        f"{terminal.url}/webhooks/freshdesk",
        data=json.dumps({"ticket_id": "11", "event": "ticket_created"}),
        headers={"X-Minutehand-Secret": "shared", "Content-Type": "application/json"},
        timeout=5,
    )
    closed = requests.get(f"{terminal.url}/", timeout=5)
    assert sent.status_code == 202
    assert closed.status_code == 403
    assert "BOARD_PASSWORD" in closed.text
    assert terminal.stop() == 0

    again = Terminal("up", folder=tmp_path, **settings)
    again.wait_for("ready: the board is at", 40)
    again.wait_for("freshdesk/127.0.0.1:1/11", 30)
    assert again.stop() == 0
    assert (tmp_path / "kept" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    first = Terminal("sandbox", folder=tmp_path)
    until(lambda: _listens(first.sandbox_port), 20, "the sandbox")
    second = subprocess.run(
        [sys.executable, "-m", "worker", "demo"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SANDBOX_PORT": str(first.sandbox_port),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    first.stop()

    assert second.returncode == 1
    assert f"port {first.sandbox_port} is taken" in second.stderr


def _listens(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/sandbox/settings", timeout=1).ok
    except requests.RequestException:
        return False
