"""The documented format of https://api.slack.com/messaging/webhooks, and its refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from channels.receiver import NOW, Receiver, a_digest, a_hostile_alert, an_alert

from worker.channels.base import Alert
from worker.channels.slack import REFUSALS, Options, build
from worker.errors import Permanent
from worker.tickets import Target
from worker.transport import Transport


def send(receiver: Receiver, alert: Alert) -> dict[str, Any]:
    channel = build("oncall", Options(url=receiver.url), Transport())
    channel.send(alert, now=NOW)
    (posted,) = receiver.posted
    assert posted.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = json.loads(posted.body)
    return body


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every text object of a message."""
    if isinstance(part, list):
        for item in part:
            yield from objects(item)
    elif isinstance(part, dict):
        if part.get("type") in {"plain_text", "mrkdwn"}:
            yield part
        for item in part.values():
            yield from objects(item)


def words(body: dict[str, Any]) -> str:
    return "\n".join(found["text"] for found in objects(body))


def test_a_message_says_what_how_bad_until_when_and_why(receiver: Receiver) -> None:
    body = send(receiver, an_alert(time_zone="Europe/Madrid"))
    text = words(body)
    assert body["text"] == "P1 Urgent: first response due in 11m 15s: Nobody can log in"
    assert "P1 Urgent: first response due in 11m 15s" in text
    assert "First response due: 2026-11-23 11:45:00 CET" in text
    assert "Step: 75%" in text
    assert 'Why:\n\u2022 everyone is affected: "nobody can log in"' in text
    assert "<https://acme.zendesk.com/agent/tickets/123|Open zendesk ticket 123>" in text


def test_a_message_has_the_documented_shape(receiver: Receiver) -> None:
    body = send(receiver, an_alert())
    assert set(body) == {"text", "parse", "unfurl_links", "unfurl_media", "blocks", "attachments"}
    assert (body["unfurl_links"], body["unfurl_media"]) == (False, False)
    assert [block["type"] for block in body["blocks"]] == ["header"]
    (attachment,) = body["attachments"]
    assert re.fullmatch("#[0-9a-f]{6}", attachment["color"])
    assert {block["type"] for block in attachment["blocks"]} <= {"section", "context"}
    assert all(1 <= len(block.get("fields", "x")) <= 10 for block in attachment["blocks"])


def test_a_passed_deadline_is_said_as_overdue(receiver: Receiver) -> None:
    body = send(receiver, an_alert(deadline="2026-11-23T10:30:00Z"))
    assert body["text"].startswith("P1 Urgent: first response overdue by 3m 45s")


def test_doubt_meta_and_acknowledging_are_shown_when_they_apply(receiver: Receiver) -> None:
    url = "https://minutehand.example/ack?a=1&b=2"
    text = words(
        send(receiver, an_alert(confirmed=False, meta_dependency=True, acknowledge_url=url))
    )
    assert "Could not confirm" in text
    assert "Depends on Meta" in text
    assert "<https://minutehand.example/ack?a=1&amp;b=2|Acknowledge>" in text


def test_they_are_absent_when_they_do_not_apply(receiver: Receiver) -> None:
    text = words(send(receiver, an_alert(ticket={"url": "javascript:alert(1)"}, reasons=())))
    for absent in ("Could not confirm", "Meta", "Acknowledge", "Why", "javascript", "Open"):
        assert absent not in text


@pytest.mark.parametrize(
    ("kind", "target", "headline"),
    [
        ("escalation", Target.NEXT_REPLY, "next reply due in 11m 15s"),
        ("escalation", Target.RESOLUTION, "resolution due in 11m 15s"),
        ("review", Target.REVIEW, "please review this severity, due in 11m 15s"),
        ("resolved", Target.FIRST_RESPONSE, "first response: nobody is waiting any more"),
        ("resolved", Target.REVIEW, "reviewed"),
        ("acknowledged", Target.RESOLUTION, "resolution: somebody is on it"),
        ("test", Target.FIRST_RESPONSE, "this is a test, no customer is waiting"),
    ],
)
def test_every_type_of_alert_has_its_own_headline(
    receiver: Receiver, kind: str, target: Target, headline: str
) -> None:
    body = send(receiver, an_alert(type=kind, target=target))
    assert body["blocks"][0]["text"]["text"] == f"P1 Urgent: {headline}"


@pytest.mark.parametrize("target", Target)
def test_the_deadline_is_the_targets(receiver: Receiver, target: Target) -> None:
    text = words(send(receiver, an_alert(target=target)))
    assert f"{target.words.capitalize()} due: 2026-11-23 10:45:00 UTC" in text


def test_what_happened_is_said_of_an_answered_alert(receiver: Receiver) -> None:
    text = words(send(receiver, an_alert(type="acknowledged", step="acknowledged by Kim <!here>")))
    assert "What happened: acknowledged by Kim &lt;!here&gt;" in text


def test_whose_place_it_takes_is_said(receiver: Receiver) -> None:
    text = words(send(receiver, an_alert(instead_of="lead")))
    assert "Told in the place of lead, which failed or is closed now." in text


def test_a_digest_is_a_list_of_tickets_with_their_links(receiver: Receiver) -> None:
    body = send(receiver, a_digest(12, "Printer jams"))
    assert body["text"] == "P4 Low: digest of 12 tickets"
    rows = body["attachments"][0]["blocks"]
    assert len(rows) == 12
    assert [field["text"] for field in rows[7]["fields"]] == [
        "P4 Low: Printer jams\nresolution, 90%, due 2026-11-23 10:45:00 UTC (in 11m 15s)",
        "<https://a.example/7|zendesk ticket 7>",
    ]


@pytest.mark.parametrize("char", ["&", "<", "\U0001f525"])
def test_a_long_hostile_digest_keeps_to_the_documented_limits(
    receiver: Receiver, char: str
) -> None:
    body = send(receiver, a_digest(500, char * 100_000, instead_of="lead"))
    blocks = body["attachments"][0]["blocks"]
    assert len(blocks) + len(body["blocks"]) <= 50
    assert "and 460 more" in words(body)
    assert len(json.dumps(body)) < 100_000
    for block in blocks:
        for field in block.get("fields", ()):
            assert len(field["text"]) <= 2000
            if field["type"] == "mrkdwn":
                assert re.fullmatch(r"<https://a.example/\d+\|zendesk ticket \d+>", field["text"])
            else:
                assert "<" not in field["text"]


def test_hostile_text_cannot_mention_link_or_format(receiver: Receiver) -> None:
    body = send(receiver, a_hostile_alert())
    assert "<" not in body["text"]
    for found in objects(body):
        if found["type"] == "plain_text":
            assert "<" not in found["text"]
            assert found["emoji"] is False
        else:
            assert found["verbatim"] is True
            assert found["text"] == (
                "<https://a.example/%3Cx%7Cy%3E?a=1&amp;b=2%20c|Open zendesk ticket 123>"
            )
        assert re.sub("&(amp|lt|gt);", "", found["text"]).count("&") == 0
        assert "\x1b" not in found["text"]
        assert "\u202e" not in found["text"]


@pytest.mark.parametrize("char", ["A", "&", "<", "\U0001f525"])
def test_a_huge_text_keeps_to_the_documented_limits(receiver: Receiver, char: str) -> None:
    alert = a_hostile_alert(ticket={"subject": char * 100_000, "id": char * 500})
    body = send(receiver, alert)
    assert len(body["text"]) < 4000
    assert len(body["blocks"][0]["text"]["text"]) <= 150
    for found in objects(body["attachments"]):
        assert 1 <= len(found["text"]) <= 3000
    for block in body["attachments"][0]["blocks"]:
        for field in block.get("fields", ()):
            assert len(field["text"]) <= 2000


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "no_service"),
        (410, "channel_is_archived"),
        (403, "invalid_token"),
        (403, "action_prohibited"),
        (400, "invalid_payload"),
    ],
)
def test_a_refusal_is_permanent_and_explained(receiver: Receiver, status: int, said: str) -> None:
    receiver.status, receiver.body = status, said.encode()
    with pytest.raises(Permanent) as caught:
        send(receiver, an_alert())
    assert caught.value.status == status
    assert str(caught.value) == f"channel oncall: answered {status} ({said}): {REFUSALS[said]}"


def test_an_unknown_refusal_is_not_repeated(receiver: Receiver) -> None:
    receiver.status, receiver.body = 404, b"<b>whatever it says</b>"
    with pytest.raises(Permanent, match=r"^channel oncall: answered 404$"):
        send(receiver, an_alert())


def test_a_web_page_is_not_success(receiver: Receiver) -> None:
    receiver.body = b"<!DOCTYPE html><title>Sign in to Slack</title>"
    with pytest.raises(Permanent, match="channel oncall: answered a web page"):
        send(receiver, an_alert())
