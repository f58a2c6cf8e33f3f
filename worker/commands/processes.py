"""`web`, `work`, `clock`, `sandbox`: one process each, as a Procfile runs them."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from datetime import UTC, datetime

import click
import structlog
from redis.exceptions import RedisError

from worker.errors import Misconfigured
from worker.logs import secrets_in, set_up_logs
from worker.pool import Pool
from worker.queues import Feeder, open_queue
from worker.settings import Settings
from worker.store.keys import Kind, Member
from worker.wiring import Parts, build, open_queue_redis

log = structlog.get_logger()

BEAT_SECONDS = 5.0
DRAIN_SECONDS = 12.0
WEB_THREADS = 8
SANDBOX_THREADS = 16


@click.command()
def web() -> None:
    """Serve webhooks and pages (gunicorn). Example: PORT=8080 minutehand web"""
    settings = Settings.from_environment()
    if settings.secret_key is None:
        raise Misconfigured(
            "SECRET_KEY is not set; with REDIS_URL it is required, the same for every process. "
            'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    _gunicorn("webhooks.wsgi:app", settings.host, settings.port, threads=WEB_THREADS)


@click.command()
def sandbox() -> None:
    """Serve the sandbox helpdesk, a local stand-in for Zendesk and Freshdesk."""
    port = int(os.environ.get("SANDBOX_PORT", "8100"))
    click.echo(f"The sandbox helpdesk: http://127.0.0.1:{port}/", err=True)
    _gunicorn("sandbox.wsgi:app", "127.0.0.1", port, threads=SANDBOX_THREADS)


@click.command()
def work() -> None:
    """Run worker threads and a feeder. Example: WORKER_THREADS=16 minutehand work"""
    parts = _parts()
    redis = open_queue_redis(parts.settings)
    pool = Pool(parts, redis, count=parts.settings.worker_threads)
    pool.start()
    _feed(parts, "worker")
    if not pool.stop(DRAIN_SECONDS):
        log.warning("stopped while a job was still running; its claim runs out and it runs again")


@click.command()
def clock() -> None:
    """Run the clock: claims what is due to the second, and keeps the polls going."""
    _feed(_parts(), "clock", arm=True)


def _parts() -> Parts:
    parts = build(Settings.from_environment())
    channels = [rule.options for rule in parts.policy.channels.values()]
    set_up_logs(secrets_in(parts.settings, channels))
    return parts


def _feed(parts: Parts, process: str, *, arm: bool = False) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    name = f"{process} {socket.gethostname()}-{os.getpid()}"
    thread = threading.Thread(target=_beat, args=[parts, name, stop, arm], daemon=True)
    thread.start()
    log.info("running", process=process, pid=os.getpid())
    Feeder(parts.due, open_queue(open_queue_redis(parts.settings))).run(stop.is_set)
    stop.set()
    thread.join(1)


def _beat(parts: Parts, name: str, stop: threading.Event, arm: bool) -> None:
    """Say that we live; the clock also makes sure that no account's poll was ever lost."""
    while True:
        try:
            now = datetime.now(UTC)
            parts.journal.note_mode(parts.settings.mode, now)
            parts.journal.beat(name, now)
            if arm:
                parts.journal.forget_old_beats(now)
                for account in parts.accounts:
                    parts.due.arm(Member(Kind.POLL, account), time.time(), if_absent=True)
        except RedisError:
            pass  # the feeder says it; the beat is missed, and that is what it is for
        if stop.wait(BEAT_SECONDS):
            return


def _gunicorn(app: str, host: str, port: int, *, threads: int) -> None:
    """Become gunicorn; one process with threads keeps memory low, more are a setting of its own."""
    options = {
        "--bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "--worker-class": "gthread",
        "--workers": os.environ.get("WEB_CONCURRENCY", "1"),
        "--threads": str(threads),
        "--keep-alive": "30",
        "--graceful-timeout": "10",
        "--timeout": "60",
        "--log-level": "warning",
    }
    if app.startswith("sandbox"):
        options["--workers"] = "1"
    parts = [part for option in options.items() for part in option]
    command = [sys.executable, "-m", "gunicorn", *parts, "--no-control-socket", app]
    os.execv(sys.executable, command)  # noqa: S606 our own interpreter
