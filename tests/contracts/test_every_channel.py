"""Promises of every notification channel in the registry, and of whatever is added to it.

A new channel brings one line in `KEYS`: its keys in the policy, the address being the other side's.
A promise about failures is made of what the other side can say: statuses of HTTP, codes of SMTP.
"""

from __future__ import annotations

import dataclasses
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from channels.mail_receiver import PASSWORD, USER, receiving_mail
from channels.receiver import NOW, TOKEN, a_digest, a_hostile_alert, an_alert, receiving
from pydantic import ValidationError

from worker.channels.base import Channel
from worker.channels.registry import CHANNELS
from worker.errors import MinutehandError, Permanent, Transient
from worker.transport import Transport

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise's, where Python still has it."""

ROUTING_KEY = "R0UTINGKEYR0UTINGKEYR0UTINGKEY32"
KEYS: dict[str, Callable[[str], dict[str, Any]]] = {
    "apprise": lambda url: {"url": url.replace("http:", "json:")},
    "console": lambda _url: {},
    "email": lambda url: {
        "host": urlsplit(url).hostname,
        "port": urlsplit(url).port,
        "security": "none",
        "username": USER,
        "password": PASSWORD,
        "sender": "minutehand@acme.example",
        "to": ["lead@acme.example"],
    },
    "pagerduty": lambda url: {"url": url, "routing_key": ROUTING_KEY},
    "slack": lambda url: {"url": url},
    "teams": lambda url: {"url": url},
    "webhook": lambda url: {"url": url, "secret": "the-signing-secret!"},
}
SECRETS = (TOKEN, "the-signing-secret!", PASSWORD, ROUTING_KEY)
LOCAL = {"console"}
"""Channels that call nobody, so that no other side can fail."""
MAIL = {"email"}
"""Channels that speak SMTP."""
DULL = {"apprise"}
"""Channels that learn that they failed but not why: all is tried again, until it is too late."""

every_channel = pytest.mark.parametrize("name", CHANNELS)
every_remote = pytest.mark.parametrize("name", [name for name in CHANNELS if name not in LOCAL])


class OtherSide(Protocol):
    """Who is told, and how that can go wrong."""

    url: str

    def arrived(self) -> list[bytes]: ...

    def is_gone(self, status: int) -> None: ...

    def is_busy(self) -> None:
        """And asks to be left alone for 7 seconds, where it can say so."""

    def is_broken(self, status: int) -> None: ...

    def is_silent(self) -> None: ...


class OverHttp:
    def __init__(self, receiver: Any) -> None:
        self.url = receiver.url
        self._receiver = receiver

    def arrived(self) -> list[bytes]:
        return [posted.body for posted in self._receiver.posted]

    def is_gone(self, status: int) -> None:
        self._receiver.status, self._receiver.body = status, b"gone"

    def is_busy(self) -> None:
        self._receiver.status, self._receiver.headers = 429, {"Retry-After": "7"}

    def is_broken(self, status: int) -> None:
        self._receiver.status = status

    def is_silent(self) -> None:
        self._receiver.delay = 0.6


CODES = {404: 550, 410: 551, 500: 451, 502: 452, 503: 421}
"""Of HTTP and of SMTP: what means about the same."""


class OverMail:
    def __init__(self, receiver: Any) -> None:
        self.url = f"smtp://127.0.0.1:{receiver.port}/{TOKEN}"
        self._receiver = receiver

    def arrived(self) -> list[bytes]:
        return [mailed.raw for mailed in self._receiver.mailed]

    def is_gone(self, status: int) -> None:
        self._receiver.refuses["*"] = f"{CODES[status]} http://a.example/{TOKEN} is gone"

    def is_busy(self) -> None:
        self._receiver.answers["MAIL"] = "450 later"

    def is_broken(self, status: int) -> None:
        self._receiver.answers["DATA"] = f"{CODES[status]} broken"

    def is_silent(self) -> None:
        self._receiver.delay = 0.6


@pytest.fixture
def other(name: str) -> Iterator[OtherSide]:
    if name in MAIL:
        with receiving_mail() as mail:
            yield OverMail(mail)
    else:
        with receiving() as http:
            yield OverHttp(http)


def a_channel(name: str, url: str, *, timeout: float = 5.0) -> Channel:
    class Impatient(Transport):
        def request(self, *words: Any, **options: Any) -> Any:
            return super().request(*words, **options, timeout=timeout)

    assert name in KEYS, f"{name} needs its line in KEYS"
    options = CHANNELS[name].Options.model_validate(KEYS[name](url))
    channel = CHANNELS[name].build("oncall", options, Impatient())
    if name in MAIL | DULL:  # these do not go through the transport
        channel = dataclasses.replace(channel, seconds=timeout)  # type: ignore[type-var]
    return channel


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
def test_it_says_whether_it_follows_and_whether_it_gathers(name: str) -> None:
    assert isinstance(CHANNELS[name].FOLLOWS, bool)
    assert isinstance(CHANNELS[name].GATHERS, bool)


@every_channel
def test_an_alert_is_delivered(name: str, other: OtherSide) -> None:
    a_channel(name, other.url).send(an_alert(), now=NOW)
    assert len(other.arrived()) == (name not in LOCAL)


@every_channel
def test_a_hostile_ticket_does_not_stop_an_alert(name: str, other: OtherSide) -> None:
    a_channel(name, other.url).send(a_hostile_alert(), now=NOW)
    assert len(other.arrived()) == (name not in LOCAL)
    assert all(len(body) < 1_000_000 for body in other.arrived())


@every_channel
@pytest.mark.parametrize("subject", ["\ud83d", "\x00\x1b[2J", "\r\n.\r\nRCPT TO:<x@y>", "e\u0301"])
def test_a_broken_subject_does_not_stop_an_alert(name: str, subject: str, other: OtherSide) -> None:
    alert = an_alert(ticket={"subject": subject, "url": "https://[", "id": subject or "1"})
    a_channel(name, other.url).send(alert, now=NOW)
    assert len(other.arrived()) == (name not in LOCAL)


@every_channel
@pytest.mark.parametrize(
    "kind", ["escalation", "resolved", "acknowledged", "review", "digest", "test"]
)
def test_every_type_of_alert_is_delivered(name: str, kind: str, other: OtherSide) -> None:
    bare = {"url": None, "subject": ""}
    alert = an_alert(type=kind, reasons=(), plan=None, ticket=bare, confirmed=False)
    a_channel(name, other.url).send(alert, now=NOW)
    assert bool(other.arrived()) == (name not in LOCAL)


@every_channel
def test_a_digest_of_500_hostile_tickets_is_delivered(name: str, other: OtherSide) -> None:
    a_channel(name, other.url).send(a_digest(500), now=NOW)
    assert len(other.arrived()) == (name not in LOCAL)
    assert all(len(body) < 1_000_000 for body in other.arrived())


@every_channel
def test_an_unknown_key_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="colour"):
        CHANNELS[name].Options.model_validate({**KEYS[name]("https://a.example"), "colour": 1})


@every_channel
def test_no_secret_shows_in_what_is_printed(name: str, other: OtherSide) -> None:
    channel = a_channel(name, other.url)
    options = CHANNELS[name].Options.model_validate(KEYS[name](other.url))
    told = f"{options!r} {options} {channel!r} {channel}"
    assert not [secret for secret in SECRETS if secret in told]


@every_remote
def test_a_refused_option_is_not_shown(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CHANNELS[name].Options.model_validate(KEYS[name](f"ftp://a.example/{TOKEN}"))
    told = str(caught.value) + "".join(error["msg"] for error in caught.value.errors())
    assert not [secret for secret in SECRETS if secret in told]


@every_remote
@pytest.mark.parametrize("status", [404, 410])
def test_a_dead_hook_is_given_up(
    name: str, status: int, other: OtherSide, caplog: pytest.LogCaptureFixture
) -> None:
    other.is_gone(status)
    fault = the_failure(name, other.url, caplog)
    assert isinstance(fault, Transient if name in DULL else Permanent)
    if isinstance(fault, Permanent):
        assert fault.status == (CODES[status] if name in MAIL else status)


@every_remote
def test_a_busy_channel_is_asked_again_when_it_says(
    name: str, other: OtherSide, caplog: pytest.LogCaptureFixture
) -> None:
    other.is_busy()
    fault = the_failure(name, other.url, caplog)
    assert isinstance(fault, Transient)
    assert fault.retry_after == (None if name in MAIL | DULL else 7)


@every_remote
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_broken_channel_is_tried_again(
    name: str, status: int, other: OtherSide, caplog: pytest.LogCaptureFixture
) -> None:
    other.is_broken(status)
    assert isinstance(the_failure(name, other.url, caplog), Transient)


@every_remote
def test_a_silent_channel_is_tried_again(
    name: str, other: OtherSide, caplog: pytest.LogCaptureFixture
) -> None:
    other.is_silent()
    fault = the_failure(name, other.url, caplog)
    assert isinstance(fault, Transient)
    if name not in DULL:
        assert str(fault) == "channel oncall: no answer within 0.2 s"


@every_remote
def test_a_refused_connection_is_tried_again(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    fault = the_failure(name, f"http://127.0.0.1:{port}/{TOKEN}", caplog)
    assert isinstance(fault, Transient)
    if name not in DULL:
        assert str(fault) == "channel oncall: the connection was refused"


@every_remote
def test_a_name_that_the_dns_lacks_is_tried_again(
    name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", gone)
    fault = the_failure(name, f"http://alerts.internal:8080/{TOKEN}", caplog)
    assert isinstance(fault, Transient)
    if name not in DULL:
        assert str(fault) == "channel oncall: its host name cannot be resolved"
