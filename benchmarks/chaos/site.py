"""The processes of one scenario: the tests' stack, with several of a kind and a second channel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from stack import Receiver, Stack, until

from benchmarks.chaos.facts import STEPS, Told
from worker.record import State
from worker.settings import Settings
from worker.store import keys
from worker.store.effects import Effects
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey
from worker.wiring import Parts, build

SANDBOX_THREADS = 16
NO_LIMITS = dict.fromkeys(
    ("SANDBOX_UPDATES_PER_MINUTE", "SANDBOX_REQUESTS_PER_MINUTE", "SANDBOX_EXPORTS_PER_MINUTE"),
    "100000",
)
"""The vendors' limits are not what a storm is about; its 429s are counted all the same."""
UNFINISHED = {Kind.EVENT, Kind.STEP, Kind.SEND}
SOON_SECONDS = 300
"""The longest pause of a job that tries again; what is due later is no part of the storm."""
CALM_SECONDS = 100
"""The longest wait for the end: a lost job comes again within 75 s."""


class Site(Stack):
    """Real processes; `start("clock-2")` starts a second clock. Use as a context manager."""

    def __init__(self, folder: Path, policy: str, limits: Mapping[str, str] | None = None) -> None:
        self.lead = Receiver()
        super().__init__(
            folder,
            policy,
            environment={
                "LEAD_URL": self.lead.url,
                "SANDBOX_EXPORT_LAG_SECONDS": "60",
                **(NO_LIMITS if limits is None else limits),
            },
        )
        self.parts: Parts = build(Settings.from_environment(self.environment))

    def __exit__(self, *why: object) -> None:
        for name in [name for name in self.processes if "-" in name]:
            self.stop(name)
        self.parts.redis.close()
        super().__exit__(*why)
        self.lead.stop()

    def start(self, name: str) -> None:
        """Start one more process of a kind; what it says goes to <folder>/<name>.log."""
        kind = name.partition("-")[0]
        command = [sys.executable, "-m", "worker", kind]
        if kind == "sandbox":
            listen = f"--listen=127.0.0.1:{self.sandbox_port}"
            threads = f"--threads={SANDBOX_THREADS}"
            command = [sys.executable, "-m", "waitress", listen, threads]
            command.append("benchmarks.chaos.helpdesk:app")
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )

    def start_again(self) -> None:
        """Redis out of its file, then everything that was stopped."""
        self._start_redis()
        for name in ("web", "work", "clock"):
            self.start(name)

    def wait_until_ready(self) -> None:
        until(self._is_ready, 60, "being ready again")

    def chaos(self) -> dict[str, Any]:
        """What our door in the sandbox tells: every ticket, and how the APIs answered."""
        answer = requests.get(f"{self.sandbox}/chaos", timeout=30)
        answer.raise_for_status()
        return dict(answer.json())

    def key(self, helpdesk: str, ticket_id: str) -> TicketKey:
        return TicketKey(helpdesk, f"127.0.0.1:{self.sandbox_port}", ticket_id)

    def told(self) -> list[Told]:
        """Every message that a channel received, in the order of arrival."""
        found = [
            Told(at, channel, body["ticket"]["helpdesk"], body["ticket"]["id"], body["type"], step)
            for channel, receiver in (("oncall", self.receiver), ("lead", self.lead))
            for at, _, body in list(receiver.received)
            for step in [body["step"]]
        ]
        return sorted(found, key=lambda told: told.at)

    def calm(self, seconds: float = CALM_SECONDS, kinds: Collection[Kind] = UNFINISHED) -> bool:
        """Wait until nothing of these kinds is due soon or claimed; False: it never was so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self._unfinished(kinds):
                time.sleep(0.5)  # the last post may still be on its way
                return True
            time.sleep(0.25)
        return False

    def grow_older(self, ticket_keys: list[TicketKey], seconds: float) -> None:
        """As if so many seconds had gone by, here and at the helpdesk; nothing may be running."""
        span = timedelta(seconds=seconds)
        sent = {"seconds": seconds}
        requests.post(f"{self.sandbox}/chaos/age", json=sent, timeout=30).raise_for_status()
        for key in ticket_keys:
            self.parts.records.change(key, lambda state: _older(state, span), now=datetime.now(UTC))
        for name, at in self.parts.redis.hgetall(keys.POLLED).items():
            self.parts.redis.hset(keys.POLLED, name, str(float(at) - seconds))

    def restart(self, name: str) -> None:
        """Kill a process and start it again at once; Redis out of its file."""
        self.stop(name, kill=True)
        if name == "redis":
            self._start_redis()
        else:
            self.start(name)

    def empty_redis(self) -> None:
        """Redis is killed, its file is lost, and it starts again with nothing."""
        self.stop("redis", kill=True)
        shutil.rmtree(self.folder / "redis")
        self._start_redis()

    def _unfinished(self, kinds: Collection[Kind]) -> bool:
        redis = self.parts.redis
        soon = redis.zrange(keys.DUE, "-inf", str(time.time() + SOON_SECONDS), byscore=True)
        waiting = [*soon, *redis.zrange(keys.CLAIMED, 0, -1)]
        return any(Member.parse(text).kind in kinds for text in waiting)


@contextmanager
def site(policy: str, limits: Mapping[str, str] | None = None) -> Iterator[Site]:
    """A site in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder), policy, limits) as running:
        yield running


def p1_policy(target_seconds: float) -> str:
    steps = "\n".join(
        f'[[steps]]\nat = "{label}"\nseverities = ["P1"]\nnotify = {list(channels)!r}\n'
        for label, channels in STEPS.items()
    )
    """All steps of a P1, within so many seconds."""
    return f"""
[plans.pro]
first_response = {{ P1 = "{target_seconds:g}s", P2 = "8h", P3 = "9h", P4 = "10h" }}

{steps}
[channels.oncall]
type = "webhook"
url = "${{RECEIVER_URL}}"

[channels.lead]
type = "webhook"
url = "${{LEAD_URL}}"
"""


def _older(state: State | None, span: timedelta) -> tuple[State, Effects] | None:
    if state is None:
        return None
    return State.model_validate(_moved(state.model_dump(), span)), Effects()


def _moved(value: Any, span: timedelta) -> Any:
    if isinstance(value, datetime):
        return value - span
    if isinstance(value, dict):
        return {name: _moved(one, span) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_moved(one, span) for one in value)
    return value
