"""Writing to a ticket, and every way in which Freshdesk can refuse it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from worker.errors import Gone, Permanent, Transient
from worker.helpdesks.freshdesk import fields
from worker.helpdesks.freshdesk.once import Once
from worker.tickets import Changes, Severity, SlaState, Ticket

if TYPE_CHECKING:
    from worker.helpdesks.freshdesk.client import FreshdeskClient

TICKET = "/tickets/11"
NOTES = "/tickets/11/notes"
EVERYTHING = Changes(
    severity=Severity.P1,
    priority=Severity.P1,
    deadline=datetime(2026, 11, 23, 10, 45, tzinfo=UTC),
    state=SlaState.ON_TRACK,
    review=True,
    meta_dependency=False,
    note="P1 because <b>all</b> fail\nnow",
)
WITHOUT_NOTE = EVERYTHING.model_copy(update={"note": None})


def refusal(*errors: tuple[str, str]) -> dict[str, Any]:
    return {
        "description": "Validation failed",
        "errors": [{"field": f, "code": c, "message": "It should be other"} for f, c in errors],
    }


REGION = refusal(("cf_region", "missing_field"))


def bodies(desk: Any, method: str = "PUT", path: str = TICKET) -> list[Any]:
    return [asked.body for asked in desk.of(method, path)]


@pytest.fixture(name="current")
def _current(raw: Any) -> Ticket:
    return fields.ticket(raw(tags=["vip", "sla_p3"]), account="a", names={}, url="https://a")


@pytest.fixture(name="willing")
def _willing(desk: Any, raw: Any) -> Any:
    desk.on("PUT", TICKET, desk.reply(content=raw()))
    desk.on("POST", NOTES, desk.reply(201, {"id": 5}))
    desk.on("GET", TICKET, desk.reply(content=raw(tags=["vip", "sla_p2"])))
    return desk


def test_everything_goes_in_one_put_and_a_private_note(
    willing: Any, client: FreshdeskClient, current: Ticket, names: dict[str, str]
) -> None:
    receipt = client.write("11", EVERYTHING, current=current)
    assert bodies(willing) == [
        {
            "priority": 4,
            "custom_fields": {
                names["SLA severity"]: "P1",
                names["First response due"]: "2026-11-23T10:45:00Z",
                names["SLA state"]: "on_track",
                names["SLA review"]: True,
                names["Meta dependency"]: False,
            },
            "tags": ["vip", "sla_p1", "sla_review"],
        }
    ]
    assert bodies(willing, "POST", NOTES) == [
        {"body": "P1 because &lt;b&gt;all&lt;/b&gt; fail<br>now", "private": True}
    ]
    assert receipt.written == EVERYTHING
    assert receipt.said == ()
    assert receipt.calls == 3


def test_without_a_fresh_reading_the_tags_are_read_just_before(
    willing: Any, client: FreshdeskClient
) -> None:
    receipt = client.write("11", WITHOUT_NOTE)
    assert [asked.method for asked in willing.asked] == ["GET", "GET", "PUT"]
    assert bodies(willing)[0]["tags"] == ["vip", "sla_p1", "sla_review"]
    assert receipt.calls == 3


def test_tags_are_not_sent_when_ours_are_right_already(
    willing: Any, client: FreshdeskClient, current: Ticket
) -> None:
    client.write("11", Changes(severity=Severity.P3), current=current)
    client.write("11", Changes(state=SlaState.MET))
    client.write("11", Changes(priority=Severity.P4))
    assert all("tags" not in body for body in bodies(willing))
    assert bodies(willing)[-1] == {"priority": 1}
    assert not willing.of("GET", TICKET)


def test_a_reading_from_before_our_own_tags_is_not_trusted_again(
    willing: Any, client: FreshdeskClient, current: Ticket, raw: Any
) -> None:
    client.write("11", Changes(review=True), current=current)
    willing.on("GET", TICKET, willing.reply(content=raw(tags=["vip", "sla_p3", "sla_review"])))
    client.write("11", Changes(severity=Severity.P2), current=current)
    assert bodies(willing)[1]["tags"] == ["vip", "sla_review", "sla_p2"]


def test_nothing_to_write_makes_no_call(willing: Any, client: FreshdeskClient) -> None:
    receipt = client.write("11", Changes())
    assert receipt.written.empty
    assert receipt.calls == len(willing.asked) == 0


def test_a_note_alone_is_one_call(willing: Any, client: FreshdeskClient) -> None:
    receipt = client.write("11", Changes(note="look"))
    assert [asked.method for asked in willing.asked] == ["POST"]
    assert receipt.written == Changes(note="look")


def test_a_missing_field_is_said_once_and_the_rest_is_written(
    willing: Any, client: FreshdeskClient
) -> None:
    willing.list_fields({"SLA severity": "cf_s"})
    first = client.write("11", WITHOUT_NOTE)
    assert bodies(willing)[0]["custom_fields"] == {"cf_s": "P1"}
    assert first.written == Changes(severity=Severity.P1, priority=Severity.P1)
    assert len(first.said) == 4
    assert "Freshdesk has no ticket field 'SLA state'" in " ".join(first.said)
    assert client.write("11", WITHOUT_NOTE).said == ()


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_list_of_fields_leaves_priority_and_tags(
    willing: Any, client: FreshdeskClient, current: Ticket, status: int
) -> None:
    willing.on("GET", "/ticket_fields", willing.reply(status, {"code": "access_denied"}))
    first = client.write("11", WITHOUT_NOTE, current=current)
    assert bodies(willing) == [{"priority": 4, "tags": ["vip", "sla_p1", "sla_review"]}]
    assert first.written == Changes(priority=Severity.P1)
    assert "no field is written" in first.said[0]
    assert client.write("11", WITHOUT_NOTE, current=current).said == ()


def test_an_unrelated_required_field_leaves_the_priority_alone(
    willing: Any, client: FreshdeskClient, raw: Any, current: Ticket
) -> None:
    willing.on("PUT", TICKET, willing.reply(400, REGION), willing.reply(content=raw()))
    receipt = client.write("11", EVERYTHING, current=current)
    assert bodies(willing)[1] == {"priority": 4}
    assert receipt.written == Changes(priority=Severity.P1, note=EVERYTHING.note)
    assert receipt.said[0].startswith(
        "Freshdesk refused the update because 'cf_region' is required: make it optional for agents"
    )
    assert "only priority" in receipt.said[1]
    assert "could not set" not in bodies(willing, "POST", NOTES)[0]["body"]


def test_when_the_priority_is_refused_too_a_note_says_what_could_not_be_set(
    willing: Any, client: FreshdeskClient, current: Ticket
) -> None:
    willing.on("PUT", TICKET, willing.reply(400, REGION))
    receipt = client.write("11", WITHOUT_NOTE, current=current)
    assert len(bodies(willing)) == 2
    (note,) = bodies(willing, "POST", NOTES)
    assert note["private"] is True
    assert "could not set priority Urgent, SLA severity P1, First response due 2026" in note["body"]
    assert "&#x27;cf_region&#x27; is required" in note["body"]
    assert receipt.written.empty
    assert "nothing could be set" in receipt.said[1]
    client.write("11", WITHOUT_NOTE, current=current)
    assert len(bodies(willing, "POST", NOTES)) == 1, "a retry does not say it again"


def test_the_explanation_joins_the_note_that_was_wanted(
    willing: Any, client: FreshdeskClient, current: Ticket
) -> None:
    willing.on("PUT", TICKET, willing.reply(400, REGION))
    receipt = client.write("11", EVERYTHING, current=current)
    (note,) = bodies(willing, "POST", NOTES)
    assert note["body"].startswith("P1 because")
    assert "Minutehand could not set" in note["body"]
    assert receipt.written == Changes(note=EVERYTHING.note)


def test_without_a_priority_to_set_a_refusal_writes_no_note(
    willing: Any, client: FreshdeskClient
) -> None:
    willing.on("PUT", TICKET, willing.reply(400, REGION))
    receipt = client.write("11", Changes(state=SlaState.MET))
    assert [asked.method for asked in willing.asked] == ["GET", "PUT"]
    assert "'cf_region'" in receipt.said[0]


def test_one_of_our_fields_that_is_refused_does_not_hold_up_the_others(
    willing: Any, client: FreshdeskClient, raw: Any, current: Ticket, names: Any
) -> None:
    bad = names["SLA state"]
    willing.on(
        "PUT",
        TICKET,
        willing.reply(400, refusal((f"custom_fields.{bad}", "invalid_value"))),
        willing.reply(content=raw()),
    )
    receipt = client.write("11", WITHOUT_NOTE, current=current)
    assert set(bodies(willing)[1]["custom_fields"]) == set(names.values()) - {bad}
    assert receipt.written == WITHOUT_NOTE.model_copy(update={"state": None})
    assert f"'{bad}' says: It should be other: compare the field" in receipt.said[0]


def test_a_refusal_of_ours_and_of_another_goes_straight_to_the_priority(
    willing: Any, client: FreshdeskClient, raw: Any, current: Ticket
) -> None:
    both = refusal(("cf_sla_state", "invalid_value"), ("cf_region", "missing_field"))
    willing.on("PUT", TICKET, willing.reply(400, both), willing.reply(content=raw()))
    receipt = client.write("11", WITHOUT_NOTE, current=current)
    assert bodies(willing)[1:] == [{"priority": 4}]
    assert len(receipt.said) == 3


def test_a_field_that_was_renamed_is_looked_up_again_once(
    willing: Any, client: FreshdeskClient, raw: Any, names: dict[str, str]
) -> None:
    client.write("11", Changes(state=SlaState.NEAR))
    renamed = names | {"SLA state": "cf_new"}
    willing.list_fields(renamed)
    willing.on(
        "PUT",
        TICKET,
        willing.reply(400, refusal(("cf_sla_state", "invalid_field"))),
        willing.reply(content=raw()),
    )
    receipt = client.write("11", Changes(state=SlaState.MET))
    assert bodies(willing)[-1] == {"custom_fields": {"cf_new": "met"}}
    assert receipt.written == Changes(state=SlaState.MET)
    assert receipt.said == ()
    assert receipt.calls == 3


def test_a_field_that_vanished_is_left_out(willing: Any, client: FreshdeskClient, raw: Any) -> None:
    client.write("11", Changes(state=SlaState.NEAR))
    willing.list_fields({})
    willing.on(
        "PUT",
        TICKET,
        willing.reply(400, refusal(("cf_sla_state", "invalid_field"))),
        willing.reply(content=raw()),
    )
    receipt = client.write("11", Changes(state=SlaState.MET, priority=Severity.P2))
    assert bodies(willing)[-1] == {"priority": 3}
    assert receipt.written == Changes(priority=Severity.P2)


def test_a_field_refused_as_unknown_that_is_still_listed_is_dropped(
    willing: Any, client: FreshdeskClient, raw: Any
) -> None:
    willing.on(
        "PUT",
        TICKET,
        willing.reply(400, refusal(("cf_sla_state", "invalid_field"))),
        willing.reply(content=raw()),
    )
    receipt = client.write("11", Changes(state=SlaState.MET, priority=Severity.P2))
    assert bodies(willing)[-1] == {"priority": 3}
    assert "'cf_sla_state'" in receipt.said[0]


def test_a_refusal_that_names_no_field_falls_back_too(
    willing: Any, client: FreshdeskClient, current: Ticket
) -> None:
    willing.on("PUT", TICKET, willing.reply(400, {"code": "invalid_json", "message": "Bad"}))
    receipt = client.write("11", WITHOUT_NOTE, current=current)
    assert len(bodies(willing)) == 2
    assert "refused by Freshdesk (Bad)" in receipt.said[0]


@pytest.mark.parametrize(("status", "reason"), [(500, "500"), (403, "to add notes"), (405, "spam")])
def test_a_note_that_fails_after_the_update_is_said_and_not_raised(
    willing: Any, client: FreshdeskClient, current: Ticket, status: int, reason: str
) -> None:
    willing.on("POST", NOTES, willing.reply(status, {"code": "access_denied"}))
    receipt = client.write("11", EVERYTHING, current=current)
    assert receipt.written == WITHOUT_NOTE
    assert receipt.said[-1].startswith("note not written: ")
    assert reason in receipt.said[-1]


def test_a_note_that_fails_before_anything_arrived_is_raised(
    willing: Any, client: FreshdeskClient, current: Ticket
) -> None:
    willing.on("POST", NOTES, willing.reply(500), willing.reply(201, {"id": 1}))
    willing.on("PUT", TICKET, willing.reply(400, REGION))
    with pytest.raises(Transient):
        client.write("11", WITHOUT_NOTE, current=current)
    client.write("11", WITHOUT_NOTE, current=current)
    assert len(bodies(willing, "POST", NOTES)) == 2
    willing.on("POST", NOTES, willing.reply(403))
    with pytest.raises(Permanent, match="to add notes"):
        client.write("11", Changes(note="look"))
    assert "note not written" in client.write("11", EVERYTHING, current=current).said[-1]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Permanent),
        (403, Permanent),
        (404, Gone),
        (405, Gone),
        (409, Transient),
        (429, Transient),
        (502, Transient),
    ],
)
def test_a_refused_put_is_raised_and_writes_no_note(
    willing: Any,
    client: FreshdeskClient,
    current: Ticket,
    status: int,
    error: type[Exception],
) -> None:
    willing.on("PUT", TICKET, willing.reply(status))
    with pytest.raises(error):
        client.write("11", EVERYTHING, current=current)
    assert not willing.of("POST", NOTES)


def test_a_write_that_arrived_does_not_fail_for_its_answer(
    willing: Any, client: FreshdeskClient, current: Ticket
) -> None:
    willing.on("PUT", TICKET, willing.reply(200, "<html>"))
    willing.on("POST", NOTES, willing.reply(201))
    assert client.write("11", EVERYTHING, current=current).written == EVERYTHING


def test_unreadable_tags_are_never_overwritten(
    willing: Any, client: FreshdeskClient, raw: Any
) -> None:
    for content in (raw(tags=None), [], {}):
        willing.on("GET", TICKET, willing.reply(content=content))
        with pytest.raises(Transient, match="tags could not be read"):
            client.write("11", WITHOUT_NOTE)
    assert not willing.of("PUT", TICKET)


def test_native_due_times_and_replies_are_never_written(
    willing: Any, client: FreshdeskClient, current: Ticket
) -> None:
    client.write("11", EVERYTHING, current=current)
    assert not any("due_by" in str(asked.body) for asked in willing.asked)
    assert not any("reply" in asked.path for asked in willing.asked)


def test_what_was_said_is_remembered_within_bounds() -> None:
    once = Once(limit=2)
    assert [once.first(text) for text in "aab"] == [True, False, True]
    assert once.first("c")
    assert once.first("a"), "the oldest is forgotten"
