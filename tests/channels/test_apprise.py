"""Services that Apprise speaks to, here its `json://`, whose format its documentation gives."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
from channels.receiver import NOW, TOKEN, Receiver, a_digest, a_hostile_alert, an_alert, receiving
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from worker.channels.apprise import Apprise, Options, _service, spelt
from worker.channels.base import Alert
from worker.errors import Transient
from worker.tickets import Target

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def url_of(receiver: Receiver) -> str:
    return receiver.url.replace("http:", "json:")


def send(receiver: Receiver, alert: Alert) -> dict[str, Any]:
    """What a service got, once it is as https://appriseit.com/services/json/ has it."""
    Apprise("phones", Options(url=url_of(receiver)), seconds=5).send(alert, now=NOW)
    (posted,) = receiver.posted
    body: dict[str, Any] = json.loads(posted.body)
    assert set(body) == {"version", "title", "message", "attachments", "type"}
    assert body["attachments"] == []
    assert body["type"] in {"info", "success", "warning", "failure"}
    return body


def test_a_message_says_what_how_bad_until_when_and_why(receiver: Receiver) -> None:
    url = "https://m.example/ack?a=1&b=2"
    body = send(receiver, an_alert(target=Target.NEXT_REPLY, acknowledge_url=url))
    assert body["title"] == "P1 Urgent: next reply due in 11m 15s"
    assert body["type"] == "failure"
    assert body["message"] == (
        "Nobody can log in\n\n"
        "Severity: P1 Urgent\n"
        "Step: 75%\n"
        "Next reply due: 2026-11-23 10:45:00 UTC\n"
        "Time: due in 11m 15s\n"
        "Plan: pro\n"
        "Ticket: zendesk 123\n\n"
        'Why:\n- everyone is affected: "nobody can log in"\n\n'
        "Open zendesk ticket 123: https://acme.zendesk.com/agent/tickets/123\n"
        f"Acknowledge: {url}"
    )


def test_hostile_text_mentions_nobody_wherever_it_goes(receiver: Receiver) -> None:
    subject = "@everyone <@U123> <!channel> [click](http://evil.example) `code` :fire: \\n"
    body = send(receiver, an_alert(ticket={"subject": subject}, instead_of="@here"))
    assert (
        "\uff20everyone \u2039\uff20U123\u203a \u2039!channel\u203a (click)(http"
        in (body["message"])
    )
    assert ":fire: \\n" in body["message"]
    assert not set("@<>[]`") & set(body["message"])


def test_a_huge_hostile_ticket_makes_a_short_message(receiver: Receiver) -> None:
    body = send(receiver, a_hostile_alert())
    assert len(body["message"]) < 3000
    assert "https://a.example/%3Cx%7Cy%3E?a=1&b=2%20c" in body["message"]


def test_an_address_is_left_as_it_is(receiver: Receiver) -> None:
    url = "https://m.example/tickets/[a]@b"
    assert (
        f"Open zendesk ticket 123: {url}"
        in send(receiver, an_alert(ticket={"url": url}))["message"]
    )


def test_a_digest_is_a_list_of_tickets_with_their_links(receiver: Receiver) -> None:
    body = send(receiver, a_digest(50, "Printer @here jams"))
    assert body["title"] == "P4 Low: digest of 50 tickets"
    assert (
        "P4 Low: Printer \uff20here jams\n"
        "zendesk ticket 7: resolution, 90%, due 2026-11-23 10:45:00 UTC (in 11m 15s)\n"
        "https://a.example/7"
    ) in body["message"]
    assert body["message"].endswith("and 10 more")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    channel = Apprise("phones", Options(url=f"{url_of(receiver)}?redirect=yes"))
    with pytest.raises(Transient, match="channel phones: Apprise could not deliver it"):
        channel.send(an_alert(), now=NOW)
    assert len(receiver.posted) == 1


def test_a_service_that_drags_on_is_left(receiver: Receiver) -> None:
    receiver.delay = 1.0
    began = time.monotonic()
    with pytest.raises(Transient):
        Apprise("phones", Options(url=f"{url_of(receiver)}?rto=60"), seconds=0.2).send(
            an_alert(), now=NOW
        )
    assert time.monotonic() - began < 0.9


def test_a_url_does_not_choose_how_long_we_wait(receiver: Receiver) -> None:
    url = SecretStr(f"{url_of(receiver)}?rto=60&cto=60")
    assert _service(url, 2.0).request_timeout == (2.0, 2.0)
    assert _service(url, 10.0).request_timeout == (3.0, 10.0)


def test_one_service_that_fails_does_not_stop_the_others(receiver: Receiver) -> None:
    with receiving() as broken, capture_logs() as logs:
        broken.status = 500
        options = Options(urls=[url_of(broken), url_of(receiver)])
        Apprise("phones", options).send(an_alert(), now=NOW)
    assert len(receiver.posted) == 1
    assert [(line["event"], line["channel"], len(line["services"])) for line in logs] == [
        ("some services could not be told", "phones", 1)
    ]
    assert TOKEN not in str(logs)


def test_when_all_fail_it_is_tried_again(receiver: Receiver) -> None:
    receiver.status = 500
    options = Options(url=url_of(receiver), urls=[url_of(receiver)])
    with pytest.raises(Transient):
        Apprise("phones", options).send(an_alert(), now=NOW)
    assert len(receiver.posted) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs `url`, or `urls`"),
        ({"urls": []}, "needs `url`, or `urls`"),
        ({"url": f"nonsense://{TOKEN}"}, "no URL that Apprise can use"),
        ({"url": f"tgram://{TOKEN}"}, "no URL that Apprise can use"),
        ({"urls": ["json://127.0.0.1/", f"?{TOKEN}"]}, "no URL that Apprise can use"),
        ({"url": f"json://example.com/{TOKEN}"}, "is not encrypted"),
        ({"url": f"JSON://example.com/{TOKEN}"}, "is not encrypted"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_being_shown(
    options: dict[str, Any],
    words: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ValidationError, match=words) as caught:
        Options(**options)
    told = str(caught.value) + caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in told


@pytest.mark.parametrize(
    "url",
    [
        "jsons://example.com/path",
        "json://10.0.0.5/path",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "ntfys://topic",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
    ],
)
def test_services_that_people_use_are_taken(url: str) -> None:
    assert len(Options(url=url).all_urls) == 1


def test_a_reader_sees_the_same_words() -> None:
    assert spelt("Nobody can log in: 100%, a_b, c*d") == "Nobody can log in: 100%, a_b, c*d"
