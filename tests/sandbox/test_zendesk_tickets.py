"""Zendesk's tickets answer as documented and recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sandbox.conftest import Both


def test_a_path_with_and_without_json_is_the_same(both: Both) -> None:
    number = both.ticket()

    plain = both.zendesk("GET", f"tickets/{number}").get_json()

    assert plain == both.zendesk("GET", f"tickets/{number}.json").get_json()


def test_an_unknown_ticket_is_404_record_not_found(both: Both) -> None:
    answer = both.zendesk("GET", "tickets/999")

    assert answer.status_code == 404
    assert answer.get_json() == {"error": "RecordNotFound", "description": "Not found"}


def test_a_dropdown_adds_its_tag_and_takes_only_its_own_others_away(both: Both) -> None:
    number, field = both.ticket(tags=["vip"]), both.fields()["SLA severity"]
    both.update(number, custom_fields=[{"id": field, "value": "sla_p3"}])

    body = both.update(number, custom_fields=[{"id": field, "value": "sla_p1"}]).get_json()

    assert sorted(body["ticket"]["tags"]) == ["sla_p1", "vip"]


def test_a_ticked_checkbox_adds_its_tag_and_an_unticked_one_removes_it(both: Both) -> None:
    number, field = both.ticket(), both.fields()["SLA review"]

    on = both.update(number, custom_fields=[{"id": field, "value": True}]).get_json()
    off = both.update(number, custom_fields=[{"id": field, "value": False}]).get_json()

    assert (on["ticket"]["tags"], off["ticket"]["tags"]) == (["sla_review"], [])


def test_tags_overwrite_and_a_lost_tag_empties_its_dropdown(both: Both) -> None:
    number, field = both.ticket(tags=["vip"]), both.fields()["SLA severity"]
    both.update(number, custom_fields=[{"id": field, "value": "sla_p1"}])

    ticket = both.update(number, tags=["other"]).get_json()["ticket"]

    assert ticket["tags"] == ["other"]
    assert {"id": field, "value": None} in ticket["custom_fields"]


def test_a_dropdown_value_that_does_not_exist_is_422(both: Both) -> None:
    number, field = both.ticket(), both.fields()["SLA severity"]

    answer = both.update(number, custom_fields=[{"id": field, "value": "sla_p9"}])

    assert answer.status_code == 422
    assert answer.get_json()["error"] == "RecordInvalid"


def test_a_deadline_that_does_not_follow_the_pattern_is_422(both: Both) -> None:
    number, field = both.ticket(), both.fields()["First response due"]
    good = [{"id": field, "value": "2026-11-23T10:45:00Z"}]

    assert both.update(number, custom_fields=[{"id": field, "value": "soon"}]).status_code == 422
    assert both.update(number, custom_fields=good).status_code == 200


def test_a_field_that_does_not_exist_is_passed_over_and_the_rest_is_written(both: Both) -> None:
    number = both.ticket()

    answer = both.update(number, priority="high", custom_fields=[{"id": 1234, "value": "x"}])

    assert answer.get_json()["ticket"]["priority"] == "high"


def test_an_audit_names_the_comment_and_every_change(both: Both) -> None:
    number, field = both.ticket(), both.fields()["SLA severity"]

    audit = both.update(
        number,
        priority="urgent",
        comment={"body": "decided", "public": False},
        custom_fields=[{"id": field, "value": "sla_p1"}],
    ).get_json()["audit"]

    changed = {event.get("field_name"): event.get("value") for event in audit["events"][1:]}
    assert audit["events"][0]["type"] == "Comment"
    assert audit["events"][0]["public"] is False
    assert changed == {"priority": "urgent", "tags": ["sla_p1"], str(field): "sla_p1"}


def test_a_comment_that_does_not_say_is_as_public_as_the_ticket(both: Both) -> None:
    number = both.ticket()

    both.update(number, comment={"body": "for whom?"})

    assert both.control("GET", f"tickets/zendesk/{number}")["comments"][-1]["public"] is True


def test_a_closed_ticket_refuses_an_update_with_422(both: Both) -> None:
    number = both.ticket()
    both.control("POST", f"tickets/zendesk/{number}/change", {"status": "closed"})

    answer = both.update(number, priority="low")

    assert answer.status_code == 422
    assert answer.get_json() == {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": {"status": [{"description": "Status: closed prevents ticket update"}]},
    }


def test_a_safe_update_with_an_old_stamp_is_409_and_with_the_present_one_200(both: Both) -> None:
    number = both.ticket()
    stamp = both.zendesk("GET", f"tickets/{number}").get_json()["ticket"]["updated_at"]
    old = "2026-01-01T00:00:00Z"

    stale = both.update(number, priority="low", safe_update=True, updated_stamp=old)
    fresh = both.update(number, priority="low", safe_update=True, updated_stamp=stamp)

    assert (stale.status_code, stale.get_json()["error"]) == (409, "UpdateConflict")
    assert fresh.status_code == 200


def test_the_reply_time_is_null_until_a_public_answer_by_a_human_agent(both: Both) -> None:
    number = both.ticket()
    seen = []
    for by, public in (("requester", True), ("agent", False), ("bot", True), ("agent", True)):
        reply = {"by": by, "public": public, "body": "hello"}
        both.control("POST", f"tickets/zendesk/{number}/reply", reply)
        ticket = both.zendesk("GET", f"tickets/{number}?include=metric_sets").get_json()["ticket"]
        seen.append(ticket["metric_set"]["reply_time_in_minutes"]["calendar"])

    assert seen == [None, None, None, 0]


def test_an_agents_opening_comment_is_no_reply(both: Both) -> None:
    number = both.ticket(opened_by_agent=True)

    metrics = both.zendesk("GET", f"tickets/{number}/metrics").get_json()["ticket_metric"]

    assert metrics["replies"] == 0


def test_comments_come_with_their_authors_roles(both: Both) -> None:
    number = both.ticket()
    both.control("POST", f"tickets/zendesk/{number}/reply", {"by": "agent", "body": "On it."})

    body = both.zendesk("GET", f"tickets/{number}/comments?include=users").get_json()

    roles = {user["id"]: user["role"] for user in body["users"]}
    assert [roles[comment["author_id"]] for comment in body["comments"]] == ["end-user", "agent"]


def test_show_many_leaves_out_deleted_and_unknown_tickets(both: Both) -> None:
    kept, deleted = both.ticket(), both.ticket()
    both.control("POST", f"tickets/zendesk/{deleted}/delete", {"kind": "soft"})

    body = both.zendesk("GET", f"tickets/show_many?ids={kept},{deleted},77").get_json()

    assert [ticket["id"] for ticket in body["tickets"]] == [int(kept)]


def test_an_update_that_changes_nothing_leaves_updated_at(both: Both) -> None:
    number = both.ticket()
    both.update(number, priority="low")
    before = both.control("GET", f"tickets/zendesk/{number}")

    both.update(number, priority="low")

    after = both.control("GET", f"tickets/zendesk/{number}")
    assert before["updated_at"] == after["updated_at"]
    assert len(after["writes"]) == 2


def test_search_finds_tickets_updated_after_a_moment(both: Both) -> None:
    number = both.ticket()

    found = both.zendesk("GET", "search?query=type:ticket updated>2026-01-01T00:00:00Z")
    none = both.zendesk("GET", "search?query=type:ticket updated>2999-01-01T00:00:00Z")

    assert [one["id"] for one in found.get_json()["results"]] == [int(number)]
    assert none.get_json()["count"] == 0


def test_a_ticket_can_be_made_through_the_api(both: Both) -> None:
    sent = {"ticket": {"subject": "s", "comment": {"body": "b"}, "priority": "high"}}

    answer = both.zendesk("POST", "tickets.json", sent)

    assert answer.status_code == 201
    assert answer.get_json()["ticket"]["priority"] == "high"
