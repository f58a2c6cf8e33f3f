"""The board with 5,000 open timers: first paint, an update, and the web process's memory.

A real Redis, a real web process, a real Chromium, and as many polling viewers as asked for.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from playwright.sync_api import sync_playwright
from redis import Redis
from stack import free_port, until

from worker.embedded import find_server, server_command, socket_folder, wait_for
from worker.record import State
from worker.store.effects import Effects
from worker.store.records import Records
from worker.tickets import (
    Confidence,
    Customer,
    Decision,
    Reason,
    Severity,
    SlaState,
    Ticket,
    TicketKey,
)
from worker.timer import Step, Timer

MINUTES = {Severity.P1: 45, Severity.P2: 120, Severity.P3: 240, Severity.P4: 480}
PAINTS = 5
PAINTED = "(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0) / 1000"
BODY = "Since this morning nothing is delivered any more and our shop stands still. " * 12


def a_state(number: int, now: datetime, chance: random.Random) -> State:
    """One open ticket, somewhere between its creation and an hour after its deadline."""
    severity = chance.choice(list(Severity))
    allowed = timedelta(minutes=MINUTES[severity])
    created = now - allowed * chance.uniform(0.0, 0.98)
    steps = tuple(
        Step(
            label=f"{share}%",
            moment=created + allowed * share / 100,
            notify=("oncall", "lead"),
            state=SlaState.NEAR if 0 < share < 100 else None,
            repeat_seconds=900 if share == 100 else None,
        )
        for share in (0, 50, 75, 100)
    )
    key = TicketKey(chance.choice(["zendesk", "freshdesk"]), "acme", str(100_000 + number))
    timer = Timer(
        created_at=created,
        allowed_seconds=int(allowed.total_seconds()),
        deadline=created + allowed,
        plan=chance.choice(["pro", "enterprise"]),
        plan_known=True,
        steps=steps,
        handled_until=now,
    )
    return State(
        ticket=Ticket(
            key=key,
            subject=f"Messages are not delivered, shop {number}",
            body=BODY,
            created_at=created,
            assignee=str(chance.randrange(40)),
        ),
        read_at=now,
        decision=Decision(
            severity=severity,
            confidence=Confidence.HIGH,
            reasons=(Reason(text="a key function does not work", quote="nothing is delivered"),),
        ),
        timer=timer,
        customer=Customer(name=f"Company {chance.randrange(300)}"),
    )


@contextmanager
def a_board(tickets: int) -> Iterator[tuple[str, subprocess.Popen[bytes], Redis]]:
    """A web process over a Redis with so many open timers: its address, itself, the Redis."""
    folder, sock, port = Path(tempfile.mkdtemp()), socket_folder(), free_port()
    redis_url = f"unix://{sock}/redis.sock"
    server = subprocess.Popen(
        server_command(find_server(), sock, folder), stdout=subprocess.DEVNULL
    )
    web = None
    try:
        wait_for(redis_url, 20)
        redis = Redis.from_url(redis_url, decode_responses=True)
        records, chance, now = Records(redis), random.Random(7), datetime.now(UTC)
        for number in range(tickets):
            state = a_state(number, now, chance)
            records.commit(state.ticket.key, 0, state, Effects(), now=now)
        environment = os.environ | {
            "REDIS_URL": redis_url,
            "SECRET_KEY": "only-for-this-run",
            "MINUTEHAND_DEMO": "1",
            "PORT": str(port),
            "DATA_DIR": str(folder),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        web = subprocess.Popen([sys.executable, "-m", "webhooks"], env=environment)
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), 30, "the web process")
        yield url, web, redis
    finally:
        for process in (web, server):
            if process:
                process.terminate()
                process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(sock, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


def memory(process: subprocess.Popen[bytes]) -> float:
    """Resident memory in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def paints(url: str) -> list[float]:
    """First contentful paint in seconds, as the browser measured it; the first of a cold web."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(PAINTS):
            page = browser.new_page()
            page.goto(url)
            found.append(until(lambda page=page: page.evaluate(PAINTED), 10, "a first paint"))
            page.close()
        browser.close()
    return found


def watch(url: str, viewers: int, seconds: float, redis: Redis) -> list[float]:
    """Poll as that many browsers do while tickets change; how long each answer took."""
    took: list[float] = []
    end = time.monotonic() + seconds

    def view() -> None:
        etag = ""
        with requests.Session() as session:
            while time.monotonic() < end:
                asked = time.monotonic()
                answer = session.get(
                    f"{url}/live/board", headers={"If-None-Match": etag}, timeout=10
                )
                took.append(time.monotonic() - asked)
                etag = answer.headers.get("ETag", "")
                time.sleep(1)

    threads = [threading.Thread(target=view) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    records, chance, number = Records(redis), random.Random(8), 50_000
    while time.monotonic() < end:  # about what a busy desk does
        state, number = a_state(number, datetime.now(UTC), chance), number + 1
        records.commit(state.ticket.key, 0, state, Effects(), now=datetime.now(UTC))
        time.sleep(0.5)
    for thread in threads:
        thread.join()
    return sorted(took)


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tickets", type=int, default=5000)
    asked.add_argument("--viewers", type=int, default=50)
    asked.add_argument("--seconds", type=float, default=60)
    options = asked.parse_args()
    with a_board(options.tickets) as (url, web, redis):
        cold, *warm = paints(url)
        print(
            f"first paint with {options.tickets} open timers: cold {cold:.2f} s, then "
            f"{min(warm):.2f} to {max(warm):.2f} s"
        )
        started, at = memory(web), time.monotonic()
        for _ in range(4):
            took = watch(url, options.viewers, options.seconds / 4, redis)
            middle, slowest = took[len(took) // 2], took[int(len(took) * 0.99)]
            print(
                f"{time.monotonic() - at:4.0f} s with {options.viewers} viewers: "
                f"{memory(web):.0f} MB (from {started:.0f}); an answer took p50 "
                f"{middle * 1000:.0f} ms, p99 {slowest * 1000:.0f} ms"
            )


if __name__ == "__main__":
    main()
