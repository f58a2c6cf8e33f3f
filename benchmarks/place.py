"""A place to measure in: a Redis of its own on a private socket, and processes that end with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from redis import Redis

from worker.embedded import find_server, server_command, socket_folder, wait_for
from worker.settings import Settings
from worker.wiring import Parts, build, open_redis

STARTING_SECONDS = 40
STOPPING_SECONDS = 20
SECRET = "the-signing-secret"  # noqa: S105 of a helpdesk that exists only here
POLICY = """
[poll]
every = "10m"
[channels.team]
type = "console"
"""
Found = TypeVar("Found")


class Place:
    """Settings, Redis (as `up` runs it: every change is appended to a file), processes."""

    def __init__(
        self, *, policy: str = POLICY, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="minutehand-bench-"))
        self.socket = socket_folder()
        (self.folder / "policy.toml").write_text(policy, "utf-8")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "LOG_FORMAT": "plain",
            "REDIS_URL": f"unix://{self.socket}/redis.sock",
            "SECRET_KEY": "only-for-this-measurement",
            "MODE": "live",
            "DATA_DIR": str(self.folder),
            "POLICY_FILE": str(self.folder / "policy.toml"),
            "ZENDESK_URL": "http://127.0.0.1:9/zendesk",
            "ZENDESK_CLIENT_ID": "id",
            "ZENDESK_CLIENT_SECRET": SECRET,
            "ZENDESK_WEBHOOK_SECRET": SECRET,
            "FRESHDESK_URL": "http://127.0.0.1:9/freshdesk",
            "FRESHDESK_API_KEY": "key",
            "FRESHDESK_WEBHOOK_SECRET": SECRET,
            **(environment or {}),
        }

    def __enter__(self) -> Self:
        command = server_command(find_server(), self.socket, self.folder)
        self.run("redis", command)
        wait_for(self.environment["REDIS_URL"], STARTING_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        for name in [*(name for name in self.processes if name != "redis"), "redis"]:
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.socket, ignore_errors=True)

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(self.environment)

    def parts(self) -> Parts:
        """What a process of ours works with."""
        return build(self.settings)

    def redis(self) -> Redis:
        """A client of our own."""
        return open_redis(self.settings)

    def empty(self) -> None:
        """Forget everything."""
        self.redis().flushall()

    def run(self, name: str, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start a process; what it says goes to <folder>/<name>.log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env={**self.environment, **environment}, stdout=log, stderr=log
            )
        return self.processes[name]

    def minutehand(self, name: str, command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start one of our processes, `web`, `work` or `clock`."""
        return self.run(name, [sys.executable, "-m", "worker", command], **environment)

    def python(self, name: str, module: str, *words: str) -> subprocess.Popen[bytes]:
        """Start a module of ours."""
        return self.run(name, [sys.executable, "-m", module, *words])

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End a process that may have ended."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def said(self) -> str:
        """Everything that any process said, for a failure's sake."""
        return "\n".join(path.read_text("utf-8") for path in sorted(self.folder.glob("*.log")))

    def until(self, look: Callable[[], Found], what: str, seconds: float = 60) -> Found:
        """Look again and again until there is something to see."""
        end = time.monotonic() + seconds
        while not (found := look()):
            if time.monotonic() > end:
                raise TimeoutError(f"{what} not within {seconds:g} s:\n{self.said()[-3000:]}")
            time.sleep(0.01)
        return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody answers at the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cpu_seconds(process: int) -> float:
    """User and system time of a process so far, its threads included."""
    words: list[Any] = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory_megabytes(process: int) -> float:
    """Proportional set size: what is shared with other processes counts in parts."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text("utf-8").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no Pss of process {process}")
