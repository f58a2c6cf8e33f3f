"""What Freshdesk's rules post, read from bytes alone."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from worker.errors import Unreadable, Unverified
from worker.events import Delivery, EventKind
from worker.helpdesks.freshdesk.inbound import FreshdeskInbound

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECRET = "blue-ibex-42"


def read(body: bytes, headers: dict[str, str] | None = None, *secrets: str) -> Delivery:
    return FreshdeskInbound().read(
        CaseInsensitiveDict({"X-Minutehand-Secret": SECRET} if headers is None else headers),
        body,
        account="acme",
        secrets=secrets or (SECRET,),
        now=NOW,
    )


def said(content: Any) -> tuple[str, EventKind]:
    event = read(json.dumps(content).encode()).event
    assert event is not None
    return event.key.id, event.kind


def basic(user: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def test_simple_content_names_the_ticket() -> None:
    assert said({"freshdesk_webhook": {"ticket_id": "295186"}}) == ("295186", EventKind.TOUCHED)


def test_advanced_content_of_a_creation_rule_is_a_new_ticket() -> None:
    assert said({"event": "ticket_created", "ticket_id": "11"}) == ("11", EventKind.CREATED)


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        ("{ticket_action:created}", EventKind.CREATED),
        ("Ticket Created", EventKind.CREATED),
        ("{status:{from:4,to:6}}", EventKind.TOUCHED),
        ("{note_type:private}", EventKind.TOUCHED),
        ("{priority:{from:1,to:4}}", EventKind.TOUCHED),
        ("", EventKind.TOUCHED),
        (None, EventKind.TOUCHED),
        ({"ticket_action": "x"}, EventKind.TOUCHED),
    ],
)
def test_only_created_is_believed_of_the_triggered_event(happened: Any, kind: EventKind) -> None:
    content = {"freshdesk_webhook": {"triggered_event": happened, "ticket_id": "11"}}
    assert said(content) == ("11", kind)


@pytest.mark.parametrize("number", ["11", 11, 11.0, "#11", "INC-11", "INC:11", " 11 ", "0011"])
def test_an_id_is_the_last_run_of_digits(number: Any) -> None:
    assert said({"ticket_id": number})[0] == "11"


@pytest.mark.parametrize(
    "content",
    [
        {"TICKET_ID": "11"},
        {"Ticket": {"Id": 11}},
        {"ticket": {"id": "11", "subject": "x"}},
        {"Freshdesk_Webhook": {"Ticket_Id": "11"}},
        {"freshdesk_webhook": {"ticket": {"id": "11"}}},
        {"ticket_id": "", "ticket": {"id": 11}},
        {"freshdesk_webhook": {"ticket_url": "https://acme.freshdesk.com/a/tickets/11?x=2"}},
        {"id": 11, "event": "ticket_updated"},
        [{"ticket_id": "11"}],
    ],
)
def test_the_id_is_found_in_any_letter_case_and_place(content: Any) -> None:
    assert said(content)[0] == "11"


@pytest.mark.parametrize(
    "number", [True, None, "", "none", [], {}, 11.5, -3, 0, "0", 10**30, "9" * 40, 1e300]
)
def test_what_is_no_id_is_unreadable(number: Any) -> None:
    with pytest.raises(Unreadable, match="ticket_id"):
        said({"ticket_id": number})


def test_a_form_with_a_ticket_id_is_accepted() -> None:
    for body in (b"ticket_id=11&event=ticket_created", b"freshdesk_webhook%5Bticket_id%5D=11"):
        event = read(body).event
        assert event is not None
        assert event.key.id == "11"


@pytest.mark.parametrize(
    "body",
    [
        b'{"ticket_id": "11", "ticket_subject": "he said "help" to me"}',
        b'{"freshdesk_webhook": {"ticket_id":"11", "event": "ticket_created"',
        b'{"ticket_id": INC-11, "x": }',
        b'{"ticket": {"id": "11", "subject": "a\nb"c"}}',
        b'{\\"ticket_id\\": \\"11\\"}',
        b'{"ticket_id": "11", "s": "\xff\xfe"x}',
        b'{"ticket_id": 11, "deep": ' + b"[" * 100_000,
    ],
)
def test_broken_json_that_shows_an_id_is_a_touched_ticket(body: bytes) -> None:
    event = read(body).event
    assert event is not None
    assert (event.key.id, event.kind) == ("11", EventKind.TOUCHED)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"11",
        b"null",
        b"[]",
        b'"x"',
        b"NaN",
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b"\xff\xfe\x00",
        b'{"ticket_id": ' + b"9" * 10_000 + b"}",
        b'{"ticket_id": Infinity}',
        b"&".join(b"a=1" for _ in range(5000)),
    ],
)
def test_a_body_without_an_id_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_invalid_utf8_and_a_byte_order_mark_do_not_hide_the_id() -> None:
    event = read(b'\xef\xbb\xbf{"ticket_id": "11", "event": "created", "s": "\xff"}').event
    assert event is not None
    assert (event.key.id, event.kind) == ("11", EventKind.CREATED)


def test_what_the_rule_says_of_the_ticket_is_not_believed() -> None:
    body = b'{"ticket_id": "11", "ticket_priority": "Urgent", "ticket_subject": "P1"}'
    event = read(body).event
    assert event is not None
    assert event.ticket is None


def test_the_same_body_is_the_same_delivery_for_a_minute() -> None:
    body = b'{"ticket_id": "11"}'
    first, second, other = read(body), read(body), read(b'{"ticket_id": "12"}')
    assert first.seen_key == second.seen_key != other.seen_key
    assert first.seen_key.startswith("freshdesk:acme:")
    assert first.seen_for == timedelta(seconds=60)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Minutehand-Secret": "  "}, {"Authorization": "Bearer x"}, {"Authorization": ""}],
)
def test_a_webhook_without_a_secret_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified) as refused:
        read(b'{"ticket_id": "11"}', headers)
    assert refused.value.reason == "missing_secret"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Minutehand-Secret": "wrong"},
        {"X-Minutehand-Secret": SECRET + "x"},
        {"X-Minutehand-Secret": SECRET.upper()},
        {"X-Minutehand-Secret": "\u2192"},
        basic("any", "wrong"),
        basic(SECRET, "X"),
    ],
)
def test_a_wrong_secret_is_refused_without_telling_it(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified) as refused:
        read(b'{"ticket_id": "11"}', headers)
    assert refused.value.reason == "bad_secret"
    assert SECRET not in str(refused.value)


def test_a_broken_basic_credential_is_a_missing_secret() -> None:
    for credential in ("%%%", "\u00e4", "eA"):
        with pytest.raises(Unverified) as refused:
            read(b'{"ticket_id": "11"}', {"Authorization": f"Basic {credential}"})
        assert refused.value.reason == "missing_secret"


def test_the_secret_is_accepted_as_basic_password_of_any_user() -> None:
    assert read(b'{"ticket_id": "11"}', basic("whoever", SECRET)).event is not None


def test_a_secret_beyond_ascii_is_accepted_as_wsgi_hands_it_over() -> None:
    secret = "gr\u00fcn"
    as_wsgi = secret.encode().decode("latin-1")
    for header in (secret, as_wsgi):
        assert read(b'{"ticket_id":1}', {"x-minutehand-secret": header}, secret).event is not None


def test_no_secret_configured_refuses_everything() -> None:
    with pytest.raises(Unverified):
        FreshdeskInbound().read(
            {"X-Minutehand-Secret": "x"}, b"{}", account="a", secrets=(), now=NOW
        )


@given(st.binary(max_size=400))
@example(b'{"ticket":[]}')
@example(b'{"freshdesk_webhook":"x","ticket":"y"}')
def test_no_bytes_raise_anything_but_unreadable(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["ticket_id", "ticket", "id", "freshdesk_webhook", "event", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_raises_anything_but_unreadable(content: Any) -> None:
    try:
        delivery = read(json.dumps(content).encode())
    except Unreadable:
        return
    assert delivery.event is not None
    assert delivery.event.key.id.isdecimal()


@given(
    st.dictionaries(
        st.sampled_from(["X-Minutehand-Secret", "Authorization", "Content-Type"]),
        st.text(max_size=60) | st.binary(max_size=40).map(lambda b: "Basic " + b.decode("latin-1")),
    )
)
def test_no_headers_raise_anything_but_unverified(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        read(b'{"ticket_id": "11"}', headers)
