"""`up` and `demo`: everything in one terminal."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import click

from sandbox import settings as sandbox_settings
from worker.embedded import find_server, server_command, socket_folder, wait_for
from worker.errors import Misconfigured
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Settings, sandbox_port
from worker.supervisor import Supervisor
from worker.tickets import Severity
from worker.wiring import HOW_TO_MAKE_A_KEY, address_file, policy_from

READY_SECONDS = 60.0
REDIS_SECONDS = 60.0
DEMO_POLICY = Path(__file__).parent.parent / "policy" / "demo.toml"
_LOCK = threading.Lock()


@click.command()
def up() -> None:
    """Start everything in one terminal; with no helpdesk configured, the demo.

    Example: minutehand up
    """
    settings = Settings.from_environment()
    if any(helpdesk.account(settings) for helpdesk in HELPDESKS.values()):
        run(settings, dict(os.environ), ())
    else:
        say("up", "no helpdesk is configured (see .env.example), so this is the demo")
        start_demo(settings)


@click.command()
def demo() -> None:
    """Start everything against the sandbox helpdesk, sixty times as fast; needs no account.

    Example: minutehand demo
    """
    start_demo(Settings.from_environment())


def start_demo(settings: Settings) -> None:
    """`up` with the sandbox as both helpdesks, a policy 60 times as fast, and data of its own."""
    port = sandbox_port()
    _free(port, "SANDBOX_PORT")
    sandbox_url = f"http://127.0.0.1:{port}"
    data_dir = tempfile.mkdtemp(prefix="minutehand-demo-")
    here = f"http://127.0.0.1:{settings.port}"
    environment = dict(os.environ) | {
        "MODE": "live",
        "POLICY_FILE": str(DEMO_POLICY),
        "DATA_DIR": data_dir,
        "PUBLIC_URL": here,
        "HOST": "127.0.0.1",
        "MINUTEHAND_DEMO": "1",
        "ZENDESK_URL": f"{sandbox_url}/zendesk",
        "ZENDESK_CLIENT_ID": sandbox_settings.ZENDESK_CLIENT_ID,
        "ZENDESK_CLIENT_SECRET": sandbox_settings.ZENDESK_CLIENT_SECRET,
        "ZENDESK_WEBHOOK_SECRET": sandbox_settings.ZENDESK_WEBHOOK_SECRET,
        "FRESHDESK_URL": f"{sandbox_url}/freshdesk",
        "FRESHDESK_API_KEY": sandbox_settings.FRESHDESK_API_KEY,
        "FRESHDESK_WEBHOOK_SECRET": sandbox_settings.FRESHDESK_WEBHOOK_SECRET,
        "SANDBOX_PORT": str(port),
        "SANDBOX_MINUTEHAND_URL": here,
        "SANDBOX_STREAM": os.environ.get("SANDBOX_STREAM", "1"),
    }
    environment.pop("REDIS_URL", None)
    environment.pop("START_FROM", None)
    say("up", f"sandbox helpdesk: {sandbox_url}/ (create and answer tickets there)")
    try:
        run(Settings.from_environment(environment), environment, ("sandbox",))
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def run(settings: Settings, environment: Mapping[str, str], more: tuple[str, ...]) -> None:
    """Start Redis if needed, then `more`, web, worker and clock; return after a signal."""
    policy = policy_from(settings)
    if settings.redis_url is not None and settings.secret_key is None:
        raise Misconfigured(HOW_TO_MAKE_A_KEY)
    _free(settings.port, "PORT")
    supervisor = Supervisor(say)
    supervisor.listen_for_signals()
    folder: Path | None = None
    inside = dict(environment) | {"LOG_FORMAT": "plain", "PYTHONUNBUFFERED": "1"}
    try:
        if settings.redis_url is None:
            binary = find_server()
            folder = socket_folder()
            say("up", f"Redis: {Path(binary).name}, kept in {settings.data_dir}/redis")
            supervisor.start("redis", server_command(binary, folder, settings.data_dir), inside)
            inside["REDIS_URL"] = f"unix://{folder}/redis.sock"
            address_file(settings.data_dir).write_text(inside["REDIS_URL"], encoding="utf-8")
            inside["SECRET_KEY"] = secret_key(settings)
        wait_for(_address(settings, inside), REDIS_SECONDS)
        for name in (*more, "web", "work", "clock"):
            shown = "worker" if name == "work" else name
            supervisor.start(shown, [sys.executable, "-m", "worker", name], inside)
            if name in more:
                _wait_for_port(int(environment["SANDBOX_PORT"]))
        say("up", f"mode {settings.mode}, policy {settings.policy_file}")
        if policy.unreached(Severity.P1):
            say("up", "WARNING: P1 alerts reach nobody; name a channel in the policy's [channels]")
        supervisor.watch(_Ready(settings))
        say("up", "stopping")
    finally:
        supervisor.stop()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
            address_file(settings.data_dir).unlink(missing_ok=True)
        say("up", "stopped")


class _Ready:
    """Says once that everything runs, and where."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"http://127.0.0.1:{settings.port}"
        self._told = False
        self._next = 0.0
        self._until = time.monotonic() + READY_SECONDS

    def __call__(self) -> None:
        if self._told or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.3
        if _answers(f"{self._url}/readyz"):
            self._told = True
            say("up", f"ready: the board is at {self._url}/ (Ctrl-C stops everything)")
        elif time.monotonic() > self._until:
            self._told = True
            say("up", f"not ready after {READY_SECONDS:.0f} s; {self._url}/readyz says why")


def secret_key(settings: Settings) -> str:
    """SECRET_KEY, else the one kept in DATA_DIR, made (0600) the first time."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / "secret_key"
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="utf-8").strip()


def say(name: str, line: str) -> None:
    """One line of one process, whole, with its name before it."""
    with _LOCK:
        try:
            print(f"{name:<8}| {line}", flush=True)  # noqa: T201 this is the terminal
        except BrokenPipeError:
            os._exit(1)


def _address(settings: Settings, inside: Mapping[str, str]) -> str:
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    return inside["REDIS_URL"]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def _free(port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Misconfigured(
                f"port {port} is taken by another program; choose another with {variable}="
            ) from None
