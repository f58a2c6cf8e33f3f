"""The first public agent reply, when Zendesk's answer brings no metrics: its comments tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from vendor import Reply, Vendor

from worker.errors import Transient
from worker.helpdesks.zendesk.client import ZendeskClient

CREATED = datetime.fromisoformat("2026-11-23T10:00:00Z")
TICKET, COMMENTS = "/tickets/5158", "/tickets/5158/comments"
REQUESTER, AGENT, ADMIN, UNKNOWN = 7001, 8, 9, 12
USERS = [
    {"id": REQUESTER, "role": "end-user"},
    {"id": AGENT, "role": "agent"},
    {"id": ADMIN, "role": "admin"},
]
Raw = Callable[..., dict[str, Any]]


def comment(minute: int, author: int, *, public: bool = True) -> dict[str, Any]:
    moment = f"2026-11-23T10:{minute:02}:00Z"
    return {"created_at": moment, "author_id": author, "public": public}


def replied(desk: Vendor, client: ZendeskClient, ticket: Any, comments: Any) -> int | None:
    """Minutes from creation to the reply that was found, or None."""
    desk.on("GET", TICKET, Reply(content={"ticket": ticket}))
    desk.on("GET", COMMENTS, Reply(content={"comments": comments, "users": USERS}))
    found = client.fetch("5158").first_response_at
    return None if found is None else (found - CREATED) // timedelta(minutes=1)


@pytest.mark.parametrize(
    ("comments", "minutes"),
    [
        ([], None),
        ([comment(0, REQUESTER)], None),
        ([comment(0, REQUESTER), comment(5, AGENT)], 5),
        ([comment(9, ADMIN), comment(5, AGENT), comment(0, REQUESTER)], 5),
        ([comment(0, REQUESTER), comment(3, AGENT, public=False), comment(5, ADMIN)], 5),
        ([comment(0, REQUESTER), comment(3, REQUESTER), comment(4, UNKNOWN)], None),
        (["x", {"created_at": "soon"}, None], None),
        (None, None),
    ],
)
def test_only_a_public_comment_by_staff_is_a_reply(
    desk: Vendor, client: ZendeskClient, raw: Raw, comments: Any, minutes: int | None
) -> None:
    assert replied(desk, client, raw(), comments) == minutes
    assert desk.of("GET", COMMENTS)[0].params == {"include": "users"}


@pytest.mark.parametrize(
    ("comments", "minutes"),
    [([comment(0, AGENT)], None), ([comment(0, AGENT), comment(5, AGENT)], 5)],
)
def test_the_comment_with_which_an_agent_opened_the_ticket_is_no_reply(
    desk: Vendor, client: ZendeskClient, raw: Raw, comments: Any, minutes: int | None
) -> None:
    assert replied(desk, client, raw(submitter_id=AGENT), comments) == minutes


def test_staff_who_asked_do_not_answer_themselves(
    desk: Vendor, client: ZendeskClient, raw: Raw
) -> None:
    comments = [comment(0, AGENT), comment(5, AGENT)]

    assert replied(desk, client, raw(requester_id=AGENT), comments) is None


@pytest.mark.parametrize("status", ["solved", "closed", "deleted"])
def test_nobody_waits_on_a_ticket_that_is_over_so_its_comments_are_not_read(
    desk: Vendor, client: ZendeskClient, raw: Raw, status: str
) -> None:
    replied(desk, client, raw(status=status), [])

    assert desk.of("GET", COMMENTS) == []


def test_metrics_that_say_no_reply_are_believed(
    desk: Vendor, client: ZendeskClient, raw: Raw
) -> None:
    metric = {"ticket_id": 5158, "reply_time_in_minutes": {"calendar": None}}

    assert replied(desk, client, raw(metric_set=metric), [comment(0, 1), comment(5, AGENT)]) is None
    assert desk.of("GET", COMMENTS) == []


def test_comments_that_cannot_be_read_are_no_proof_of_silence(
    desk: Vendor, client: ZendeskClient, raw: Raw
) -> None:
    desk.on("GET", TICKET, Reply(content={"ticket": raw()}))
    desk.on("GET", COMMENTS, Reply(503))

    with pytest.raises(Transient):
        client.fetch("5158")


def test_comments_that_may_not_be_read_tell_of_no_reply_and_drop_no_ticket(
    desk: Any, client: ZendeskClient, raw: Any
) -> None:
    for status in (403, 404):
        desk.on("GET", "/tickets/5158", Reply(content={"ticket": raw()}))
        desk.on("GET", "/tickets/5158/comments", Reply(status))

        assert client.fetch("5158").first_response_at is None
