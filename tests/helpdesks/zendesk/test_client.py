"""Zendesk's API client against a local server: what it sends, and what each answer means."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from vendor import Reply, Vendor

from worker.errors import Gone, Permanent, Transient
from worker.helpdesks.zendesk import batch
from worker.helpdesks.zendesk.client import ZendeskClient
from worker.helpdesks.zendesk.token import ApiToken, OAuth
from worker.tickets import Changes, Severity, SlaState, Status
from worker.transport import Transport

CREATED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TICKET = "/tickets/5158"
EVERYTHING = Changes(
    severity=Severity.P1,
    priority=Severity.P1,
    deadline=datetime(2026, 11, 23, 10, 45, tzinfo=UTC),
    state=SlaState.ON_TRACK,
    review=True,
    meta_dependency=False,
    note="Why: <b>down</b>",
)
Raw = Callable[..., dict[str, Any]]


def test_everything_goes_in_one_update_and_never_as_tags(
    desk: Vendor, client: ZendeskClient
) -> None:
    receipt = client.write("5158", EVERYTHING)

    (asked,) = desk.of("PUT", TICKET)
    assert asked.body == {
        "ticket": {
            "priority": "urgent",
            "custom_fields": [
                {"id": 360, "value": "sla_p1"},
                {"id": 361, "value": "2026-11-23T10:45:00Z"},
                {"id": 362, "value": "sla_on_track"},
                {"id": 363, "value": True},
                {"id": 364, "value": False},
            ],
            "comment": {"body": "Why: <b>down</b>", "public": False},
        }
    }
    assert receipt.written == EVERYTHING
    assert receipt.said == ()


@pytest.mark.parametrize(
    ("severity", "word"),
    [("P1", "urgent"), ("P2", "high"), ("P3", "normal"), ("P4", "low")],
)
def test_a_severity_is_its_own_priority(
    desk: Vendor, client: ZendeskClient, severity: str, word: str
) -> None:
    client.write("5158", Changes(priority=Severity(severity)))

    assert desk.of("PUT", TICKET)[0].body["ticket"] == {"priority": word}


def test_a_missing_field_is_said_once_and_the_rest_is_written(
    desk: Any, client: ZendeskClient
) -> None:
    desk.list_fields({"sla  SEVERITY ": 360})

    first = client.write("5158", EVERYTHING)
    second = client.write("5158", EVERYTHING)

    assert desk.of("PUT", TICKET)[0].body["ticket"]["custom_fields"] == [
        {"id": 360, "value": "sla_p1"}
    ]
    assert first.written.severity is Severity.P1
    assert first.written.deadline is None
    assert len(first.said) == 4
    assert second.said == ()


def test_nothing_to_write_makes_no_call(desk: Any, client: ZendeskClient) -> None:
    desk.list_fields({})

    client.write("5158", Changes(state=SlaState.NEAR))

    assert desk.of("PUT", TICKET) == []


def test_fields_that_may_not_be_listed_leave_the_priority(desk: Any, client: ZendeskClient) -> None:
    desk.on("GET", "/ticket_fields", Reply(403, {"error": "Forbidden"}))

    receipt = client.write("5158", EVERYTHING)

    assert "custom_fields" not in desk.of("PUT", TICKET)[0].body["ticket"]
    assert receipt.written.priority is Severity.P1
    assert "not allowed" in receipt.said[0]


def test_a_field_whose_id_changed_is_looked_up_again_and_the_update_repeated(
    desk: Any, client: ZendeskClient
) -> None:
    desk.on("PUT", TICKET, Reply(422, {"error": "RecordInvalid"}), Reply(content={"ticket": {}}))
    client._titles.known()
    desk.list_fields({"SLA severity": 999})

    receipt = client.write("5158", Changes(severity=Severity.P2))

    assert desk.of("PUT", TICKET)[1].body["ticket"]["custom_fields"][0]["id"] == 999
    assert receipt.written.severity is Severity.P2


def test_a_ticket_is_read_with_its_metrics_and_our_fields(
    desk: Vendor, client: ZendeskClient, raw: Raw
) -> None:
    fields = [{"id": 360, "value": "sla_p2"}, {"id": 363, "value": True}]
    metric = {"ticket_id": 5158, "reply_time_in_minutes": {"calendar": 7, "business": 0}}
    desk.on(
        "GET",
        TICKET,
        Reply(
            content={
                "ticket": raw(custom_fields=fields, priority="HIGH", status="pending"),
                "metric_sets": [metric],
            }
        ),
    )

    ticket = client.fetch("5158")

    assert desk.of("GET", TICKET)[0].params == {"include": "metric_sets"}
    assert ticket.first_response_at == CREATED.replace(minute=7)
    assert (ticket.severity_field, ticket.priority) == (Severity.P2, Severity.P2)
    assert ticket.review_field is True
    assert ticket.status is Status.PENDING
    assert ticket.source == "email"
    assert ticket.url == f"{desk.url}/agent/tickets/5158"


def test_a_reply_metric_inside_the_ticket_is_read_too_and_null_means_no_reply(
    desk: Vendor, client: ZendeskClient, raw: Raw
) -> None:
    inside = raw(metric_set={"reply_time_in_minutes": {"calendar": 0}})
    waiting = raw(metric_set={"reply_time_in_minutes": {"calendar": None}})
    desk.on("GET", TICKET, Reply(content={"ticket": inside}), Reply(content={"ticket": waiting}))

    assert client.fetch("5158").first_response_at == CREATED
    assert client.fetch("5158").first_response_at is None


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (404, {"error": "RecordNotFound", "description": "Not found"}, Gone),
        (410, None, Gone),
        (
            422,
            {"details": {"status": [{"description": "Status: closed prevents ticket update"}]}},
            Gone,
        ),
        (422, {"error": "RecordInvalid", "description": "Record validation errors"}, Permanent),
        (403, {"error": "Forbidden"}, Permanent),
        (400, None, Permanent),
        (409, {"error": "UpdateConflict"}, Transient),
        (429, None, Transient),
        (500, "<html>", Transient),
        (503, None, Transient),
        (200, "no JSON", Transient),
    ],
)
def test_every_refusal_says_whether_to_try_again(
    desk: Vendor,
    client: ZendeskClient,
    status: int,
    content: Any,
    error: type[Exception],
) -> None:
    desk.on("PUT", TICKET, Reply(status, content))

    with pytest.raises(error) as caught:
        client.write("5158", Changes(priority=Severity.P1))

    assert isinstance(caught.value, Gone) is (error is Gone)
    assert "5158" in str(caught.value)


def test_a_429_hands_on_how_long_to_wait(desk: Vendor, client: ZendeskClient) -> None:
    desk.on("PUT", TICKET, Reply(429, None, {"Retry-After": "34"}))

    with pytest.raises(Transient) as caught:
        client.write("5158", Changes(priority=Severity.P1))

    assert caught.value.retry_after == 34


def test_a_time_out_may_be_tried_again(desk: Vendor, client: ZendeskClient, raw: Raw) -> None:
    client._titles.known()
    desk.on("GET", TICKET, Reply(content={"ticket": raw()}, seconds=0.6))

    with pytest.raises(Transient, match="no answer within"):
        client.fetch("5158", timeout=0.2)


def test_a_token_is_minted_once_and_used_by_all_threads(desk: Any, client: ZendeskClient) -> None:
    threads = [
        threading.Thread(target=client.write, args=["5158", Changes(priority=Severity.P1)])
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert desk.sign_ins() == 1
    assert {one.headers["Authorization"] for one in desk.of("PUT", TICKET)} == {"Bearer t1"}


def test_a_401_in_the_middle_of_work_renews_the_token_once(
    desk: Any, client: ZendeskClient
) -> None:
    desk.on(
        "POST",
        "/oauth/tokens",
        Reply(content={"access_token": "t1", "expires_in": 1800}),
        Reply(content={"access_token": "t2", "expires_in": 1800}),
    )
    desk.on("PUT", TICKET, Reply(401, {"error": "invalid_token"}), Reply(content={"ticket": {}}))

    client.write("5158", Changes(priority=Severity.P1))

    assert desk.of("PUT", TICKET)[1].headers["Authorization"] == "Bearer t2"
    assert desk.sign_ins() == 2


def test_a_401_that_stays_is_final_and_says_what_to_check(desk: Any, client: ZendeskClient) -> None:
    desk.on("PUT", TICKET, Reply(401, None))

    with pytest.raises(Permanent, match="ZENDESK_CLIENT_ID"):
        client.write("5158", Changes(priority=Severity.P1))

    assert desk.sign_ins() == 2


def test_a_token_is_renewed_before_it_ends(desk: Any) -> None:
    seconds = [0.0]
    sign_in = OAuth(desk.url, "id", "s", Transport(), clock=lambda: seconds[0])

    sign_in.header()
    seconds[0] = 1739.0
    sign_in.header()
    assert desk.sign_ins() == 1
    seconds[0] = 1741.0
    sign_in.header()
    assert desk.sign_ins() == 2


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(401, {"error": "invalid_client"}), Permanent),
        (Reply(503, None), Transient),
        (Reply(200, "hello"), Transient),
        (Reply(200, {"token": "x"}), Transient),
    ],
)
def test_a_sign_in_that_fails_never_shows_the_secret(
    desk: Vendor, client: ZendeskClient, reply: Reply, error: type[Exception]
) -> None:
    desk.on("POST", "/oauth/tokens", reply)

    with pytest.raises(error) as caught:
        client.write("5158", Changes(priority=Severity.P1))

    assert "must-never-show" not in str(caught.value)


def test_the_legacy_token_signs_in_by_basic_authentication(desk: Any) -> None:
    client = ZendeskClient(desk.url, ApiToken("ann@acme.test", "tok"), Transport())

    client.write("5158", Changes(priority=Severity.P1))

    assert desk.of("PUT", TICKET)[0].headers["Authorization"] == (
        "Basic YW5uQGFjbWUudGVzdC90b2tlbjp0b2s="
    )
    assert desk.sign_ins() == 0


def test_many_tickets_go_in_one_call_and_each_result_is_looked_at(
    desk: Vendor, client: ZendeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "PAUSE", 0.0)
    desk.on(
        "PUT",
        "/tickets/update_many",
        Reply(content={"job_status": {"id": "J", "status": "queued"}}),
    )
    done = {
        "id": "J",
        "status": "completed",
        "results": [
            {"id": 1, "success": True},
            {"id": 2, "success": False, "error": "TicketUpdateFailed", "details": "closed"},
        ],
    }
    desk.on(
        "GET",
        "/job_statuses/J",
        Reply(content={"job_status": {"id": "J", "status": "working"}}),
        Reply(content={"job_status": done}),
    )
    met = Changes(state=SlaState.MET)

    faults = client.write_many([("1", met), ("2", met)])

    assert desk.of("PUT", "/tickets/update_many")[0].body == {
        "tickets": [
            {"id": 1, "custom_fields": [{"id": 362, "value": "sla_met"}]},
            {"id": 2, "custom_fields": [{"id": 362, "value": "sla_met"}]},
        ]
    }
    assert faults == {"1": "", "2": "closed"}


def test_one_ticket_of_a_batch_is_a_plain_update(desk: Vendor, client: ZendeskClient) -> None:
    assert client.write_many([("5158", Changes(state=SlaState.MET))]) == {"5158": ""}
    assert len(desk.of("PUT", TICKET)) == 1


def test_a_batch_that_is_refused_names_every_ticket(desk: Vendor, client: ZendeskClient) -> None:
    desk.on("PUT", "/tickets/update_many", Reply(403, None))
    met = Changes(state=SlaState.MET)

    faults = client.write_many([("1", met), ("2", met)])

    assert set(faults) == {"1", "2"}
    assert all("not allowed" in fault for fault in faults.values())


def test_a_poll_starts_at_a_moment_and_goes_on_by_cursor(
    desk: Vendor, client: ZendeskClient, raw: Raw
) -> None:
    path = "/incremental/tickets/cursor"
    metric = {"ticket_id": 2, "reply_time_in_minutes": {"calendar": 3}}
    desk.on(
        "GET",
        path,
        Reply(
            content={
                "tickets": [raw(1), {"id": 9}, raw(2, status="deleted")],
                "metric_sets": [metric],
                "after_cursor": "abc==",
                "end_of_stream": False,
            }
        ),
        Reply(content={"tickets": [], "after_cursor": None, "end_of_stream": True}),
    )

    first = client.changed_since(None, start=CREATED)
    second = client.changed_since(first.watermark, start=CREATED)

    assert desk.of("GET", path)[0].params["start_time"] == str(int(CREATED.timestamp()))
    assert desk.of("GET", path)[1].params["cursor"] == "abc=="
    assert [ticket.key.id for ticket in first.tickets] == ["1", "2"]
    assert first.tickets[1].status is Status.DELETED
    assert first.tickets[1].first_response_at is not None
    assert first.more
    assert not second.more
    assert second.watermark == first.watermark


def test_a_poll_without_admin_rights_says_so(desk: Vendor, client: ZendeskClient) -> None:
    desk.on("GET", "/incremental/tickets/cursor", Reply(403, None))

    with pytest.raises(Permanent, match="admin"):
        client.changed_since(None, start=CREATED)


def test_ping_says_who_we_are(desk: Vendor, client: ZendeskClient) -> None:
    desk.on("GET", "/users/me", Reply(content={"user": {"name": "Ann", "role": "admin"}}))

    assert client.ping() == "Ann (admin)"


def test_both_spellings_of_the_rate_headers_are_kept(desk: Vendor, client: ZendeskClient) -> None:
    headers = {
        "x-rate-limit": "700",
        "x-rate-limit-remaining": "699",
        "zendesk-rate-limit-tickets-update": "total=100; remaining=97; resets=59",
    }
    desk.on("PUT", TICKET, Reply(content={"ticket": {}}, headers=headers))

    client.write("5158", Changes(priority=Severity.P1))

    assert client.last_rate is not None
    assert client.last_rate.model_dump() == {
        "limit": 700,
        "remaining": 699,
        "updates_total": 100,
        "updates_remaining": 97,
    }
