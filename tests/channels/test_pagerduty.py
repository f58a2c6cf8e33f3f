"""The events that https://github.com/PagerDuty/api-schema (events-v2) describes, and answers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from channels.receiver import HOSTILE, NOW, Receiver, a_digest, a_hostile_alert, an_alert
from pydantic import ValidationError

from worker.channels.base import Alert
from worker.channels.pagerduty import Options, build, dedup_key
from worker.errors import Permanent, Transient
from worker.tickets import Severity, Target
from worker.transport import Transport

KEY = "e93facc04764012d7bfb002500d5d1a6"


def send(receiver: Receiver, alert: Alert) -> list[dict[str, Any]]:
    """The events, once they are as documented."""
    receiver.status = 202
    receiver.body = b'{"status": "success", "message": "Event processed", "dedup_key": "x"}'
    options = Options(url=receiver.url, routing_key=KEY)
    build("oncall", options, Transport()).send(alert, now=NOW)
    for posted in receiver.posted:
        assert posted.path.endswith("/v2/enqueue")
        assert posted.headers["Content-Type"] == "application/json"
    events = [json.loads(posted.body) for posted in receiver.posted]
    for event in events:
        check(event)
    return events


def check(event: dict[str, Any]) -> None:
    assert event["routing_key"] == KEY
    assert 1 <= len(event["dedup_key"]) <= 255
    assert len(json.dumps(event)) < 512 * 1024
    if event["event_action"] != "trigger":
        assert event["event_action"] in {"acknowledge", "resolve"}
        assert set(event) == {"routing_key", "event_action", "dedup_key"}
        return
    assert set(event) <= {
        *("routing_key", "event_action", "dedup_key", "payload"),
        *("links", "images", "client", "client_url"),
    }
    payload = event["payload"]
    assert {"summary", "severity", "source"} <= set(payload)
    assert 1 <= len(payload["summary"]) <= 1024
    assert payload["severity"] in {"critical", "error", "warning", "info"}
    assert payload["source"]
    assert datetime.fromisoformat(payload["timestamp"]).utcoffset() == timedelta(0)
    assert isinstance(payload["custom_details"], dict)
    assert {type(payload[key]) for key in ("component", "class")} == {str}
    for link in event["links"]:
        assert set(link) == {"href", "text"}
        assert link["href"].startswith("https://")


def test_an_escalation_triggers_with_what_how_bad_and_until_when(receiver: Receiver) -> None:
    page = "https://m.example/tickets/zendesk/123"
    alert = an_alert(acknowledge_url="https://m.example/ack/x", minutehand_url=page)
    assert send(receiver, alert) == [
        {
            "routing_key": KEY,
            "event_action": "trigger",
            "dedup_key": "minutehand/zendesk/acme/123/first_response",
            "payload": {
                "summary": "P1 Urgent: first response due in 11m 15s: Nobody can log in",
                "severity": "critical",
                "source": "zendesk/acme",
                "timestamp": "2026-11-23T10:33:45+00:00",
                "component": "zendesk ticket 123",
                "class": "first_response",
                "custom_details": {
                    "Subject": "Nobody can log in",
                    "Severity": "P1 Urgent",
                    "Step": "75%",
                    "First response due": "2026-11-23 10:45:00 UTC",
                    "Time": "due in 11m 15s",
                    "Plan": "pro",
                    "Ticket": "zendesk 123",
                    "Why": ['everyone is affected: "nobody can log in"'],
                },
            },
            "links": [
                {
                    "href": "https://acme.zendesk.com/agent/tickets/123",
                    "text": "Open zendesk ticket 123",
                },
                {"href": "https://m.example/ack/x", "text": "Acknowledge"},
                {"href": page, "text": "Why and what next"},
            ],
            "client": "Minutehand",
            "client_url": page,
        }
    ]


@pytest.mark.parametrize(
    ("severity", "word"),
    [("P1", "critical"), ("P2", "error"), ("P3", "warning"), ("P4", "info")],
)
def test_every_severity_has_its_word(receiver: Receiver, severity: str, word: str) -> None:
    (event,) = send(receiver, an_alert(severity=severity))
    assert event["payload"]["severity"] == word


@pytest.mark.parametrize("kind", ["review", "digest"])
def test_a_review_and_a_digest_wake_nobody(receiver: Receiver, kind: str) -> None:
    (event,) = send(receiver, an_alert(type=kind))
    assert event["event_action"] == "trigger"
    assert event["payload"]["severity"] == "info"


@pytest.mark.parametrize(
    ("kind", "action"), [("resolved", "resolve"), ("acknowledged", "acknowledge")]
)
def test_an_answer_ends_what_any_step_began(receiver: Receiver, kind: str, action: str) -> None:
    first = dedup_key(an_alert())
    (event,) = send(receiver, an_alert(type=kind, step="answered", id="another"))
    assert event == {"routing_key": KEY, "event_action": action, "dedup_key": first}


def test_a_test_leaves_nobody_paged(receiver: Receiver) -> None:
    trigger, resolve = send(receiver, an_alert(type="test"))
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == resolve["dedup_key"]


def test_a_test_never_ends_a_real_alert() -> None:
    assert dedup_key(an_alert(type="test")) != dedup_key(an_alert())


def test_one_key_for_each_ticket_and_target() -> None:
    key = dedup_key(an_alert())
    same = an_alert(step="100%", id="x", deadline="2026-11-23T12:00:00Z", severity=Severity.P2)
    assert dedup_key(same) == key
    others = {
        dedup_key(an_alert(target=Target.RESOLUTION)),
        dedup_key(an_alert(ticket={"id": "124"})),
        dedup_key(an_alert(ticket={"account": "other"})),
        dedup_key(an_alert(ticket={"helpdesk": "freshdesk"})),
    }
    assert len({key, *others}) == 5


def test_a_long_ticket_has_a_short_key_of_its_own() -> None:
    one, two = (dedup_key(an_alert(ticket={"id": "1" * 400 + end})) for end in "ab")
    assert len(one) <= 255
    assert one != two
    assert one == dedup_key(an_alert(ticket={"id": "1" * 400 + "a"}, step="100%"))


def test_hostile_text_is_cut_and_one_line(receiver: Receiver) -> None:
    (event,) = send(receiver, a_hostile_alert())
    told = json.dumps(event["payload"], ensure_ascii=False)
    assert "\\n" not in told
    assert not [char for char in ("\\u001b", "\x9b", "\u202e") if char in told]
    assert HOSTILE[:50] in told
    assert len(told) < 20_000


def test_whose_place_it_takes_is_said(receiver: Receiver) -> None:
    (event,) = send(receiver, an_alert(instead_of="lead", confirmed=False))
    told = event["payload"]["custom_details"]["Mind"]
    assert told[0] == "Told in the place of lead, which failed or is closed now."
    assert told[1].startswith("Could not confirm")


def test_a_digest_that_comes_all_the_same_lists_its_tickets(receiver: Receiver) -> None:
    (event,) = send(receiver, a_digest(50, "Printer jams"))
    assert event["payload"]["summary"] == "P4 Low: digest of 50 tickets"
    tickets = event["payload"]["custom_details"]["Tickets"]
    assert len(tickets) == 41
    assert tickets[-1] == "and 10 more"
    assert event["links"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"status": "invalid event", "errors": ["\'payload.source\' is missing or blank"]}',
            ": 'payload.source' is missing or blank",
        ),
        (b'{"status": "invalid event", "message": "no such key"}', ": no such key"),
        (f'{{"message": "key {KEY} at https://x/y"}}'.encode(), ": key [secret] at https:x/y"),
        (b"Bad Request", ""),
        (b"[1, 2]", ""),
        (b'{"errors": {"a": 1}}', ""),
    ],
)
def test_a_refusal_is_permanent_in_pagerdutys_words(
    receiver: Receiver, body: bytes, words: str
) -> None:
    receiver.status, receiver.body = 400, body
    channel = build("oncall", Options(url=receiver.url, routing_key=KEY), Transport())
    with pytest.raises(Permanent) as caught:
        channel.send(an_alert(), now=NOW)
    assert str(caught.value) == f"channel oncall: answered 400{words}"
    assert caught.value.status == 400


def test_too_many_events_are_sent_later(receiver: Receiver) -> None:
    receiver.status = 429
    channel = build("oncall", Options(url=receiver.url, routing_key=KEY), Transport())
    with pytest.raises(Transient, match="answered 429"):
        channel.send(an_alert(), now=NOW)


@pytest.mark.parametrize("key", ["", "short-key-of-26-characters", KEY + "0", KEY[:-1] + "\n"])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValidationError, match="32 characters") as caught:
        Options(routing_key=key)
    assert not key or key not in str(caught.value)


def test_events_go_to_pagerduty_unless_said_otherwise() -> None:
    url = Options(routing_key=KEY).url.get_secret_value()
    assert url == "https://events.pagerduty.com"
