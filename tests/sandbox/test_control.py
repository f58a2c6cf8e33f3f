"""The control API, the page and the gate's faults."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Both


def test_every_write_is_kept_with_its_time_and_user(both: Both) -> None:
    number = both.ticket()
    both.update(number, priority="high")

    [write] = both.control("GET", f"tickets/zendesk/{number}")["writes"]

    assert (write["user"], write["request"]) == ("Minutehand", f"PUT /api/v2/tickets/{number}")
    assert write["body"] == {"ticket": {"priority": "high"}}


def test_a_back_dated_ticket_is_old_but_was_updated_now(both: Both) -> None:
    number = both.ticket(created_at="2026-11-20T08:00:00Z")

    ticket = both.zendesk("GET", f"tickets/{number}").get_json()["ticket"]

    assert ticket["created_at"] == "2026-11-20T08:00:00Z"
    assert ticket["updated_at"] > "2026-11-20T08:00:00Z"


@pytest.mark.parametrize(("helpdesk", "tags"), [("zendesk", ["sla_p2"]), ("freshdesk", [])])
def test_a_person_can_set_the_severity(both: Both, helpdesk: str, tags: list[str]) -> None:
    number = both.ticket(helpdesk)

    change = {"severity": "P2", "priority": "high"}
    shown = both.control("POST", f"tickets/{helpdesk}/{number}/change", change)

    assert (shown["severity"], shown["priority"], shown["tags"]) == ("P2", "high", tags)
    assert shown["writes"] == []


def test_a_follow_up_inherits_the_stale_tags_and_fields(both: Both) -> None:
    first = both.ticket()
    both.control("POST", f"tickets/zendesk/{first}/change", {"severity": "P1", "status": "closed"})

    number = both.ticket(follow_up_of=first)

    ticket = both.zendesk("GET", f"tickets/{number}").get_json()["ticket"]
    assert (ticket["tags"], ticket["status"]) == (["sla_p1"], "new")
    assert ticket["via"]["source"]["rel"] == "follow_up"


def test_a_requesters_answer_reopens_a_solved_ticket(both: Both) -> None:
    number = both.ticket()
    both.control("POST", f"tickets/zendesk/{number}/change", {"status": "solved"})

    shown = both.control(
        "POST", f"tickets/zendesk/{number}/reply", {"by": "requester", "body": "?"}
    )

    assert shown["status"] == "open"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("tickets", {"helpdesk": "intercom", "subject": "s", "body": "b"}, "helpdesk is one of"),
        ("tickets", {"helpdesk": "zendesk", "subject": "s"}, "needs a subject and a body"),
        ("tickets", {"helpdesk": "zendesk", "subjct": "s"}, "'subjct' is unknown"),
        ("tickets/zendesk/1/reply", {"body": "x", "by": "nobody"}, "by is agent"),
        ("tickets/zendesk/1/change", {"priority": "huge"}, "priority is one of"),
        ("tickets/zendesk/1/merge", {"into": "1"}, "another ticket"),
        ("tickets/zendesk/1/delete", {"kind": "burn"}, "kind is soft"),
        ("faults", {"kind": "earthquake"}, "is unknown; there are"),
    ],
)
def test_a_wrong_order_is_refused_and_says_what_to_change(
    both: Both, path: str, body: dict[str, Any], words: str
) -> None:
    both.ticket()

    answer = both.client.post(f"/sandbox/{path}", json=body)

    assert answer.status_code == 400
    assert words in answer.get_json()["error"]


def test_settings_are_all_set_or_none(both: Both) -> None:
    answer = both.client.put(
        "/sandbox/settings", json={"updates_per_minute": 5, "nonsense": 1, "job_seconds": "x"}
    )

    assert answer.status_code == 400
    assert "nonsense is not a setting" in answer.get_json()["error"]
    assert both.control("GET", "settings")["updates_per_minute"] == 3000


@pytest.mark.parametrize(
    "disguise",
    [
        {"environ_overrides": {"REMOTE_ADDR": "192.168.1.7"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Host": "rebound.example"}},
    ],
)
def test_only_this_machine_may_control(both: Both, disguise: dict[str, Any]) -> None:
    body = {"helpdesk": "zendesk", "subject": "s", "body": "b"}

    answer = both.client.post("/sandbox/tickets", json=body, **disguise)

    assert answer.status_code == 403


def test_a_form_of_a_foreign_page_cannot_make_a_ticket(both: Both) -> None:
    answer = both.client.post("/sandbox/tickets", data='{"helpdesk":"zendesk"}')

    assert answer.status_code == 400


def test_the_request_log_shows_bodies_but_no_secrets(both: Both) -> None:
    both.new_token()
    number = both.ticket()
    both.update(number, priority="low")

    log = both.control("GET", "requests?helpdesk=zendesk")["requests"]

    assert [entry["method"] for entry in log] == ["POST", "PUT"]
    assert log[0]["body"]["client_secret"] == "(hidden)"
    assert log[1]["body"] == {"ticket": {"priority": "low"}}
    assert both.token not in str(log)


@pytest.mark.parametrize(
    ("helpdesk", "kind", "status"),
    [
        ("zendesk", "429", 429),
        ("zendesk", "500", 500),
        ("zendesk", "503", 503),
        ("zendesk", "409", 409),
        ("zendesk", "422", 422),
        ("zendesk", "required_field", 422),
        ("freshdesk", "429", 429),
        ("freshdesk", "500", 500),
        ("freshdesk", "required_field", 400),
    ],
)
def test_a_fault_fails_as_often_as_it_was_told(
    both: Both, helpdesk: str, kind: str, status: int
) -> None:
    number = both.ticket(helpdesk)
    call = getattr(both, helpdesk)
    order = {"helpdesk": helpdesk, "kind": kind, "method": "GET", "path": "tickets", "times": 2}
    both.control("POST", "faults", {**order, "retry_after": 7})

    answers = [call("GET", f"tickets/{number}") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status, status, 200]
    if status in {429, 503}:
        assert answers[0].headers["Retry-After"] == "7"


def test_a_fault_spares_other_paths_and_methods_and_can_be_cleared(both: Both) -> None:
    number = both.ticket()
    order = {"helpdesk": "zendesk", "kind": "500", "method": "put", "path": "tickets"}
    both.control("POST", "faults", order)

    assert both.zendesk("GET", f"tickets/{number}").status_code == 200
    assert both.update(number, priority="low").status_code == 500
    assert both.control("GET", "faults")["faults"][0]["hits"] == 1
    both.control("DELETE", "faults")
    assert both.update(number, priority="low").status_code == 200


def test_a_share_hits_about_that_part_of_the_requests(both: Both) -> None:
    both.control("POST", "faults", {"helpdesk": "freshdesk", "kind": "500", "share": 0.5})

    statuses = [both.freshdesk("GET", "agents/me").status_code for _ in range(100)]

    assert 30 < statuses.count(500) < 70


@pytest.mark.parametrize(("kind", "priority"), [("timeout", None), ("lost_answer", "low")])
def test_a_time_out_did_nothing_and_a_lost_answer_did_it(
    both: Both, kind: str, priority: str | None
) -> None:
    number = both.ticket()
    order = {"helpdesk": "zendesk", "kind": kind, "method": "PUT", "seconds": 0.1, "times": 1}
    both.control("POST", "faults", order)
    began = time.monotonic()

    answer = both.update(number, priority="low")

    assert answer.status_code == 504
    assert time.monotonic() - began >= 0.1
    assert both.control("GET", f"tickets/zendesk/{number}")["priority"] == priority


def test_the_page_is_strict_about_scripts_and_tickets_arrive_as_text(both: Both) -> None:
    both.ticket(subject="<script>alert(1)</script>")

    page = both.client.get("/")
    markup = page.get_data(as_text=True)
    with both.client.get("/static/sandbox.js") as script:
        code = script.get_data(as_text=True)

    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script>alert" not in markup
    assert "style=" not in markup
    assert "onclick" not in markup
    assert "innerHTML" not in code


def test_links_to_a_ticket_lead_to_the_page(both: Both) -> None:
    zendesk = both.client.get("/zendesk/agent/tickets/7")
    freshdesk = both.client.get("/freshdesk/a/tickets/8")

    assert (zendesk.location, freshdesk.location) == ("/#zendesk-7", "/#freshdesk-8")
