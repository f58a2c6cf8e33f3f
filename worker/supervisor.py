"""Runs the processes of `minutehand up` in one terminal: prefixed output, restarts, a clean end.

honcho does this too but ends everything when one process dies; here a worker that was killed has
to come back (docs/decisions/0005).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

STOP_SECONDS = 15.0
"""How long a process may take to finish what it holds before it is killed."""
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    running: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float = 0.0
    quick_deaths: int = 0
    pump: threading.Thread | None = field(default=None, repr=False)


class Supervisor:
    """Starts children in order, restarts the dead, stops all in reverse order."""

    def __init__(self, print_line: Callable[[str, str], None]) -> None:
        self._print = print_line
        self._children: list[Child] = []
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """True from the first SIGINT or SIGTERM on."""
        return self._stopping.is_set()

    def listen_for_signals(self) -> None:
        """End on Ctrl-C and on SIGTERM; a second one is not needed and does nothing more."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopping.set())

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start one more process."""
        child = Child(name, command, environment)
        self._children.append(child)
        self._spawn(child)
        return child

    def watch(self, each: Callable[[], None] = lambda: None) -> None:
        """Until a signal: restart what dies, sooner the first times, and call `each` often."""
        while not self._stopping.wait(0.2):
            for child in self._children:
                self._look_after(child)
            each()

    def stop(self) -> None:
        """Stop all, the last started first; kill what does not end in time."""
        self._stopping.set()
        for child in reversed(self._children):
            process = child.running
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._print("up", f"{child.name} did not end within {STOP_SECONDS:.0f} s; killed")
                process.kill()
                process.wait()
            if child.pump:
                child.pump.join(2)

    def _spawn(self, child: Child) -> None:
        child.started = time.monotonic()
        child.running = subprocess.Popen(  # noqa: S603 our own commands
            list(child.command),
            env=dict(child.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 prctl alone
        )
        child.pump = threading.Thread(target=self._copy, args=[child, child.running], daemon=True)
        child.pump.start()

    def _copy(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        for line in process.stdout:
            self._print(child.name, line.decode("utf-8", "replace").rstrip("\n"))

    def _look_after(self, child: Child) -> None:
        process = child.running
        now = time.monotonic()
        if process is None:
            if now >= child.restart_at:
                self._spawn(child)
            return
        code = process.poll()
        if code is None:
            return
        child.quick_deaths = child.quick_deaths + 1 if now - child.started < 5 else 0
        pause = min(10.0, 0.2 * 2**child.quick_deaths)
        child.running = None
        child.restart_at = now + pause
        self._print(
            "up", f"{child.name} ended ({_ending(code)}); starting it again in {pause:.1f} s"
        )


def _ending(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def _die_with_parent() -> None:
    """Were the supervisor killed, its children would hold the port and the data: end with it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        os._exit(1)
