"""The card that a Teams workflow is documented to take, and its refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from channels.receiver import NOW, TOKEN, Receiver, a_digest, a_hostile_alert, an_alert
from pydantic import ValidationError

from worker.channels.base import Alert
from worker.channels.teams import REFUSALS, Options, build, unmarked
from worker.errors import Permanent
from worker.tickets import Severity, Target
from worker.transport import Transport

LIMIT = 28 * 1000
REQUIRED = {
    "TextBlock": {"text": str},
    "RichTextBlock": {"inlines": list},
    "TextRun": {"text": str},
    "FactSet": {"facts": list},
    "Action.OpenUrl": {"title": str, "url": str},
}
"""https://adaptivecards.io/explorer/"""
COLOURS = {"default", "accent", "good", "warning", "attention"}


def send(receiver: Receiver, alert: Alert) -> dict[str, Any]:
    """The card, once the message around it is as documented."""
    receiver.status, receiver.body = 202, b""
    build("team", Options(url=receiver.url), Transport()).send(alert, now=NOW)
    (posted,) = receiver.posted
    assert posted.headers["Content-Type"] == "application/json; charset=utf-8"
    assert len(posted.body) <= LIMIT
    whole = json.loads(posted.body)
    assert set(whole) == {"type", "attachments"}
    assert whole["type"] == "message"
    (attachment,) = whole["attachments"]
    assert set(attachment) == {"contentType", "contentUrl", "content"}
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    card: dict[str, Any] = attachment["content"]
    check(card)
    return card


def check(card: dict[str, Any]) -> None:
    assert card["type"] == "AdaptiveCard"
    assert card["version"] in {"1.4", "1.5"}
    assert set(card["msteams"]) == {"width"}, "a mention would be in msteams.entities"
    assert {part["type"] for part in card["actions"]} <= {"Action.OpenUrl"}
    for part in (*elements(card["body"]), *card["actions"]):
        for key, kind in REQUIRED[part["type"]].items():
            assert isinstance(part[key], kind)
            assert part[key]
        assert part.get("color", "default") in COLOURS
        for fact in part.get("facts", ()):
            assert set(fact) == {"title", "value"}


def elements(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, list):
        for item in part:
            yield from elements(item)
    elif "type" in part:
        yield part
        yield from elements(part.get("inlines", []))


def marked(card: dict[str, Any]) -> list[str]:
    """Every text in which Teams reads markdown."""
    found = [part["text"] for part in elements(card["body"]) if part["type"] == "TextBlock"]
    for part in elements(card["body"]):
        found += [text for fact in part.get("facts", ()) for text in fact.values()]
    return [*found, card["fallbackText"]]


def facts(card: dict[str, Any]) -> dict[str, str]:
    (found,) = [part["facts"] for part in card["body"] if part["type"] == "FactSet"]
    return {fact["title"]: fact["value"] for fact in found}


def shown(card: dict[str, Any]) -> str:
    return "\n".join(part["text"] for part in elements(card["body"]) if "text" in part)


def test_a_card_says_what_how_bad_until_when_and_why(receiver: Receiver) -> None:
    card = send(receiver, an_alert(time_zone="Europe/Madrid", target=Target.NEXT_REPLY))
    assert card["body"][0]["text"] == "P1 Urgent: next reply due in 11m 15s"
    assert card["body"][0]["color"] == "attention"
    assert "Nobody can log in" in shown(card)
    assert 'everyone is affected: "nobody can log in"' in shown(card)
    assert facts(card) == {
        "Severity": "P1 Urgent",
        "Step": "75%",
        "Next reply due": "2026-11-23 11:45:00 CET",
        "Time": "due in 11m 15s",
        "Plan": "pro",
        "Ticket": "zendesk 123",
    }


def test_a_card_has_buttons_to_the_ticket_to_acknowledge_and_to_its_page(
    receiver: Receiver,
) -> None:
    acknowledge, page = "https://m.example/ack/x", "https://m.example/tickets/zendesk/123"
    card = send(receiver, an_alert(acknowledge_url=acknowledge, minutehand_url=page))
    assert [(button["title"], button["url"]) for button in card["actions"]] == [
        ("Open zendesk ticket 123", "https://acme.zendesk.com/agent/tickets/123"),
        ("Acknowledge", acknowledge),
        ("Why and what next", page),
    ]


def test_a_card_without_addresses_has_no_buttons(receiver: Receiver) -> None:
    assert send(receiver, an_alert(ticket={"url": "javascript:alert(1)"}))["actions"] == []


@pytest.mark.parametrize("severity", Severity)
def test_the_colour_goes_with_the_words(receiver: Receiver, severity: Severity) -> None:
    head = send(receiver, an_alert(severity=severity))["body"][0]
    assert head["text"].startswith(f"{severity} ")


def test_doubt_meta_and_whose_place_are_shown_when_they_apply(receiver: Receiver) -> None:
    text = shown(send(receiver, an_alert(confirmed=False, meta_dependency=True, instead_of="lead")))
    assert "Could not confirm" in text
    assert "Depends on Meta" in text
    assert "Told in the place of lead, which failed or is closed now." in text


def test_a_hostile_subject_mentions_nobody_in_teams(receiver: Receiver) -> None:
    subject = "<at>everyone</at> [click](http://evil.example) **b** _i_ <at id='0'>x</at>"
    card = send(
        receiver, an_alert(ticket={"subject": subject}, step=subject, plan=subject, reasons=())
    )
    assert [part for part in elements(card["body"]) if part.get("text") == subject] == [
        {"type": "TextRun", "text": subject, "weight": "bolder"}
    ]
    for text in marked(card):
        assert not set("<>[]*`\\") & set(text)


def test_hostile_text_stands_where_nothing_reads_markdown(receiver: Receiver) -> None:
    card = send(receiver, a_hostile_alert(instead_of="<at>x</at>[a](b)"))
    for text in marked(card):
        assert not set("<>[]*`\\") & set(text)
        assert "evil" not in text
    assert "\x1b" not in json.dumps(card)
    assert "\u202e" not in json.dumps(card, ensure_ascii=False)
    assert card["actions"][0]["url"] == "https://a.example/%3Cx%7Cy%3E?a=1&b=2%20c"


@pytest.mark.parametrize("char", ["A", '"', "\\", "\u4e16", "\U0001f525"])
def test_a_huge_text_keeps_below_28_kb(receiver: Receiver, char: str) -> None:
    reason = {"text": char * 300, "quote": char * 300}
    assert send(
        receiver,
        an_alert(
            ticket={"subject": char * 100_000, "id": char * 500},
            plan=char * 500,
            step=char * 500,
            reasons=(reason,) * 100,
            acknowledge_url="https://m.example/" + "a" * 900,
            minutehand_url="https://m.example/" + "a" * 900,
        ),
    )


def test_a_digest_is_a_list_of_tickets_with_their_links(receiver: Receiver) -> None:
    card = send(receiver, a_digest(12, "Printer jams"))
    assert card["body"][0]["text"] == "P4 Low: digest of 12 tickets"
    assert card["actions"] == []
    words, link = card["body"][1:3]
    assert [run["text"] for run in words["inlines"]] == ["P4 Low: ", "Printer jams"]
    assert link["text"] == (
        "[zendesk ticket 0](https://a.example/0): "
        "resolution, 90%, due 2026-11-23 10:45:00 UTC (in 11m 15s)"
    )
    assert len(card["body"]) == 1 + 2 * 12


@pytest.mark.parametrize("char", ["A", "\u4e16", "\U0001f525"])
def test_a_long_digest_keeps_below_28_kb_and_says_how_many_more(
    receiver: Receiver, char: str
) -> None:
    card = send(receiver, a_digest(500, char * 1000))
    left = int(card["body"][-1]["text"].removeprefix("and ").removesuffix(" more"))
    listed = [part for part in card["body"] if part["type"] == "RichTextBlock"]
    assert len(listed) + left == 500
    assert 15 <= len(listed) <= 40


def test_a_hostile_ticket_id_changes_no_link_in_a_digest(receiver: Receiver) -> None:
    digest = a_digest(1)
    ticket = digest.listed[0].ticket.model_copy(
        update={"id": "1](http://evil.example)[", "url": "https://a.example/(x)[y]*z*"}
    )
    one = digest.listed[0].model_copy(update={"ticket": ticket})
    card = send(receiver, digest.model_copy(update={"listed": (one,)}))
    assert card["body"][2]["text"].startswith(
        "[zendesk ticket 1)(http://evil.example)(](https://a.example/%28x%29%5By%5D%2Az%2A): "
    )


@pytest.mark.parametrize(
    ("text", "seen"),
    [("pro_plus", "pro_plus"), ("_i_", "-i-"), ("__b__ x", "-b- x"), ("75%", "75%")],
)
def test_only_what_would_be_markdown_is_spelt_differently(text: str, seen: str) -> None:
    assert unmarked(text) == seen


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_a_refusal_is_permanent_and_explained(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.body = status, b'{"error": {"code": "x", "message": "<b>no</b>"}}'
    with pytest.raises(Permanent) as caught:
        build("team", Options(url=receiver.url), Transport()).send(an_alert(), now=NOW)
    assert caught.value.status == status
    assert str(caught.value) == f"channel team: answered {status}: {REFUSALS[status]}"


def test_a_web_page_is_not_success(receiver: Receiver) -> None:
    receiver.body = b"<!DOCTYPE html><title>Sign in</title>"
    with pytest.raises(Permanent, match="channel team: answered a web page"):
        build("team", Options(url=receiver.url), Transport()).send(an_alert(), now=NOW)


def test_an_address_that_we_never_call_is_refused_without_being_shown() -> None:
    with pytest.raises(ValidationError, match="must be an https address") as caught:
        Options(url=f"http://example.com/{TOKEN}")
    assert TOKEN not in str(caught.value)


def test_text_is_sent_as_utf_8_and_not_as_escapes(receiver: Receiver) -> None:
    send(receiver, an_alert(ticket={"subject": "\u4e16\u754c"}))
    assert re.search("\u4e16\u754c".encode(), receiver.posted[0].body)
