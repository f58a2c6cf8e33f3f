"""The one outbound door: what it refuses, how long it waits, and that it keeps secrets."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import UTC, datetime

import pytest
import structlog

from worker.errors import Permanent, Transient
from worker.logs import secrets_in, set_up_logs
from worker.transport import LONGEST_WAIT, Transport, check_address, retry_after

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("34", 34),
        ("1.5", 1.5),
        ("-3", 0),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 10:00:30 -0000", 30),
        ("99999999", LONGEST_WAIT),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_read_as_seconds_or_as_a_date_and_never_for_ever(
    value: str, seconds: float | None
) -> None:
    assert retry_after({"Retry-After": value}, now=NOW) == seconds


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x", "ftp://127.0.0.1/", "file:///etc/passwd", "https://", "nonsense"],
)
def test_an_address_that_we_never_call_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(Permanent) as caught:
        check_address(url, what="channel x")

    assert url not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/x", "http://127.0.0.1:1/", "http://10.0.0.5/", "http://redis:8000"]
)
def test_https_and_private_hosts_are_called(url: str) -> None:
    check_address(url, what="channel x")


@pytest.mark.parametrize("url", ["https://a..b/secret", "https://xn--/secret"])
def test_a_host_name_that_is_none_fails_plainly(url: str) -> None:
    with pytest.raises((Transient, Permanent)) as caught:
        Transport().request("GET", url, what="channel x", timeout=0.3)

    assert "secret" not in str(caught.value)


def test_a_malformed_answer_does_not_bring_the_address_into_the_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def answer() -> None:
        caller, _ = listening.accept()
        caller.recv(4096)
        caller.sendall(b"HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 0\r\n\r\n")
        caller.close()

    thread = threading.Thread(target=answer)
    thread.start()
    before = logging.getLogger().handlers[:]
    try:
        set_up_logs(secrets_in({}))
        Transport().request(
            "POST", f"http://127.0.0.1:{port}/services/T0/B0/hunter2", what="channel x", timeout=3
        )
    except (Transient, Permanent):
        pass
    finally:
        thread.join(5)
        listening.close()
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()

    assert "hunter2" not in "".join(capfd.readouterr())
