"""Promises of every notification channel in the registry, and of whatever is added to it.

A new channel brings one line in `KEYS`: its keys in the policy, the address being the receiver's.
"""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from channels.receiver import NOW, TOKEN, Receiver, a_hostile_alert, an_alert, receiving
from pydantic import ValidationError

from worker.channels.base import Channel
from worker.channels.registry import CHANNELS
from worker.errors import MinutehandError, Permanent, Transient
from worker.transport import Transport

KEYS: dict[str, Any] = {
    "console": lambda _url: {},
    "slack": lambda url: {"url": url},
    "webhook": lambda url: {"url": url, "secret": "the-signing-secret!"},
}
SECRETS = (TOKEN, "the-signing-secret!")
LOCAL = {"console"}
"""Channels that call nobody, so that no other side can fail."""

every_channel = pytest.mark.parametrize("name", CHANNELS)
every_remote = pytest.mark.parametrize("name", [name for name in CHANNELS if name not in LOCAL])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def a_channel(name: str, url: str, *, timeout: float = 5.0) -> Channel:
    class Impatient(Transport):
        def request(self, *words: Any, **options: Any) -> Any:
            return super().request(*words, **options, timeout=timeout)

    assert name in KEYS, f"{name} needs its line in KEYS"
    options = CHANNELS[name].Options.model_validate(KEYS[name](url))
    return CHANNELS[name].build("oncall", options, Impatient())


def the_failure(name: str, url: str, caplog: pytest.LogCaptureFixture) -> MinutehandError:
    """What sending raises, once it is sure that it tells no secret anywhere."""
    with caplog.at_level(logging.INFO), pytest.raises((Transient, Permanent)) as caught:
        a_channel(name, url, timeout=0.2).send(an_alert(), now=NOW)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert not [secret for secret in SECRETS if secret in told]
    assert "http://" not in str(caught.value)
    assert str(caught.value).startswith("channel oncall: ")
    return caught.value


@every_channel
def test_the_modules_name_is_its_key(name: str) -> None:
    assert CHANNELS[name].__name__.rpartition(".")[2] == name  # type: ignore[attr-defined]


@every_channel
def test_an_alert_is_delivered(name: str, receiver: Receiver) -> None:
    a_channel(name, receiver.url).send(an_alert(), now=NOW)
    assert len(receiver.posted) == (name not in LOCAL)


@every_channel
def test_a_hostile_ticket_does_not_stop_an_alert(name: str, receiver: Receiver) -> None:
    a_channel(name, receiver.url).send(a_hostile_alert(), now=NOW)
    assert all(len(posted.body) < 1_000_000 for posted in receiver.posted)


@every_channel
@pytest.mark.parametrize("kind", ["resolved", "acknowledged", "review", "digest", "test"])
def test_every_type_of_alert_is_delivered(name: str, kind: str, receiver: Receiver) -> None:
    bare = {"url": None, "subject": ""}
    alert = an_alert(type=kind, reasons=(), plan=None, ticket=bare, confirmed=False)
    a_channel(name, receiver.url).send(alert, now=NOW)


@every_channel
def test_an_unknown_key_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="colour"):
        CHANNELS[name].Options.model_validate({**KEYS[name]("https://a.example"), "colour": 1})


@every_channel
def test_no_secret_shows_in_what_is_printed(name: str, receiver: Receiver) -> None:
    channel = a_channel(name, receiver.url)
    options = CHANNELS[name].Options.model_validate(KEYS[name](receiver.url))
    told = f"{options!r} {options} {channel!r} {channel}"
    assert not [secret for secret in SECRETS if secret in told]


@every_remote
def test_a_refused_option_is_not_shown(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CHANNELS[name].Options.model_validate(KEYS[name](f"ftp://a.example/{TOKEN}"))
    assert TOKEN not in str(caught.value)
    assert all(TOKEN not in error["msg"] for error in caught.value.errors())


@every_remote
@pytest.mark.parametrize("status", [404, 410])
def test_a_dead_hook_is_given_up(
    name: str, status: int, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status, receiver.body = status, b"gone"
    fault = the_failure(name, receiver.url, caplog)
    assert isinstance(fault, Permanent)
    assert fault.status == status


@every_remote
def test_a_busy_channel_is_asked_again_when_it_says(
    name: str, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "7"}
    fault = the_failure(name, receiver.url, caplog)
    assert isinstance(fault, Transient)
    assert fault.retry_after == 7


@every_remote
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_broken_channel_is_tried_again(
    name: str, status: int, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = status
    assert isinstance(the_failure(name, receiver.url, caplog), Transient)


@every_remote
def test_a_silent_channel_is_tried_again(
    name: str, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.delay = 0.6
    fault = the_failure(name, receiver.url, caplog)
    assert isinstance(fault, Transient)
    assert str(fault) == "channel oncall: no answer within 0.2 s"


@every_remote
def test_a_refused_connection_is_tried_again(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    fault = the_failure(name, f"http://127.0.0.1:{port}/{TOKEN}", caplog)
    assert isinstance(fault, Transient)
    assert str(fault) == "channel oncall: the connection was refused"
