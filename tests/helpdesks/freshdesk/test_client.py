"""Calls over real HTTP to a small local Freshdesk: reading."""

from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from worker.errors import Gone, MinutehandError, Permanent, Transient
from worker.helpdesks.freshdesk import Freshdesk
from worker.helpdesks.freshdesk.client import FreshdeskClient
from worker.helpdesks.freshdesk.titles import Titles
from worker.helpdesks.remembered import KEPT_SECONDS
from worker.settings import Settings
from worker.tickets import Changes, Severity, SlaState, Status
from worker.transport import Transport

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
TICKET = "/tickets/11"
KEY = "key-that-must-never-show"


def test_a_ticket_is_one_get_with_its_stats(
    desk: Any, client: FreshdeskClient, raw: Any, names: dict[str, str]
) -> None:
    desk.on(
        "GET",
        TICKET,
        desk.reply(
            content=raw(custom_fields={names["SLA severity"]: "P2", names["SLA review"]: False})
        ),
    )
    ticket = client.fetch("11")
    (asked,) = desk.of("GET", TICKET)
    assert asked.params == {"include": "stats"}
    assert base64.b64decode(asked.headers["Authorization"].split()[1]) == f"{KEY}:X".encode()
    assert (ticket.severity_field, ticket.review_field) == (Severity.P2, False)
    assert ticket.url == client.ticket_url("11") == f"{desk.url}/a/tickets/11"


def test_a_deleted_ticket_comes_with_that_status(
    desk: Any, client: FreshdeskClient, raw: Any
) -> None:
    desk.on("GET", TICKET, desk.reply(content=raw(deleted=True)))
    assert client.fetch("11").status is Status.DELETED


@pytest.mark.parametrize(
    ("status", "content", "meaning"),
    [
        (400, {"description": "Validation failed"}, (Permanent, "Validation failed")),
        (401, {"code": "invalid_credentials"}, (Permanent, "FRESHDESK_API_KEY was refused")),
        (403, {"code": "access_denied"}, (Permanent, "access_denied.*to view this ticket")),
        (404, None, (Gone, "ticket 11")),
        (405, None, (Gone, "deleted or spam")),
        (409, None, (Transient, "conflict")),
        (415, "<html>", (Permanent, "415")),
        (418, ["odd"], (Permanent, "418")),
        (429, None, (Transient, "429")),
        (500, "oops", (Transient, "500")),
        (503, None, (Transient, "503")),
        (302, None, (Permanent, "redirect")),
        (200, "<html>log in</html>", (Transient, "without JSON")),
        (200, {"id": 11}, (Transient, "created_at")),
        (200, [], (Transient, "without an id")),
    ],
)
def test_every_answer_has_its_meaning_and_shows_no_key(
    desk: Any,
    client: FreshdeskClient,
    status: int,
    content: Any,
    meaning: tuple[type[MinutehandError], str],
) -> None:
    error, words = meaning
    desk.on("GET", TICKET, desk.reply(status, content))
    with pytest.raises(error, match=words) as caught:
        client.fetch("11")
    assert KEY not in str(caught.value)
    assert desk.url not in str(caught.value)
    assert type(caught.value) is error or status == 400


def test_it_waits_as_long_as_freshdesk_asks(desk: Any, client: FreshdeskClient) -> None:
    desk.on("GET", TICKET, desk.reply(429, None, {"Retry-After": "34"}))
    with pytest.raises(Transient) as caught:
        client.fetch("11")
    assert caught.value.retry_after == 34


def test_a_slow_answer_is_given_up_in_time(desk: Any, client: FreshdeskClient) -> None:
    desk.on("GET", TICKET, desk.reply(seconds=0.5))
    with pytest.raises(Transient, match="no answer within"):
        client.fetch("11", timeout=0.1)


def test_a_closed_port_is_transient() -> None:
    with pytest.raises(Transient):
        FreshdeskClient("http://127.0.0.1:9", KEY, Transport()).fetch("11")


def test_an_id_never_becomes_another_path(desk: Any, client: FreshdeskClient) -> None:
    with pytest.raises(Gone):
        client.fetch("11/../../agents?x=1")
    assert desk.asked[-1].path == "/tickets/11%2F..%2F..%2Fagents%3Fx%3D1"


def test_the_rate_headers_are_kept(desk: Any, client: FreshdeskClient, raw: Any) -> None:
    assert client.last_rate is None
    headers = {
        "X-Ratelimit-Total": "100.0",
        "X-Ratelimit-Remaining": "42",
        "X-Ratelimit-Used-CurrentRequest": "2",
    }
    desk.on("GET", TICKET, desk.reply(200, raw(), headers))
    client.fetch("11")
    rate = client.last_rate
    assert rate is not None
    assert (rate.total, rate.remaining, rate.used) == (100, 42, 2)
    desk.on("GET", TICKET, desk.reply(200, raw(), {"X-Ratelimit-Total": "many"}))
    client.fetch("11")
    assert client.last_rate is not None
    assert client.last_rate.total is None


def test_the_fields_are_looked_up_once_however_many_threads_ask(
    desk: Any, client: FreshdeskClient, raw: Any, names: Any
) -> None:
    desk.list_fields(names, seconds=0.1)
    desk.on("GET", TICKET, desk.reply(content=raw()))
    threads = [threading.Thread(target=client.fetch, args=("11",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.of("GET", "/ticket_fields")) == 1
    assert len(desk.of("GET", TICKET)) == 6


def test_the_fields_are_looked_up_again_after_ten_minutes_and_old_ones_beat_none(
    desk: Any, client: FreshdeskClient, names: dict[str, str]
) -> None:
    now = [0.0]
    titles = Titles(client._calls, clock=lambda: now[0])
    known, calls = titles.known()
    assert (len(known.names), calls) == (5, 1)
    assert titles.known() == (known, 0)
    now[0] = KEPT_SECONDS + 1
    desk.on("GET", "/ticket_fields", desk.reply(500))
    assert titles.known() == (known, 1)
    assert titles.known() == (known, 0)
    now[0] += 61
    desk.list_fields({"SLA state": "cf_x"})
    assert list(titles.known()[0].names.values()) == ["cf_x"]


def test_fields_on_a_second_page_are_found(desk: Any, client: FreshdeskClient) -> None:
    more = {"Link": f'<{desk.url}/api/v2/ticket_fields?page=2>; rel="next"'}
    desk.on(
        "GET",
        "/ticket_fields",
        desk.reply(content=[{"label": "SLA state", "name": "cf_a"}], headers=more),
        desk.reply(content=[{"label": "SLA review", "name": "cf_b"}]),
    )
    known, calls = client._titles.known()
    assert (sorted(known.names.values()), calls) == (["cf_a", "cf_b"], 2)


def test_fields_that_cannot_be_read_yet_stop_the_reading(
    desk: Any, client: FreshdeskClient
) -> None:
    desk.on("GET", "/ticket_fields", desk.reply(503))
    with pytest.raises(Transient):
        client.fetch("11")
    desk.on("GET", "/ticket_fields", desk.reply(401))
    with pytest.raises(Permanent, match="FRESHDESK_API_KEY"):
        client.fetch("11")


def test_a_page_of_changes_is_asked_for_with_everything_in_it(
    desk: Any, client: FreshdeskClient, raw: Any
) -> None:
    desk.on("GET", "/tickets", desk.reply(content=[raw(11), raw(12, status=5)]))
    page = client.changed_since(None, start=START)
    (asked,) = desk.of("GET", "/tickets")
    assert asked.params == {
        "updated_since": "2026-11-23T09:00:00Z",
        "include": "stats,description",
        "order_by": "updated_at",
        "order_type": "asc",
        "per_page": "100",
        "page": "1",
    }
    assert [ticket.key.id for ticket in page.tickets] == ["11", "12"]
    assert not page.more
    client.changed_since(page.watermark, start=START)
    assert desk.asked[-1].params["updated_since"] == "2026-11-23T09:58:05Z"


def test_a_long_list_is_walked_to_its_end(desk: Any, client: FreshdeskClient, raw: Any) -> None:
    link = {"Link": f'<{desk.url}/api/v2/tickets?page=2>; rel="next"'}
    desk.on(
        "GET",
        "/tickets",
        desk.reply(content=[raw(1, updated_at="2026-11-23T09:30:00Z")], headers=link),
        desk.reply(content=[raw(2, updated_at="2026-11-23T09:29:59Z")], headers=link),
        desk.reply(content=[raw(3, updated_at="2026-11-23T09:31:00Z")]),
    )
    watermark, more, seen = None, True, []
    while more:
        page = client.changed_since(watermark, start=START)
        watermark, more = page.watermark, page.more
        seen += [ticket.key.id for ticket in page.tickets]
    assert seen == ["1", "2", "3"]
    asked = [
        (one.params["updated_since"], one.params["page"]) for one in desk.of("GET", "/tickets")
    ]
    assert asked == [
        ("2026-11-23T09:00:00Z", "1"),
        ("2026-11-23T09:29:59Z", "1"),
        ("2026-11-23T09:29:59Z", "2"),
    ]
    assert watermark == "2026-11-23T09:29:00Z"


def test_one_odd_ticket_does_not_stop_the_poll(
    desk: Any, client: FreshdeskClient, raw: Any
) -> None:
    odd = raw(12, created_at=None, updated_at="2026-11-23T10:30:00Z")
    desk.on("GET", "/tickets", desk.reply(content=[raw(11), odd, "x"]))
    page = client.changed_since(None, start=START)
    assert [ticket.key.id for ticket in page.tickets] == ["11"]
    assert page.watermark == "2026-11-23T10:28:00Z"
    desk.on("GET", "/tickets", desk.reply(content={"x": 1}))
    with pytest.raises(Transient):
        client.changed_since(None, start=START)


def test_ping_says_who_we_are_and_what_we_see(desk: Any, client: FreshdeskClient) -> None:
    me = {"contact": {"name": "Ann Admin", "email": "a@example.com"}, "ticket_scope": 1}
    desk.on("GET", "/agents/me", desk.reply(content=me))
    assert client.ping() == "Ann Admin (sees all tickets)"
    desk.on("GET", "/agents/me", desk.reply(content=[]))
    assert client.ping() == "unnamed agent (agent)"
    desk.on("GET", "/agents/me", desk.reply(404))
    with pytest.raises(Permanent, match="is FRESHDESK_URL") as caught:
        client.ping()
    assert not isinstance(caught.value, Gone)
    desk.on("GET", "/agents/me", desk.reply(401))
    with pytest.raises(Permanent, match="FRESHDESK_API_KEY"):
        client.ping()


def test_a_batch_is_one_put_each_and_tells_every_fault(
    desk: Any, client: FreshdeskClient, raw: Any
) -> None:
    desk.on("PUT", "/tickets/1", desk.reply(content=raw(1)))
    desk.on("PUT", "/tickets/2", desk.reply(405))
    desk.on("PUT", "/tickets/3", desk.reply(409))
    desk.on("PUT", "/tickets/4", desk.reply(content=raw(4)))
    met = Changes(state=SlaState.MET)
    faults = client.write_many((number, met) for number in "1234")
    assert faults["1"] == faults["4"] == ""
    assert "deleted or spam" in faults["2"]
    assert "3" not in faults  # in conflict: to be tried again
    assert [one.method for one in desk.asked] == ["GET", "PUT", "PUT", "PUT", "PUT"]


def test_a_batch_tells_a_refused_field(desk: Any, client: FreshdeskClient) -> None:
    error = {"field": "cf_region", "code": "missing_field", "message": "x"}
    desk.on("PUT", "/tickets/1", desk.reply(400, {"errors": [error]}))
    assert "'cf_region' is required" in client.write_many([("1", Changes(state=SlaState.MET))])["1"]


@pytest.mark.parametrize(
    ("status", "headers", "tried", "final"),
    [(429, {"Retry-After": "9"}, 1, 0), (401, {}, 1, 6), (500, {}, 3, 0)],
)
def test_a_batch_stops_when_freshdesk_cannot_take_more(
    desk: Any,
    client: FreshdeskClient,
    status: int,
    headers: dict[str, str],
    tried: int,
    final: int,
) -> None:
    for number in range(6):
        desk.on("PUT", f"/tickets/{number}", desk.reply(status, None, headers))
    faults = client.write_many((str(n), Changes(state=SlaState.MET)) for n in range(6))
    assert len(faults) == final
    assert all(faults.values())
    assert sum(one.method == "PUT" for one in desk.asked) == tried


def test_the_client_is_made_from_settings_without_a_call(desk: Any) -> None:
    settings = Settings.from_environment({"FRESHDESK_URL": desk.url, "FRESHDESK_API_KEY": KEY})
    client = Freshdesk().client(settings, Transport())
    assert desk.asked == []
    desk.on("GET", "/agents/me", desk.reply(content={"contact": {"name": "Ann"}}))
    assert client.ping() == "Ann (agent)"
