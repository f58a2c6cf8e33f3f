"""Webhooks leave signed, in the vendors' shapes, and are tried again as documented."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.settings import FRESHDESK_WEBHOOK_SECRET, ZENDESK_WEBHOOK_SECRET
from sandbox.zendesk.events import signature
from sandbox.zendesk.webhooks import TEST_SECRET

if TYPE_CHECKING:
    from tests.sandbox.conftest import Both, Build, Listener


@pytest.fixture(name="live")
def _live(build: Build, listener: Listener) -> Both:
    return build(minutehand_url=listener.url)


def events(heard: list[dict[str, Any]]) -> list[str]:
    found = [json.loads(one["body"])["type"] for one in heard]
    return sorted(name.removeprefix("zen:event-type:ticket.") for name in found)


def settled(both: Both, count: int) -> list[dict[str, Any]]:
    """The delivery log, once `count` deliveries have ended."""
    for _ in range(400):
        log = both.control("GET", "deliveries")["deliveries"]
        if sum(one["state"] != "waiting" for one in log) >= count:
            return list(log)
        time.sleep(0.01)
    pytest.fail(f"not settled: {log}")


def test_the_signature_matches_a_known_vector() -> None:
    body = b'{"type":"zen:event-type:ticket.created","id":"cbe4028c-7239-495d-b020-f22348516046"}'

    assert (
        signature(TEST_SECRET, "2026-11-23T10:00:00Z", body)
        == "imjP7YyVD4qlufTupQykP/IkVJFBFHw3rq6BjgrMUHo="
    )


def test_a_new_zendesk_ticket_is_told_about_in_a_signed_event(
    live: Both, listener: Listener
) -> None:
    number = live.ticket(body='quotes " and\nnewline \N{FIRE}', priority="normal")

    [heard] = listener.waits_for(1)
    headers, body = heard["headers"], heard["body"]
    signed = headers["X-Zendesk-Webhook-Signature-Timestamp"].encode() + body
    digest = hmac.new(ZENDESK_WEBHOOK_SECRET.encode(), signed, hashlib.sha256).digest()
    event = json.loads(body)
    assert heard["path"] == "/webhooks/zendesk"
    assert headers["X-Zendesk-Webhook-Signature"] == base64.b64encode(digest).decode()
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["X-Zendesk-Account-Id"] == str(event["account_id"])
    assert len(headers["X-Zendesk-Webhook-Invocation-Id"]) == 26
    assert body.startswith(b'{\n   "account_id"')
    assert body.endswith(b"}\n")
    assert event["subject"] == f"zen:ticket:{number}"
    assert event["type"] == "zen:event-type:ticket.created"
    assert (event["detail"]["id"], event["detail"]["status"]) == (number, "NEW")
    assert (event["detail"]["priority"], event["detail"]["organization_id"]) == ("NORMAL", None)
    assert set(event["event"]) == {"meta"}
    assert "." in event["time"]


def test_an_update_through_the_api_is_told_about_too(live: Both, listener: Listener) -> None:
    number = live.ticket()
    field = live.fields()["SLA severity"]
    live.update(
        number,
        priority="urgent",
        comment={"body": "note", "public": False},
        custom_fields=[{"id": field, "value": "sla_p1"}],
    )

    heard = listener.waits_for(5)

    assert events(heard) == [
        "comment_added",
        "created",
        "custom_field_changed",
        "priority_changed",
        "tags_changed",
    ]
    found = {
        json.loads(one["body"])["type"].split(".")[1]: json.loads(one["body"]) for one in heard
    }
    assert found["priority_changed"]["event"]["current"] == "URGENT"
    assert found["tags_changed"]["event"]["tags_added"] == ["sla_p1"]
    assert found["custom_field_changed"]["event"]["custom_field"]["title"] == "SLA severity"
    assert found["comment_added"]["event"]["comment"]["is_public"] is False


@pytest.mark.parametrize(("by", "is_staff"), [("agent", True), ("requester", False), ("bot", True)])
def test_a_comment_says_whether_its_author_is_staff(
    live: Both, listener: Listener, *, by: str, is_staff: bool
) -> None:
    number = live.ticket()
    listener.waits_for(1)
    live.control("POST", f"tickets/zendesk/{number}/reply", {"by": by, "body": "hello"})

    heard = listener.waits_for(2)

    added = [json.loads(one["body"]) for one in heard if b"comment_added" in one["body"]]
    assert added[0]["event"]["comment"]["author"]["is_staff"] is is_staff


def test_merging_and_deleting_are_told_about(live: Both, listener: Listener) -> None:
    source, target, spam = live.ticket(), live.ticket(), live.ticket()
    live.control("POST", f"tickets/zendesk/{source}/merge", {"into": target})
    live.control("POST", f"tickets/zendesk/{target}/delete", {"kind": "soft"})
    live.control("POST", f"tickets/zendesk/{target}/delete", {"kind": "permanent"})
    live.control("POST", f"tickets/zendesk/{spam}/delete", {"kind": "spam"})

    heard = listener.waits_for(10)

    merged = [json.loads(one["body"]) for one in heard if b"ticket.merged" in one["body"]]
    assert merged[0]["event"]["target_ticket_id"] == target
    assert {"soft_deleted", "permanently_deleted", "marked_as_spam"} <= set(events(heard))


def test_a_lost_webhook_is_only_logged_and_can_be_sent_later(
    live: Both, listener: Listener
) -> None:
    number = live.ticket(webhook="lost")
    logged = settled(live, 1)[0]

    live.control("POST", f"deliveries/zendesk/{number}/again", {})

    [heard] = listener.waits_for(1)
    assert logged["state"] == "lost"
    assert heard["body"].decode() == logged["body"]


def test_a_webhook_sent_twice_has_the_same_bytes_and_two_invocations(
    live: Both, listener: Listener
) -> None:
    live.ticket(webhook="twice")

    first, second = listener.waits_for(2)

    name = "X-Zendesk-Webhook-Invocation-Id"
    assert first["body"] == second["body"]
    assert first["headers"][name] != second["headers"][name]


def test_sent_again_it_is_the_same_invocation(live: Both, listener: Listener) -> None:
    number = live.ticket()
    listener.waits_for(1)
    live.control("POST", f"deliveries/zendesk/{number}/again", {"event": "created"})

    first, second = listener.waits_for(2)

    name = "X-Zendesk-Webhook-Invocation-Id"
    assert first["body"] == second["body"]
    assert first["headers"][name] == second["headers"][name]


@pytest.mark.parametrize(
    ("status", "headers", "attempts", "state"),
    [
        (409, {}, 4, "failed"),
        (503, {"Retry-After": "0"}, 4, "failed"),
        (429, {"Retry-After": "0"}, 4, "failed"),
        (503, {}, 1, "failed"),
        (503, {"Retry-After": "60"}, 1, "failed"),
        (500, {}, 1, "failed"),
        (401, {}, 1, "failed"),
        (302, {"Location": "http://127.0.0.1:1/"}, 1, "failed"),
    ],
)
def test_zendesk_tries_again_only_what_it_says(
    live: Both,
    listener: Listener,
    *,
    status: int,
    headers: dict[str, str],
    attempts: int,
    state: str,
) -> None:
    listener.answers = [(status, headers)] * 9
    live.ticket()

    [entry] = settled(live, 1)

    assert (len(entry["attempts"]), entry["state"], entry["status"]) == (attempts, state, status)


def test_zendesk_tries_again_after_a_time_out_and_then_it_arrives(
    live: Both, listener: Listener
) -> None:
    live.control("PUT", "settings", {"webhook_timeout_seconds": 0.1})
    listener.pause = 0.3
    live.ticket()
    listener.waits_for(2)
    listener.pause = 0.0

    [entry] = settled(live, 1)

    assert entry["state"] == "delivered"
    assert 3 <= len(entry["attempts"]) <= 6


def test_when_nobody_listens_zendesk_loses_the_event(build: Build) -> None:
    both = build(minutehand_url="http://127.0.0.1:9")
    both.ticket()

    [entry] = settled(both, 1)

    assert (entry["state"], len(entry["attempts"])) == ("failed", 1)


def test_no_webhook_goes_to_a_public_address(build: Build) -> None:
    both = build(minutehand_url="http://203.0.114.9")
    both.ticket()

    [entry] = settled(both, 1)

    assert entry["state"] == "refused"
    assert "public address" in entry["attempts"][0]["error"]


def test_freshdesk_sends_an_id_and_a_shared_secret(live: Both, listener: Listener) -> None:
    number = live.ticket("freshdesk")

    [heard] = listener.waits_for(1)

    assert heard["path"] == "/webhooks/freshdesk"
    assert heard["headers"]["X-Minutehand-Secret"] == FRESHDESK_WEBHOOK_SECRET
    assert heard["body"] == b'{"ticket_id":"%s","event":"ticket_created"}' % number.encode()


def test_freshdesk_tells_of_replies_by_people_but_not_of_our_own_writes(
    live: Both, listener: Listener
) -> None:
    number = live.ticket("freshdesk")
    live.freshdesk("PUT", f"tickets/{number}", {"priority": 4})
    live.control("POST", f"tickets/freshdesk/{number}/reply", {"body": "On it."})
    live.control("PUT", "settings", {"freshdesk_update_webhooks": False})
    live.control("POST", f"tickets/freshdesk/{number}/reply", {"body": "Still on it."})

    heard = listener.waits_for(2)

    assert sorted(json.loads(one["body"])["event"] for one in heard) == [
        "ticket_created",
        "ticket_updated",
    ]


def test_freshdesk_tries_three_more_times_after_any_failure(live: Both, listener: Listener) -> None:
    live.control("PUT", "settings", {"freshdesk_retry_seconds": [0.01, 0.01, 0.01]})
    listener.answers = [(500, {})] * 9
    live.ticket("freshdesk")

    [entry] = settled(live, 1)

    assert (len(entry["attempts"]), entry["state"]) == (4, "failed")


def test_without_cascading_rules_only_the_first_rule_runs(live: Both, listener: Listener) -> None:
    [first] = live.freshdesk("GET", "automations/1/rules").get_json()["rules"]
    rule = {name: first[name] for name in ("conditions", "actions")}
    live.freshdesk("POST", "automations/1/rules", {"name": "Second", **rule})
    live.control("PUT", "settings", {"cascading_rules": False})
    live.ticket("freshdesk")
    live.control("PUT", "settings", {"cascading_rules": True})
    live.ticket("freshdesk")

    assert len(listener.waits_for(3)) == 3


def test_a_webhook_made_through_the_api_hears_only_what_it_subscribed_to(
    build: Build, listener: Listener
) -> None:
    both = build()
    sent = {
        "name": "Mine",
        "endpoint": f"{listener.url}/mine",
        "http_method": "POST",
        "request_format": "json",
        "subscriptions": ["zen:event-type:ticket.priority_changed"],
    }
    both.zendesk("POST", "webhooks", {"webhook": sent})
    both.update(both.ticket(), priority="low")

    [heard] = listener.waits_for(1)

    assert events([heard]) == ["priority_changed"]


def test_a_test_request_reports_what_the_endpoint_answered(
    build: Build, listener: Listener
) -> None:
    listener.answers = [(418, {})]
    sent = {"request": {"endpoint": listener.url, "payload": '{"a": 1}'}}

    answer = build().zendesk("POST", "webhooks/test", sent)

    assert answer.get_json()["response"]["status_code"] == 418
    assert listener.heard[0]["body"] == b'{"a": 1}'
