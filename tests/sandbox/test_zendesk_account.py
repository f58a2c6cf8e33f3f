"""Zendesk's doors, limits, bulk jobs, exports and set-up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sandbox.settings import ZENDESK_CLIENT_ID

if TYPE_CHECKING:
    from tests.sandbox.conftest import Both, Build


def test_a_wrong_client_gets_no_token(both: Both) -> None:
    asked = {"grant_type": "client_credentials", "client_id": ZENDESK_CLIENT_ID}

    answer = both.client.post("/zendesk/oauth/tokens", data={**asked, "client_secret": "guess"})

    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer guess", "Basic Zm9vOmJhcg=="])
def test_without_a_good_token_nothing_is_shown(both: Both, token: str) -> None:
    headers = {"Authorization": token} if token else {}

    answer = both.client.get("/zendesk/api/v2/users/me", headers=headers)

    assert answer.status_code == 401
    assert answer.get_json() == {"error": "Couldn't authenticate you"}


def test_a_revoked_token_is_401_and_a_new_one_works(both: Both) -> None:
    both.control("POST", "tokens/revoke")
    refused = both.zendesk("GET", "users/me").status_code
    both.token = both.new_token()

    assert (refused, both.zendesk("GET", "users/me").status_code) == (401, 200)


def test_a_token_ends_after_its_life(build: Build) -> None:
    both = build(token_seconds=1)
    assert both.zendesk("GET", "users/me").status_code == 200

    time.sleep(1.05)

    assert both.zendesk("GET", "users/me").status_code == 401


def test_the_legacy_token_works_only_where_it_was_set(build: Build) -> None:
    pair = ("ann@example.com/token", "sesame")

    with_it = build(zendesk_email="ann@example.com", zendesk_api_token="sesame")

    assert with_it.client.get("/zendesk/api/v2/users/me", auth=pair).status_code == 200
    assert build().client.get("/zendesk/api/v2/users/me", auth=pair).status_code == 401


def test_every_answer_carries_the_rate_limit(both: Both) -> None:
    headers = both.zendesk("GET", "users/me").headers

    assert headers["X-Rate-Limit"] == "6000"
    assert int(headers["X-Rate-Limit-Remaining"]) < 6000
    assert int(headers["ratelimit-reset"]) <= 60


def test_an_update_over_the_limit_is_429_and_says_when_to_come_back(both: Both) -> None:
    number = both.ticket()
    both.control("PUT", "settings", {"updates_per_minute": 1})

    first = both.update(number, priority="low")
    second = both.update(number, priority="high")

    assert first.headers["Zendesk-RateLimit-tickets-update"].startswith("total=1; remaining=0;")
    assert second.status_code == 429
    assert 0 < int(second.headers["Retry-After"]) <= 60
    assert both.control("GET", f"tickets/zendesk/{number}")["priority"] == "low"


def test_one_ticket_takes_thirty_updates_in_ten_minutes(both: Both) -> None:
    number = both.ticket()

    statuses = [both.update(number, subject=str(turn)).status_code for turn in range(31)]

    assert statuses == [200] * 30 + [429]


def test_a_bulk_update_adds_and_removes_tags_and_reports_each_ticket(both: Both) -> None:
    first, second = both.ticket(tags=["old", "vip"]), both.ticket()
    closed = both.ticket()
    both.control("POST", f"tickets/zendesk/{closed}/change", {"status": "closed"})

    job = both.job(
        f"tickets/update_many?ids={first},{second},{closed},999",
        {"ticket": {"additional_tags": ["new"], "remove_tags": ["old"]}},
    )

    assert [result["success"] for result in job["results"]] == [True, True, False, False]
    assert job["results"][2]["details"] == "Status: closed prevents ticket update"
    assert job["results"][3]["error"] == "TicketNotFound"
    assert both.control("GET", f"tickets/zendesk/{first}")["tags"] == ["vip", "new"]


def test_a_batch_changes_each_ticket_in_its_own_way(both: Both) -> None:
    first, second = both.ticket(), both.ticket()

    both.job(
        "tickets/update_many",
        {
            "tickets": [
                {"id": int(first), "priority": "low"},
                {"id": int(second), "priority": "urgent"},
            ]
        },
    )

    shown = [both.control("GET", f"tickets/zendesk/{one}") for one in (first, second)]
    assert [one["priority"] for one in shown] == ["low", "urgent"]
    assert shown[0]["writes"][0]["body"] == {"id": int(first), "priority": "low"}


def test_a_bulk_job_leaves_alone_what_changed_after_it_was_queued(both: Both) -> None:
    number = both.ticket()
    both.control("PUT", "settings", {"job_seconds": 0.2})
    path = f"tickets/update_many?ids={number}"
    queued = both.zendesk("PUT", path, {"ticket": {"priority": "low"}}).get_json()["job_status"]
    both.update(number, priority="urgent")

    time.sleep(0.4)

    job = both.zendesk("GET", f"job_statuses/{queued['id']}").get_json()["job_status"]
    assert job["results"][0]["error"] == "UpdateConflict"


def test_more_than_a_hundred_at_once_is_refused(both: Both) -> None:
    ids = ",".join(str(number) for number in range(101))

    assert both.zendesk("GET", f"tickets/show_many?ids={ids}").status_code == 400
    assert both.zendesk("PUT", f"tickets/update_many?ids={ids}", {"ticket": {}}).status_code == 400


def test_no_more_than_thirty_jobs_are_in_flight(both: Both) -> None:
    number = both.ticket()
    both.control("PUT", "settings", {"job_seconds": 1, "jobs_in_flight": 2})
    path, body = f"tickets/update_many?ids={number}", {"ticket": {"priority": "low"}}

    statuses = [both.zendesk("PUT", path, body).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_the_export_pages_by_cursor_until_the_end_of_the_stream(both: Both) -> None:
    numbers = [int(both.ticket()) for _ in range(3)]

    path = "incremental/tickets/cursor.json?include=metric_sets&per_page=2&"
    first = both.zendesk("GET", path + "start_time=1").get_json()
    second = both.zendesk("GET", f"{path}cursor={first['after_cursor']}").get_json()
    third = both.zendesk("GET", f"{path}cursor={second['after_cursor']}").get_json()

    assert [one["id"] for one in first["tickets"] + second["tickets"]] == numbers
    assert [first["end_of_stream"], second["end_of_stream"]] == [False, True]
    assert [one["ticket_id"] for one in first["metric_sets"]] == numbers[:2]
    assert third["tickets"] == []
    assert third["after_cursor"] == second["after_cursor"]


def test_the_export_shows_a_changed_ticket_again_and_a_deleted_one_as_deleted(both: Both) -> None:
    kept, gone = both.ticket(), both.ticket()
    path = "incremental/tickets/cursor"
    cursor = both.zendesk("GET", f"{path}?start_time=1").get_json()["after_cursor"]
    both.control("POST", f"tickets/zendesk/{kept}/reply", {"body": "On it."})
    both.control("POST", f"tickets/zendesk/{gone}/delete", {"kind": "soft"})

    tickets = both.zendesk("GET", f"{path}?cursor={cursor}").get_json()["tickets"]

    assert [(one["id"], one["status"]) for one in tickets] == [
        (int(kept), "open"),
        (int(gone), "deleted"),
    ]


def test_the_export_leaves_the_youngest_out(build: Build) -> None:
    both = build(export_lag_seconds=60.0)
    both.ticket()

    lagging = both.zendesk("GET", "incremental/tickets/cursor?start_time=1").get_json()
    both.control("PUT", "settings", {"export_lag_seconds": 0})
    present = both.zendesk("GET", "incremental/tickets/cursor?start_time=1").get_json()

    assert (len(lagging["tickets"]), len(present["tickets"])) == (0, 1)


def test_the_export_has_its_own_limit_of_ten_a_minute(both: Both) -> None:
    path = "incremental/tickets/cursor?start_time=1"

    statuses = [both.zendesk("GET", path).status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]


def test_the_five_fields_are_there_and_can_be_taken_away(both: Both) -> None:
    wanted = {
        "SLA severity",
        "First response due",
        "SLA state",
        "SLA review",
        "Meta dependency",
    }
    assert wanted <= set(both.fields())

    both.control("PUT", "settings", {"fields_present": ["SLA severity"]})

    assert wanted & set(both.fields()) == {"SLA severity"}


def test_a_dropdown_field_is_made_and_deleted(both: Both) -> None:
    options = [{"name": "Gold", "value": "tier_gold"}]
    sent = {"title": "Tier", "type": "tagger", "custom_field_options": options}

    made = both.zendesk("POST", "ticket_fields", {"ticket_field": sent})
    number = made.get_json()["ticket_field"]["id"]

    assert made.status_code == 201
    assert both.zendesk("DELETE", f"ticket_fields/{number}").status_code == 204
    assert "Tier" not in both.fields()


def test_two_fields_cannot_share_a_tag(both: Both) -> None:
    options = [{"name": "P1", "value": "sla_p1"}]
    sent = {"title": "Twin", "type": "tagger", "custom_field_options": options}

    assert both.zendesk("POST", "ticket_fields", {"ticket_field": sent}).status_code == 422


def test_a_webhook_is_made_found_by_name_and_deleted(both: Both) -> None:
    sent = {
        "name": "Mine",
        "endpoint": "http://127.0.0.1:1/x",
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": ["zen:event-type:ticket.created"],
        "authentication": {
            "type": "bearer_token",
            "data": {"token": "hush"},
            "add_position": "header",
        },
    }
    made = both.zendesk("POST", "webhooks", {"webhook": sent})
    number = made.get_json()["webhook"]["id"]
    found = both.zendesk("GET", "webhooks?filter[name_contains]=min").get_json()["webhooks"]
    secret = both.zendesk("GET", f"webhooks/{number}/signing_secret").get_json()
    rotated = both.zendesk("POST", f"webhooks/{number}/signing_secret")

    assert (made.status_code, len(number)) == (201, 26)
    assert [one["id"] for one in found] == [number]
    assert "hush" not in made.get_data(as_text=True)
    assert rotated.status_code == 201
    assert rotated.get_json()["signing_secret"]["secret"] != secret["signing_secret"]["secret"]
    assert both.zendesk("DELETE", f"webhooks/{number}").status_code == 204


def test_a_trigger_is_made_searched_and_deleted(both: Both) -> None:
    sent = {"title": "New ticket", "actions": [{"field": "status", "value": "open"}], "all": []}
    made = both.zendesk("POST", "triggers", {"trigger": sent}).get_json()["trigger"]

    found = both.zendesk("GET", "triggers/search?query=new").get_json()["triggers"]

    assert [one["id"] for one in found] == [made["id"]]
    assert both.zendesk("DELETE", f"triggers/{made['id']}").status_code == 204


def test_people_and_organizations_can_be_looked_up(both: Both) -> None:
    number = both.ticket(organization="Blue Harbour Travel")
    ticket = both.zendesk("GET", f"tickets/{number}").get_json()["ticket"]

    organization = both.zendesk("GET", f"organizations/{ticket['organization_id']}").get_json()
    user = both.zendesk("GET", f"users/{ticket['requester_id']}").get_json()["user"]
    users = both.zendesk("GET", f"users/show_many?ids={user['id']},1").get_json()["users"]

    assert organization["organization"]["organization_fields"] == {"plan": "pro"}
    assert user["role"] == "end-user"
    assert len(users) == 1


def test_forms_and_policies_are_listed(both: Both) -> None:
    assert both.zendesk("GET", "ticket_forms.json").get_json()["count"] == 1
    assert both.zendesk("GET", "slas/policies.json").get_json()["sla_policies"] == []


def test_an_unknown_path_answers_in_zendesks_shape(both: Both) -> None:
    answer = both.zendesk("GET", "nothing/here")

    assert (answer.status_code, answer.get_json()["error"]) == (404, "InvalidEndpoint")
