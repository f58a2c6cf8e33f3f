"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from worker.embedded import find_server

LIBRARIES = ("flask", "waitress", "redis", "hiredis", "rq", "pydantic", "numpy")


def described() -> str:
    """Machine, versions and how busy it was with other things, in two lines."""
    redis = subprocess.run(
        [find_server(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"v=(\S+)", redis)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC. {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores ({_processor()}), load average {load} before.\n"
        f"Python {platform.python_version()}, Redis {found[1] if found else '?'}, {versions}."
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return "unknown"
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else "unknown"
