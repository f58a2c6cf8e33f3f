"""Zendesk's webhooks as bytes: the signature first, then whatever the body has."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from worker.errors import Unreadable, Unverified
from worker.events import Delivery, EventKind
from worker.helpdesks.zendesk.inbound import ZendeskInbound, signature

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
INBOUND = ZendeskInbound()


def read(
    body: bytes, headers: dict[str, str] | None = None, *, now: datetime = NOW, **added: str
) -> Delivery:
    sent = INBOUND.sample(body, secret=SECRET, now=NOW) if headers is None else headers
    return INBOUND.read(
        CaseInsensitiveDict({**sent, **{k.replace("_", "-"): v for k, v in added.items()}}),
        body,
        account="acme",
        secrets=(SECRET,),
        now=now,
    )


def said(**body: Any) -> bytes:
    return json.dumps(body).encode()


def refusal(*arguments: Any, **named: Any) -> str:
    with pytest.raises(Unverified) as caught:
        read(*arguments, **named)
    return caught.value.reason


def test_the_signature_is_over_timestamp_and_body_with_the_secret_as_shown() -> None:
    body = b'{"type":"zen:event-type:ticket.created","id":"cbe4028c-7239-495d-b020-f22348516046"}'

    assert signature(SECRET, "2026-11-23T10:00:00Z", body) == (
        "imjP7YyVD4qlufTupQykP/IkVJFBFHw3rq6BjgrMUHo="
    )


def test_an_unsigned_body_is_refused_for_its_missing_signature() -> None:
    assert refusal(said(ticket_id=1), {}) == "missing_signature"


def test_a_body_changed_by_one_byte_is_refused() -> None:
    headers = INBOUND.sample(said(ticket_id=1), secret=SECRET, now=NOW)

    assert refusal(said(ticket_id=2), headers) == "bad_signature"


def test_a_changed_timestamp_is_refused_as_forged_and_not_as_stale() -> None:
    headers = INBOUND.sample(said(ticket_id=1), secret=SECRET, now=NOW)
    headers["X-Zendesk-Webhook-Signature-Timestamp"] = "2026-11-23T10:00:01Z"

    assert refusal(said(ticket_id=1), headers) == "bad_signature"


@pytest.mark.parametrize(("seconds", "fresh"), [(300, True), (-300, True), (301, False)])
def test_a_signature_is_fresh_for_300_seconds_either_way(seconds: int, fresh: bool) -> None:
    now = NOW + timedelta(seconds=seconds)

    if fresh:
        assert read(said(ticket_id=1), now=now).event
    else:
        assert refusal(said(ticket_id=1), now=now) == "stale"


def test_a_timestamp_that_is_no_moment_is_stale_even_when_signed() -> None:
    body = said(ticket_id=1)
    headers = {
        "X-Zendesk-Webhook-Signature-Timestamp": "yesterday",
        "X-Zendesk-Webhook-Signature": signature(SECRET, "yesterday", body),
    }

    assert refusal(body, headers) == "stale"


@pytest.mark.parametrize(
    "body",
    [
        {"ticket_id": "5158"},
        {"ticketId": 5158},
        {"ticketID": "#5158"},
        {"TICKET_ID": " 5158 "},
        {"ticket.id": "05158"},
        {"ticket": {"id": "5158"}},
        {"Ticket": {"ID": 5158}},
        {"id": 5158},
    ],
)
def test_an_admins_own_body_may_call_the_id_what_it_likes(body: dict[str, Any]) -> None:
    event = read(said(**body)).event

    assert event is not None
    assert (event.key.id, event.kind) == ("5158", EventKind.TOUCHED)


@pytest.mark.parametrize(
    "body",
    [
        said(ticket_id="0"),
        said(ticket_id=None),
        said(ticket_id=-5),
        said(ticket_id=True),
        said(ticket_id="x" * 50),
        said(ticket_id=10**30),
        b'{"ticket_id": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"NaN",
        b"\xff\xfe",
        b"",
    ],
    ids=lambda body: str(body[:20]),
)
def test_an_authentic_body_without_a_ticket_id_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_two_attempts_of_one_invocation_are_the_same_delivery() -> None:
    body = said(ticket_id=1)
    first = read(body, X_Zendesk_Webhook_Invocation_Id="01ABC")
    later = INBOUND.sample(body, secret=SECRET, now=NOW + timedelta(seconds=40))
    again = read(
        body,
        later,
        now=NOW + timedelta(seconds=40),
        X_Zendesk_Webhook_Invocation_Id="01ABC",
    )

    assert first.seen_key == again.seen_key


def test_the_same_event_delivered_by_two_invocations_is_the_same_delivery() -> None:
    body = said(type="zen:event-type:ticket.created", id="e1", subject="zen:ticket:5")
    keys = {read(body, X_Zendesk_Webhook_Invocation_Id=name).seen_key for name in ("a", "b")}

    assert len(keys) == 1


@given(st.binary(max_size=400))
def test_any_authentic_bytes_are_an_event_or_unreadable(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "detail", "event", "subject", "tags", "comment", "via"])
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(["created", "comment_added", "tags_changed", "custom_field_changed", "merged"]),
    _JSON,
    _JSON,
)
def test_any_shape_inside_an_event_is_read_or_refused(kind: str, detail: Any, event: Any) -> None:
    body = said(type=f"zen:event-type:ticket.{kind}", detail=detail, event=event, id="x")
    with contextlib.suppress(Unreadable):
        read(body)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_headers_without_the_right_signature_are_unverified(one: str, two: str) -> None:
    headers = {
        "X-Zendesk-Webhook-Signature": one,
        "X-Zendesk-Webhook-Signature-Timestamp": two,
    }
    with pytest.raises(Unverified):
        read(b"{}", headers)
