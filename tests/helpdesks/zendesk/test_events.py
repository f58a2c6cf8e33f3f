"""What an event says beyond which ticket: every kind, every spelling that was seen."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from worker.errors import Unreadable
from worker.events import Delivery, Event, EventKind
from worker.helpdesks.zendesk.inbound import INVOCATION, ZendeskInbound
from worker.tickets import Severity, Status, Ticket

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DETAIL = {"id": "5158", "created_at": "2026-11-23T09:58:00Z"}


def read(body: bytes, now: datetime = NOW, **changed: str | None) -> Delivery:
    headers = ZendeskInbound().sample(body, secret="s", now=now) | changed
    kept = {name: value for name, value in headers.items() if value is not None}
    return ZendeskInbound().read(
        CaseInsensitiveDict(kept), body, account="acme", secrets=("s",), now=NOW
    )


def event(name: str, said: Any = None, detail: Any = None, **envelope: Any) -> Event:
    content = {
        "type": f"zen:event-type:ticket.{name}",
        "subject": "zen:ticket:5158",
        "detail": DETAIL | (detail or {}),
        "event": said,
        **envelope,
    }
    found = read(json.dumps(content).encode()).event
    assert found is not None
    return found


def ticket(**detail: Any) -> Ticket:
    found = event("created", None, detail).ticket
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("created", EventKind.CREATED),
        ("comment_added", EventKind.COMMENT),
        ("status_changed", EventKind.STATUS),
        ("priority_changed", EventKind.PRIORITY),
        ("custom_field_changed", EventKind.FIELD),
        ("tags_changed", EventKind.TAGS),
        ("merged", EventKind.MERGED),
        ("soft_deleted", EventKind.DELETED),
        ("permanently_deleted", EventKind.DELETED),
        ("marked_as_spam", EventKind.SPAM),
        ("undeleted", EventKind.TOUCHED),
    ],
)
@pytest.mark.parametrize("odd", [None, [], "x", 1, {"comment": 7, "custom_field": "x"}])
def test_a_kind_is_understood_even_when_its_particulars_are_odd(
    name: str, kind: EventKind, odd: Any
) -> None:
    found = event(name, odd)

    assert (found.kind, found.key.id) == (kind, "5158")


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("NEW", Status.OPEN),
        ("Hold", Status.OPEN),
        ("in review", Status.OPEN),
        (None, Status.OPEN),
        ("PENDING", Status.PENDING),
        ("solved", Status.SOLVED),
        ("Closed", Status.CLOSED),
        ("deleted", Status.DELETED),
    ],
)
def test_a_status_is_read_in_any_letter_case(status: Any, ours: Status) -> None:
    assert ticket(status=status).status is ours


@pytest.mark.parametrize("tags", [["vip", "sla_p2", "sla_review"], "vip sla_p2 sla_review"])
def test_tags_show_the_severity_and_the_review(tags: Any) -> None:
    found = ticket(tags=tags)

    assert found.tags == ("vip", "sla_p2", "sla_review")
    assert (found.severity_field, found.review_field) == (Severity.P2, True)


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        ({"channel": "web", "source": {"rel": "follow_up"}}, True),
        ({"channel": "follow_up"}, True),
        ({"channel": "web", "source": {"rel": None}}, False),
        ({"channel": "web", "source": "x"}, False),
        ("web", False),
    ],
)
def test_a_follow_up_is_known_by_its_via(via: Any, *, expected: bool) -> None:
    assert ticket(via=via).follow_up is expected


@pytest.mark.parametrize(("submitter", "opened"), [("7", False), (8, True), ("0", False)])
def test_a_ticket_that_another_submitted_was_opened_by_an_agent(
    submitter: Any, *, opened: bool
) -> None:
    assert ticket(requester_id=7, submitter_id=submitter).opened_by_agent is opened


@pytest.mark.parametrize("moment", ["2026-11-23T11:58:00+02:00", "2026-11-23T09:58:00.000000000Z"])
def test_a_moment_has_any_offset_and_any_number_of_decimals(moment: str) -> None:
    found = event("created", None, {"created_at": moment}, time=moment)

    assert found.ticket is not None
    assert found.ticket.created_at == found.happened_at == datetime(2026, 11, 23, 9, 58, tzinfo=UTC)


@pytest.mark.parametrize("moment", [None, "", "soon", 5, "0001-01-01T00:00:00+23:00"])
def test_a_ticket_without_a_moment_of_creation_must_be_fetched(moment: Any) -> None:
    found = event("created", None, {"created_at": moment})

    assert found.ticket is None
    assert found.needs_reading


@pytest.mark.parametrize(
    ("public", "staff", "expected"),
    [(True, "true", (True, True)), ("True", False, (True, False)), (None, True, (False, True))],
)
def test_a_comment_is_public_and_by_an_agent_only_when_it_says_so(
    public: Any, staff: Any, expected: tuple[bool, bool]
) -> None:
    author = {"id": "9", "is_staff": staff, "name": "Ann"}
    found = event("comment_added", {"comment": {"is_public": public, "author": author}}).comment

    assert found is not None
    assert (found.public, found.by_agent) == expected
    assert (found.author, found.author_name) == ("9", "Ann")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"custom_field": {"title": "Team", "id": 5}, "current": "x"}, ("Team", None, "x")),
        ({"custom_field": {"id": 5}, "previous": {"value": True}}, ("5", "True", None)),
        (
            {"custom_field": {"title": "sla REVIEW "}, "current": False},
            ("SLA review", None, "False"),
        ),
        ({"custom_field": {"id": 5}, "previous": "sla_p1"}, ("SLA severity", "P1", None)),
        (
            {"custom_field": {"title": "SLA severity"}, "current": "odd"},
            ("SLA severity", None, None),
        ),
    ],
)
def test_a_field_goes_by_its_title_else_by_its_number(said: Any, told: tuple[Any, ...]) -> None:
    found = event("custom_field_changed", said)

    assert (found.field, found.was, found.now) == told


@pytest.mark.parametrize("spelling", ["tags_{}", "{}"])
def test_tags_come_and_go_under_either_spelling(spelling: str) -> None:
    said = {spelling.format("added"): ["a", "b"], spelling.format("removed"): "c d"}
    found = event("tags_changed", said)

    assert (found.tags_added, found.tags_removed) == (("a", "b"), ("c", "d"))


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        ("created", EventKind.CREATED),
        ("Ticket Created", EventKind.CREATED),
        ("updated", EventKind.TOUCHED),
        (None, EventKind.TOUCHED),
        (["x"], EventKind.TOUCHED),
    ],
)
def test_an_admins_own_body_may_say_that_the_ticket_is_new(happened: Any, kind: EventKind) -> None:
    found = read(json.dumps({"ticket_id": "5158", "event": happened}).encode()).event

    assert found is not None
    assert (found.kind, found.ticket) == (kind, None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ticket_id": "5158", "title": "he said "no" to me"}',
        b'{"title": "a\nb", "ticket_id": 5158}',
        b'{"ticket": {"id": 5158, "title": "',
        b'\xff{"ticket_id": "5158"}',
        b"ticket_id=5158",
    ],
)
def test_a_customers_words_may_break_the_json_and_the_ticket_is_still_found(body: bytes) -> None:
    found = read(body).event

    assert found is not None
    assert (found.key.id, found.kind) == ("5158", EventKind.TOUCHED)


def test_an_event_without_id_is_known_again_by_its_bytes() -> None:
    body = b'{"type": "zen:event-type:ticket.created", "subject": "zen:ticket:5158"}'

    assert read(body).seen_key == read(body, NOW.replace(minute=1)).seen_key
    assert read(body).seen_key != read(body + b" ").seen_key


def test_without_an_invocation_the_same_bytes_of_the_same_moment_are_the_same() -> None:
    first, again, later = (
        read(b'{"ticket_id": 5158}', NOW.replace(minute=minute), **{INVOCATION: None}).seen_key
        for minute in (0, 0, 1)
    )

    assert first == again != later


@pytest.mark.parametrize(
    ("content", "header", "account"),
    [({"account_id": 42}, "43", "42"), ({}, "43", None), ({}, None, None)],
)
def test_the_accounts_number_is_that_of_the_body_else_of_the_header(
    content: Any, header: str | None, account: str | None
) -> None:
    said = {"type": "zen:event-type:ticket.created", "subject": "zen:ticket:5158"} | content

    assert read(json.dumps(said).encode(), **{"X-Zendesk-Account-Id": header}).account_id == account


@pytest.mark.parametrize("depth", [*range(880, 1010, 3), 50_000])
@pytest.mark.parametrize("place", ["id", "time", "event", "detail"])
def test_no_depth_of_nesting_escapes_as_another_error(depth: int, place: str) -> None:
    nested = "[" * depth + "]" * depth
    body = f'{{"type":"zen:event-type:ticket.merged","ticket_id":"5158","{place}":{nested}}}'

    with contextlib.suppress(Unreadable):
        read(body.encode())
