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
from worker.queues import Feeder, open_queues
from worker.reloading import PolicyWatch
from worker.settings import Settings, sandbox_port
from worker.store.keys import Kind, Member
from worker.watching import LOOK_SECONDS, Watch
from worker.wiring import HOW_TO_MAKE_A_KEY, Held, Parts, build, open_queue_redis

log = structlog.get_logger()

BEAT_SECONDS = 5.0
DRAIN_SECONDS = 12.0
SANDBOX_THREADS = 16


@click.command()
def web() -> None:
    """Serve webhooks and pages (waitress). Example: PORT=8080 minutehand web"""
    settings = Settings.from_environment()
    if settings.secret_key is None:
        raise Misconfigured(HOW_TO_MAKE_A_KEY)
    os.execv(sys.executable, [sys.executable, "-m", "webhooks"])  # noqa: S606 our own interpreter


@click.command()
def sandbox() -> None:
    """Serve the sandbox helpdesk, a local stand-in for Zendesk and Freshdesk.

    Example: SANDBOX_PORT=8200 minutehand sandbox
    """
    port = sandbox_port()
    click.echo(f"The sandbox helpdesk: http://127.0.0.1:{port}/", err=True)
    listen = f"--listen=127.0.0.1:{port}"
    threads = f"--threads={SANDBOX_THREADS}"
    command = [sys.executable, "-m", "waitress", listen, threads, "sandbox.wsgi:app"]
    os.execv(sys.executable, command)  # noqa: S606 our own interpreter


@click.command()
def work() -> None:
    """Run worker threads and a feeder. Example: WORKER_THREADS=16 minutehand work"""
    parts = _parts()
    redis = open_queue_redis(parts.settings)
    held = Held(parts)
    pool = Pool(held, redis, count=parts.settings.worker_threads)
    pool.start()
    _feed(held, "worker")
    if not pool.stop(DRAIN_SECONDS):
        log.warning("stopped while a job was still running; its claim runs out and it runs again")


@click.command()
def clock() -> None:
    """Run the clock: claims what is due to the second, and keeps the polls going.

    Example: minutehand clock
    """
    held = Held(_parts())
    threading.Thread(target=_watch, args=[Watch(held)], daemon=True).start()
    _feed(held, "clock", arm=True)


def _parts() -> Parts:
    parts = build(Settings.from_environment())
    channels = [rule.options for rule in parts.policy.channels.values()]
    set_up_logs(secrets_in(parts.settings, channels))
    return parts


def _feed(held: Held, process: str, *, arm: bool = False) -> None:
    stop, parts = threading.Event(), held.parts
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    name = f"{process} {socket.gethostname()}-{os.getpid()}"
    thread = threading.Thread(target=_beat, args=[held, name, stop, arm], daemon=True)
    thread.start()
    log.info("running", process=process, pid=os.getpid(), mode=str(parts.settings.mode))
    Feeder(parts.due, open_queues(open_queue_redis(parts.settings))).run(stop.is_set)
    stop.set()
    thread.join(1)


def _watch(watch: Watch) -> None:
    """In a thread of its own: an alarm's channel that hangs must not hold a step up."""
    while True:
        time.sleep(LOOK_SECONDS)
        try:
            watch.look(datetime.now(UTC))
        except Exception as fault:
            log.error("the watch failed", exc_info=fault)


def _beat(held: Held, name: str, stop: threading.Event, arm: bool) -> None:
    """Say that we live; the clock also makes sure that no account's poll was ever lost."""
    watch, parts = PolicyWatch(held), held.parts
    while True:
        watch.look(datetime.now(UTC))
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
