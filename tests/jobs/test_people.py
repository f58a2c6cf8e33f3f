"""People win: what a person sets at the helpdesk stands, however we come to know of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from jobs.world import HALF, OUTAGE, POLICY, QUESTION, World, drain, hurry, severities

from worker.store.keys import Kind
from worker.tickets import TicketKey

ALLOWED = {"P1": 10, "P2": 20, "P3": 30, "P4": 40}
ways = pytest.mark.parametrize("way", ["webhook", "poll", "step"])


def learn(world: World, key: TicketKey, way: str) -> None:
    """What happened at the helpdesk reaches us in this way."""
    if way == "webhook":
        world.deliver(key)
        drain(world.parts)
    elif way == "poll":
        world.poll(key.helpdesk)
    else:
        world.pass_time(key, HALF)
        drain(world.parts)


def deadline(world: World, key: TicketKey) -> str:
    created = datetime.fromisoformat(world.ticket(key)["created_at"]).replace(microsecond=0)
    severity = world.state(key).decision.severity
    return f"{created + timedelta(minutes=ALLOWED[severity]):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("way", ["webhook", "poll"])
@pytest.mark.parametrize(("severity", "priority"), [("P2", "high"), ("P3", "normal")])
def test_a_severity_that_a_person_sets_stands_and_the_rest_follows(
    world: World, helpdesk: str, way: str, severity: str, priority: str
) -> None:
    key = world.decided(helpdesk)
    world.change(key, severity=severity)

    learn(world, key, way)

    ticket = world.ticket(key)
    assert severities(ticket) == (severity, priority)
    assert ticket["deadline"] == deadline(world, key)
    assert world.record(key, "person") == [f"person: set the SLA severity: {severity}"]
    assert len(world.updates(key)) == 2


def test_the_tag_follows_the_severity_that_a_person_sets(world: World) -> None:
    key = world.decided("zendesk")
    world.change(key, severity="P2")
    world.touch(key)
    drain(world.parts)

    assert [tag for tag in world.ticket(key)["tags"] if tag.startswith("sla_p")] == ["sla_p2"]


def test_the_tag_follows_the_severity_that_a_person_sets_on_freshdesk(world: World) -> None:
    key = world.decided("freshdesk")
    world.change(key, severity="P2")
    world.touch(key)
    drain(world.parts)

    assert [tag for tag in world.ticket(key)["tags"] if tag.startswith("sla_p")] == ["sla_p2"]


@pytest.mark.parametrize("way", ["webhook", "poll"])
def test_a_priority_that_a_person_sets_stands_and_the_rest_follows(
    world: World, helpdesk: str, way: str
) -> None:
    key = world.decided(helpdesk)
    world.change(key, priority="high")

    learn(world, key, way)

    ticket = world.ticket(key)
    assert severities(ticket) == ("P2", "high")
    assert ticket["deadline"] == deadline(world, key)
    assert len(world.updates(key)) == 2


@pytest.mark.parametrize("way", ["webhook", "poll"])
def test_a_person_may_raise_the_severity_too(world: World, helpdesk: str, way: str) -> None:
    key = world.decided(helpdesk, QUESTION)
    world.change(key, severity="P1")

    learn(world, key, way)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.ticket(key)["deadline"] == deadline(world, key)
    assert 0 < (world.due(Kind.STEP, key) or 0) <= 150
    assert world.notes(key) == []


@ways
def test_the_severity_of_a_person_wins_over_the_priority_of_a_person(
    world: World, helpdesk: str, way: str
) -> None:
    key = world.decided(helpdesk)
    world.change(key, severity="P3")
    world.touch(key)
    drain(world.parts)
    world.pass_time(key, 660)
    world.change(key, priority="high")

    learn(world, key, way)

    assert world.state(key).decision.severity == "P3"
    assert world.ticket(key)["severity"] == "P3"


@ways
def test_our_own_write_is_never_taken_for_a_persons(world: World, helpdesk: str, way: str) -> None:
    key = world.arrive(helpdesk)
    drain(world.parts)

    learn(world, key, way)

    assert world.record(key, "person") == []
    assert world.state(key).decision.by == "rubric"


def test_after_a_person_decided_the_requester_raises_nothing(world: World) -> None:
    key = world.decided("zendesk", QUESTION)
    world.change(key, severity="P3")
    world.deliver(key)
    drain(world.parts)
    world.reply(key, OUTAGE, by="requester")
    world.deliver(key)
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P3", "normal")


def test_a_priority_that_came_with_the_ticket_is_raised_and_never_lowered(
    world: World, helpdesk: str
) -> None:
    raised = world.decided(helpdesk, OUTAGE, priority="normal")
    kept = world.decided(helpdesk, QUESTION, priority="high")

    assert severities(world.ticket(raised)) == ("P1", "urgent")
    assert severities(world.ticket(kept)) == ("P2", "high")


def test_the_priority_of_an_agent_who_opened_the_ticket_is_kept(world: World) -> None:
    key = world.decided("zendesk", OUTAGE, priority="normal", opened_by_agent=True)

    assert severities(world.ticket(key)) == ("P3", "normal")


def test_the_user_whom_we_share_is_a_person_too(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.reply(key, by="service")
    world.touch(key)
    drain(world.parts)

    assert world.state(key).settled.why == "answered"


def test_a_bots_answer_is_not_a_first_response(world: World) -> None:
    world.start(policy=f'bots = ["Answer Bot"]\n{POLICY}')
    key = world.decided("zendesk")
    world.reply(key, by="bot")
    world.deliver(key)
    drain(world.parts)

    assert world.state(key).running


def test_a_tag_of_ours_that_a_person_removed_stays_removed(world: World) -> None:
    """Zendesk tells of the tag and of the field that follows it, in any order."""
    key = world.decided("zendesk", QUESTION)
    world.pass_time(key, 660)
    world.change(key, tags=["vip"])
    world.deliver(key, "tags_changed")
    drain(world.parts)
    world.deliver(key)
    drain(world.parts)

    assert world.ticket(key)["tags"] == ["vip"]
    assert len(world.updates(key)) == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_tag_of_ours_that_a_person_removed_stays_removed_when_its_field_is_told_first(
    world: World, *, together: bool
) -> None:
    key = world.decided("zendesk", QUESTION)
    world.pass_time(key, 660)
    world.change(key, tags=["vip"])
    world.deliver(key, "custom_field_changed")
    if not together:
        drain(world.parts)
    world.deliver(key)
    drain(world.parts)

    assert world.ticket(key)["tags"] == ["vip"]


def test_a_tag_of_ours_that_a_person_removed_at_once_stays_removed(world: World) -> None:
    key = world.decided("zendesk", QUESTION)
    world.change(key, tags=["vip"])
    world.deliver(key, "tags_changed")
    drain(world.parts)
    world.deliver(key)
    drain(world.parts)

    assert world.ticket(key)["tags"] == ["vip"]


def test_a_tag_of_ours_that_a_person_removed_on_freshdesk_stays_removed(world: World) -> None:
    key = world.decided("freshdesk", QUESTION)
    world.pass_time(key, 660)
    world.change(key, tags=[])
    world.touch(key)
    drain(world.parts)
    world.change(key, priority="high")
    world.touch(key)
    drain(world.parts)

    assert [tag for tag in world.ticket(key)["tags"] if tag.startswith("sla_")] == []


@pytest.mark.parametrize("way", ["webhook", "poll"])
def test_a_person_who_goes_back_to_our_value_is_heard(
    world: World, helpdesk: str, way: str
) -> None:
    key = world.decided(helpdesk)
    for severity in ("P2", "P1"):
        world.pass_time(key, 60)
        world.change(key, severity=severity)
        if helpdesk == "freshdesk" and way == "webhook":
            world.touch(key)  # the same body within 60 s would be dropped
        learn(world, key, way)
        assert severity == "P1" or world.state(key).decision.severity == "P2"

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.state(key).decision.severity == "P1"


def test_a_person_who_undoes_our_raised_priority_is_heard_by_poll(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk, OUTAGE, priority="normal")
    world.pass_time(key, 60)
    world.change(key, priority="normal")

    world.poll(helpdesk)

    assert severities(world.ticket(key)) == ("P3", "normal")


def test_a_person_who_undoes_our_raised_priority_is_heard_by_webhook(world: World) -> None:
    key = world.decided("zendesk", OUTAGE, priority="normal")
    world.change(key, priority="normal")
    world.deliver(key)
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P3", "normal")


def test_a_person_is_never_overwritten_by_a_write_that_waited(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.fault("503", helpdesk, method="PUT", times=1)
    world.change(key, severity="P2")
    world.touch(key)
    drain(world.parts)
    world.change(key, severity="P4")
    world.pass_time(key, 60)

    hurry(world.parts)

    assert severities(world.ticket(key)) == ("P4", "low")


DOUBTFUL = "?"


def test_a_doubtful_ticket_asks_for_a_review(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk, DOUBTFUL)

    assert world.ticket(key)["review"] is True
    assert "sla_review" in world.ticket(key)["tags"]
    assert "SLA review" in world.notes(key)[0]


def test_clearing_the_review_answers_it(world: World) -> None:
    key = world.decided("zendesk", DOUBTFUL)
    world.change(key, review=False)
    world.deliver(key)
    drain(world.parts)

    assert world.state(key).decision.needs_review is False
    assert world.ticket(key)["review"] is False
    assert "person: confirmed the severity by clearing the review" in world.record(key)


def test_clearing_the_review_is_heard_with_the_next_reading(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk, DOUBTFUL)
    world.change(key, review=False)
    world.touch(key)
    drain(world.parts)

    assert world.state(key).decision.needs_review is False


def test_clearing_the_review_is_heard_by_poll(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk, DOUBTFUL)
    world.change(key, review=False)
    world.poll(helpdesk)

    assert world.state(key).decision.needs_review is False


def test_setting_a_severity_answers_the_review(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk, DOUBTFUL)
    world.change(key, severity="P3")
    world.touch(key)
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P3", "normal")
    assert world.ticket(key)["review"] is False
    assert "sla_review" not in world.ticket(key)["tags"]
