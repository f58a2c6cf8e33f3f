"""The embedded Redis keeps what it was given, and a Redis may be reached by TLS."""

from __future__ import annotations

import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisHangs

from webhooks.wsgi import EDGE_REDIS_SECONDS
from worker.embedded import find_server, server_command, socket_folder, wait_for
from worker.events import Delivery, Event, EventKind
from worker.queues import Feeder, open_queues
from worker.settings import Settings
from worker.store.due import Accepted, DueSet
from worker.tickets import TicketKey
from worker.wiring import build, open_queue_redis, open_redis

KEY = TicketKey("zendesk", "acme", "7")


def accepted(due: DueSet, number: int, noon: object) -> Accepted:
    event = Event(id=str(number), kind=EventKind.TOUCHED, key=KEY, received_at=noon)
    delivery = Delivery(event=event, seen_key=f"e{number}", seen_for=timedelta(hours=1))
    return due.accept(delivery, event)


def test_what_was_accepted_before_a_sigkill_is_there_after_the_next_start(
    tmp_path: Path, noon: object
) -> None:
    folder = socket_folder()
    command = server_command(find_server(), folder, tmp_path)
    url = f"unix://{folder}/redis.sock"
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(url, 20)
    client = Redis.from_url(url, decode_responses=True)
    due = DueSet(client)
    assert all(accepted(due, number, noon) is Accepted.NEW for number in range(500))
    server.send_signal(signal.SIGKILL)
    server.wait(10)
    client.close()

    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as again:
        try:
            wait_for(url, 20)
            client = Redis.from_url(url, decode_responses=True)
            assert client.llen(f"mh:inbox:{KEY}") == 500
            assert client.zcard("mh:due") == 1
            assert accepted(DueSet(client), 7, noon) is Accepted.SEEN_BEFORE
            client.close()
        finally:
            again.terminate()
            again.wait(10)
            shutil.rmtree(folder, ignore_errors=True)


MADE_BY = (
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
    *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
)
"""A key and its certificate."""


class TlsDoor:
    """TLS in front of a Redis on a Unix socket, as a managed Redis has it."""

    def __init__(self, inside: str, folder: Path) -> None:
        self.authority = folder / "authority.pem"
        key = folder / "key.pem"
        subprocess.run(
            [*MADE_BY, "-keyout", str(key), "-out", str(self.authority)],
            check=True,
            capture_output=True,
        )
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.authority, key)
        self._inside = inside
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=[caller], daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        try:
            outside = self._context.wrap_socket(caller, server_side=True)
        except (ssl.SSLError, OSError):
            caller.close()
            return
        inside = socket.socket(socket.AF_UNIX)
        inside.connect(self._inside)
        threading.Thread(target=_pump, args=[inside, outside], daemon=True).start()
        _pump(outside, inside)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
    except OSError:
        pass
    finally:
        target.close()


@pytest.fixture
def door(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[TlsDoor]:
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl")
    found = TlsDoor(redis_url.removeprefix("unix://"), tmp_path)
    yield found
    found.close()


def settings(url: str) -> Settings:
    return Settings.from_environment({"REDIS_URL": url})


def test_a_rediss_url_is_spoken_to_by_tls_by_every_client(door: TlsDoor, noon: object) -> None:
    ours = settings(f"rediss://localhost:{door.port}/0?ssl_ca_certs={door.authority}")
    client, queue = open_redis(ours), open_queue_redis(ours)
    due = DueSet(client)
    assert accepted(due, 1, noon) is Accepted.NEW

    Feeder(due, open_queues(queue)).feed()

    assert open_queues(queue).rest.job_ids == ["event-1"]
    assert build(ours).redis.ping()
    client.close()
    queue.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(door: TlsDoor) -> None:
    client = open_redis(settings(f"rediss://localhost:{door.port}/0"))

    with pytest.raises(RedisGone, match=r"(?i)certificate"):
        client.ping()
    client.close()


def test_the_edges_client_gives_up_on_a_redis_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        client = open_redis(settings(url), seconds=EDGE_REDIS_SECONDS)
        began = time.monotonic()
        with pytest.raises(RedisHangs):
            client.get("x")
        assert time.monotonic() - began < 2
        client.close()
