"""The JSON that others rely on, and its Standard Webhooks signature."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from channels.receiver import HOSTILE, NOW, Posted, Receiver, a_digest, a_hostile_alert, an_alert
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from worker.channels.base import Alert
from worker.channels.webhook import Options, build
from worker.errors import Permanent
from worker.tickets import Target
from worker.transport import Transport

KEY = base64.b64encode(b"twenty-four bytes of key").decode()


def send(receiver: Receiver, alert: Alert, now: datetime = NOW, **options: Any) -> Posted:
    channel = build("oncall", Options(url=receiver.url, **options), Transport())
    channel.send(alert, now=now)
    return receiver.posted[-1]


def test_the_body_is_exactly_what_others_rely_on(receiver: Receiver) -> None:
    posted = send(receiver, an_alert(acknowledge_url="https://minutehand.example/ack"))
    assert posted.headers["Content-Type"] == "application/json"
    assert json.loads(posted.body) == {
        "type": "escalation",
        "id": "5b2f",
        "ticket": {
            "helpdesk": "zendesk",
            "account": "acme",
            "id": "123",
            "subject": "Nobody can log in",
            "url": "https://acme.zendesk.com/agent/tickets/123",
        },
        "severity": "P1",
        "target": "first_response",
        "step": "75%",
        "created_at": "2026-11-23T10:00:00Z",
        "deadline": "2026-11-23T10:45:00Z",
        "sent_at": "2026-11-23T10:33:45Z",
        "reasons": ['everyone is affected: "nobody can log in"'],
        "acknowledge_url": "https://minutehand.example/ack",
        "plan": "pro",
        "meta_dependency": False,
        "confirmed": True,
        "minutehand_url": None,
        "instead_of": None,
    }


@pytest.mark.parametrize("target", Target)
def test_the_target_is_one_of_four_words(receiver: Receiver, target: Target) -> None:
    assert json.loads(send(receiver, an_alert(target=target)).body)["target"] == target.value


def test_whose_place_it_takes_is_said(receiver: Receiver) -> None:
    assert json.loads(send(receiver, an_alert(instead_of="lead")).body)["instead_of"] == "lead"


def test_a_digest_lists_every_ticket(receiver: Receiver) -> None:
    body = json.loads(send(receiver, a_digest(2, "Printer jams")).body)
    assert body["type"] == "digest"
    assert body["listed"] == [
        {
            "ticket": {
                "helpdesk": "zendesk",
                "account": "acme",
                "id": str(number),
                "subject": "Printer jams",
                "url": f"https://a.example/{number}",
            },
            "severity": "P4",
            "target": "resolution",
            "step": "90%",
            "deadline": "2026-11-23T10:45:00Z",
        }
        for number in range(2)
    ]


def test_without_an_acknowledge_link_the_key_is_null(receiver: Receiver) -> None:
    assert json.loads(send(receiver, an_alert()).body)["acknowledge_url"] is None


@pytest.mark.parametrize("secret", [f"whsec_{KEY}", KEY, KEY.rstrip("=")])
def test_a_receiver_verifies_with_the_library(receiver: Receiver, secret: str) -> None:
    posted = send(receiver, a_hostile_alert(), now=datetime.now(UTC), secret=secret)
    assert posted.headers["webhook-id"] == "5b2f"
    headers = dict(posted.headers.items())
    assert Webhook(secret).verify(posted.body, headers)["type"] == "escalation"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(posted.body.replace(b'"P1"', b'"P4"'), headers)


def test_any_other_text_signs_as_its_own_bytes(receiver: Receiver) -> None:
    posted = send(receiver, an_alert(), now=datetime.now(UTC), secret="plain words, no base64")
    secret = base64.b64encode(b"plain words, no base64").decode()
    Webhook(secret).verify(posted.body, dict(posted.headers.items()))


def test_without_a_secret_nothing_pretends_to_be_signed(receiver: Receiver) -> None:
    assert not [name for name in send(receiver, an_alert()).headers if "webhook" in name.lower()]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"secret": "whsec_not base64!"}, "begins with whsec_, so the rest must be base64"),
        ({"secret": ""}, "must not be empty"),
        ({"url": "http://example.com/T0SECRETPATH"}, "must be an https address"),
        ({"url": "https://["}, "must be an https address"),
    ],
)
def test_an_unusable_option_is_refused_without_being_shown(
    options: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        Options(**{"url": "https://example.com/", **options})
    for value in filter(None, options.values()):
        assert value not in str(caught.value)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_success(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.body = status, b""
    assert send(receiver, an_alert())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_any_other_4xx_is_permanent(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(Permanent, match=f"^channel oncall: answered {status}$") as caught:
        send(receiver, an_alert())
    assert caught.value.status == status


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    with pytest.raises(Permanent, match="redirect"):
        send(receiver, an_alert())
    assert len(receiver.posted) == 1


def test_hostile_text_arrives_as_text_and_cut(receiver: Receiver) -> None:
    body = json.loads(send(receiver, a_hostile_alert()).body)
    assert body["ticket"]["subject"] == HOSTILE[:1000]
    assert body["reasons"][0].startswith('said so: "<!channel>')
