"""Freshdesk answers as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Both


def codes(answer: Any) -> dict[str, str]:
    return {fault["field"]: fault["code"] for fault in answer.get_json()["errors"]}


@pytest.mark.parametrize("auth", [None, ("guess", "X"), ("", "X")])
def test_a_wrong_key_is_401_invalid_credentials(both: Both, auth: Any) -> None:
    answer = both.client.get("/freshdesk/api/v2/agents/me", auth=auth)

    assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_credentials")


def test_a_new_ticket_has_no_due_times_and_gets_them_later(both: Both) -> None:
    number = both.ticket("freshdesk")
    young = both.freshdesk("GET", f"tickets/{number}").get_json()
    both.control("PUT", "settings", {"freshdesk_due_seconds": 0})
    older = both.freshdesk("GET", f"tickets/{number}").get_json()

    assert (young["fr_due_by"], young["due_by"], young["priority"]) == (None, None, 1)
    assert older["fr_due_by"].endswith("Z")


def test_an_update_replaces_tags_and_merges_custom_fields(both: Both) -> None:
    number = both.ticket("freshdesk", tags=["vip"])
    both.freshdesk("PUT", f"tickets/{number}", {"custom_fields": {"cf_sla_severity": "P2"}})

    body = both.freshdesk(
        "PUT",
        f"tickets/{number}",
        {"priority": 4, "tags": ["sla_p2"], "custom_fields": {"cf_sla_review": True}},
    ).get_json()

    assert (body["priority"], body["tags"]) == (4, ["sla_p2"])
    assert body["custom_fields"]["cf_sla_severity"] == "P2"
    assert body["custom_fields"]["cf_sla_review"] is True


def test_everything_wrong_with_an_update_is_said_at_once_and_nothing_is_written(
    both: Both,
) -> None:
    number = both.ticket("freshdesk")
    wrong = {
        "priority": 9,
        "status": "open",
        "severity": "P1",
        "custom_fields": {"cf_sla_severity": "P9", "cf_stranger": 1},
    }

    answer = both.freshdesk("PUT", f"tickets/{number}", wrong)

    assert answer.status_code == 400
    assert codes(answer) == {
        "priority": "invalid_value",
        "status": "datatype_mismatch",
        "severity": "invalid_field",
        "cf_sla_severity": "invalid_value",
        "cf_stranger": "invalid_field",
    }
    assert both.control("GET", f"tickets/freshdesk/{number}")["writes"] == []


@pytest.mark.parametrize("kind", ["soft", "spam"])
def test_a_ticket_in_the_trash_or_spam_refuses_an_update_with_405(both: Both, kind: str) -> None:
    number = both.ticket("freshdesk")
    both.control("POST", f"tickets/freshdesk/{number}/delete", {"kind": kind})

    assert both.freshdesk("PUT", f"tickets/{number}", {"priority": 4}).status_code == 405
    assert both.freshdesk("GET", f"tickets/{number}").status_code == 200


def test_a_permanently_deleted_ticket_is_404(both: Both) -> None:
    number = both.ticket("freshdesk")
    both.control("POST", f"tickets/freshdesk/{number}/delete", {"kind": "permanent"})

    assert both.freshdesk("GET", f"tickets/{number}").status_code == 404


def test_first_responded_at_is_null_until_an_agents_reply(both: Both) -> None:
    number = both.ticket("freshdesk")
    seen = []
    for by, public in (("requester", True), ("agent", False), ("bot", True), ("agent", True)):
        reply = {"by": by, "public": public, "body": "hello"}
        both.control("POST", f"tickets/freshdesk/{number}/reply", reply)
        body = both.freshdesk("GET", f"tickets/{number}?include=stats").get_json()
        seen.append(body["stats"]["first_responded_at"])

    assert seen[:3] == [None, None, None]
    assert seen[3].endswith("Z")


def test_a_note_is_private_and_no_reply_and_its_html_has_a_text_form(both: Both) -> None:
    number = both.ticket("freshdesk")

    made = both.freshdesk("POST", f"tickets/{number}/notes", {"body": "<b>P1</b> &amp; due"})
    talk = both.freshdesk("GET", f"tickets/{number}/conversations").get_json()

    assert made.status_code == 201
    assert (talk[0]["private"], talk[0]["source"], talk[0]["body_text"]) == (True, 2, "P1 & due")


def test_a_reply_through_the_api_is_public(both: Both) -> None:
    number = both.ticket("freshdesk")

    made = both.freshdesk("POST", f"tickets/{number}/reply", {"body": "hello"}).get_json()

    assert (made["private"], made["source"], made["incoming"]) == (False, 0, False)


def test_a_list_pages_with_a_link_and_needs_an_include_for_stats(both: Both) -> None:
    numbers = [int(both.ticket("freshdesk")) for _ in range(3)]
    asked = "tickets?updated_since=2026-01-01T00:00:00Z&order_by=updated_at&order_type=asc"

    first = both.freshdesk("GET", f"{asked}&per_page=2&include=stats")
    link = first.headers["link"]
    second = both.client.get(link[1 : link.index(">")], headers=both.basic)

    assert link.endswith('>; rel="next"')
    assert [one["id"] for one in first.get_json() + second.get_json()] == numbers
    assert "stats" in second.get_json()[0]
    assert "link" not in second.headers


def test_a_list_leaves_out_what_was_not_updated_since(both: Both) -> None:
    both.ticket("freshdesk")

    assert both.freshdesk("GET", "tickets?updated_since=2999-01-01T00:00:00Z").get_json() == []


def test_a_page_of_more_than_a_hundred_is_400(both: Both) -> None:
    assert codes(both.freshdesk("GET", "tickets?per_page=101")) == {"per_page": "invalid_value"}


def test_credits_are_counted_as_documented(both: Both) -> None:
    number = both.ticket("freshdesk")
    paths = {
        f"tickets/{number}": "1",
        f"tickets/{number}?include=stats": "2",
        f"tickets/{number}?include=stats,conversations": "3",
        "tickets?include=stats": "3",
        "ticket_fields": "1",
    }

    used = {
        path: both.freshdesk("GET", path).headers["X-RateLimit-Used-CurrentRequest"]
        for path in paths
    }

    assert used == paths


def test_the_tickets_list_has_its_own_limit(both: Both) -> None:
    both.control("PUT", "settings", {"lists_per_minute": 1})

    answers = [both.freshdesk("GET", "tickets") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["Retry-After"]) > 0


def test_field_names_may_end_in_a_number(both: Both) -> None:
    sent = {"label": "Tier", "type": "custom_dropdown", "choices": [{"value": "Gold"}]}

    made = both.freshdesk("POST", "admin/ticket_fields", sent)

    names = {one["label"]: one["name"] for one in both.freshdesk("GET", "ticket_fields").json}
    assert made.status_code == 201
    assert names["Tier"].startswith("cf_tier_")
    assert names["First response due"] == "cf_first_response_due_418207"


def test_a_rule_is_made_listed_changed_and_deleted(both: Both) -> None:
    action = {
        "field_name": "trigger_webhook",
        "request_type": "POST",
        "content_type": "JSON",
        "content_layout": "2",
        "url": "http://127.0.0.1:1/x",
        "content": {"ticket_id": "{{ticket.id}}"},
    }
    condition = {"field_name": "priority", "operator": "in", "value": [4]}
    conditions = [{"match_type": "all", "properties": [condition]}]
    sent = {"name": "Mine", "conditions": conditions, "actions": [action]}

    made = both.freshdesk("POST", "automations/1/rules", sent)
    path = f"automations/1/rules/{made.get_json()['id']}"
    listed = both.freshdesk("GET", "automations/1/rules").get_json()

    assert made.status_code == 201
    assert listed["meta"] == {"count": 1, "cascading_rules": True}
    assert both.freshdesk("PUT", path, {"active": False}).get_json()["active"] is False
    assert both.freshdesk("DELETE", path).status_code == 204


def test_a_rule_with_half_a_webhook_action_is_500_as_the_vendor_does(both: Both) -> None:
    sent = {
        "name": "Half",
        "conditions": [{"properties": []}],
        "actions": [{"field_name": "trigger_webhook", "url": "http://127.0.0.1:1/x"}],
    }

    assert both.freshdesk("POST", "automations/1/rules", sent).status_code == 500


def test_people_companies_and_the_helpdesk_can_be_looked_up(both: Both) -> None:
    number = both.ticket("freshdesk", organization="Kirana Express")
    ticket = both.freshdesk("GET", f"tickets/{number}?include=requester,company").get_json()
    contact = both.freshdesk("GET", f"contacts/{ticket['requester_id']}").get_json()
    company = both.freshdesk("GET", f"companies/{ticket['company_id']}").get_json()

    assert contact["name"] == ticket["requester"]["name"]
    assert company["account_tier"] == "pro"
    assert both.freshdesk("GET", "settings/helpdesk").get_json()["primary_language"] == "en"
    assert both.freshdesk("GET", "agents/me").get_json()["contact"]["name"] == "Minutehand"


def test_a_ticket_can_be_made_through_the_api(both: Both) -> None:
    sent = {"subject": "s", "description": "<p>b</p>", "email": "a@b.example", "priority": 3}

    answer = both.freshdesk("POST", "tickets", {**sent, "status": 2})

    assert answer.status_code == 201
    assert (answer.get_json()["description_text"], answer.get_json()["priority"]) == ("b", 3)
