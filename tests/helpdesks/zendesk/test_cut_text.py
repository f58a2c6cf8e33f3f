"""Half an emoji, where somebody cut a text: JSON allows it, no store can keep it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict
from vendor import Reply, Vendor

from worker.errors import Unverified
from worker.events import Delivery
from worker.helpdesks.zendesk.client import ZendeskClient
from worker.helpdesks.zendesk.inbound import SIGNATURE, TIMESTAMP, ZendeskInbound

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HALF = "cut \ud83d"
DETAIL = {"id": "5158", "created_at": "2026-11-23T10:00:00Z"}


def read(content: Any, **added: str) -> Delivery:
    body = json.dumps(content).encode()
    headers = ZendeskInbound().sample(body, secret="s", now=NOW) | added
    return ZendeskInbound().read(
        CaseInsensitiveDict(headers), body, account="acme", secrets=("s",), now=NOW
    )


@pytest.mark.parametrize(
    "content",
    [
        {"type": "zen:event-type:ticket.created", "id": HALF, "detail": DETAIL},
        {
            "type": "zen:event-type:ticket.comment_added",
            "id": "e1",
            "detail": DETAIL | {"subject": HALF, "description": HALF, "tags": [HALF]},
            "event": {"comment": {"body": HALF, "author": {"name": HALF}}},
        },
        {
            "type": "zen:event-type:ticket.custom_field_changed",
            "id": "e1",
            "detail": DETAIL,
            "event": {"custom_field": {"title": HALF}, "current": HALF, "previous": HALF},
        },
        {"type": f"zen:event-type:{HALF}"},
        {"ticket_id": "5158", "event": HALF},
    ],
)
def test_it_never_keeps_a_delivery_from_being_stored(content: Any) -> None:
    delivery = read(content)

    assert delivery.model_dump_json().encode()
    assert delivery.seen_key.encode()


def test_a_whole_emoji_and_a_backslash_are_kept() -> None:
    detail = DETAIL | {"subject": "Down \U0001f525", "description": "\\ud83d"}
    event = read({"type": "zen:event-type:ticket.created", "detail": detail}).event

    assert event is not None
    assert event.ticket is not None
    assert (event.ticket.subject, event.ticket.body) == ("Down \U0001f525", "\\ud83d")


def test_it_never_keeps_a_ticket_from_being_stored(
    desk: Vendor, client: ZendeskClient, raw: Callable[..., dict[str, Any]]
) -> None:
    metric = {"reply_time_in_minutes": {"calendar": None}}
    ticket = raw(subject=HALF, tags=[HALF], metric_set=metric)
    desk.on("GET", "/tickets/5158", Reply(content={"ticket": ticket}))

    assert '"cut ?"' in client.fetch("5158").model_dump_json()


@pytest.mark.parametrize("header", [SIGNATURE, TIMESTAMP])
def test_in_a_header_it_is_a_forgery(header: str) -> None:
    with pytest.raises(Unverified) as refused:
        read({"ticket_id": "5158"}, **{header: "\ud83d"})

    assert refused.value.reason == "bad_signature"
