"""reconcile: what no webhook brought is found, once, and nothing is done twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from jobs.world import OUTAGE, QUESTION, World, drain, hurry, severities

from worker.jobs import reconcile as job
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


def test_a_ticket_whose_webhook_was_lost_is_found_with_its_deadline_from_creation(
    world: World, helpdesk: str
) -> None:
    key = world.create(helpdesk, created_at=ago(seconds=60))

    world.poll(helpdesk)

    state, ticket = world.state(key), world.ticket(key)
    created = datetime.fromisoformat(ticket["created_at"]).replace(microsecond=0)
    assert severities(ticket) == ("P1", "urgent")
    assert ticket["deadline"] == f"{created + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
    assert state.recovered
    assert world.record(key, "received") == ["received: recovered by poll, 1 min late"]
    assert world.parts.journal.counters()["ticket_recovered_by_poll"] == 1
    assert len(world.updates(key)) == 1


def test_a_webhook_that_comes_after_the_poll_changes_nothing(world: World, helpdesk: str) -> None:
    key = world.create(helpdesk)
    world.poll(helpdesk)

    world.deliver(key)
    drain(world.parts)

    assert len(world.updates(key)) == 1
    assert len(world.record(key, "received")) == 1
    assert world.record(key, "person") == []


def test_a_reply_whose_webhook_was_lost_settles(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.reply(key)

    world.poll(helpdesk)
    hurry(world.parts, Kind.MET)

    assert world.state(key).settled.why == "answered"
    assert world.due(Kind.STEP, key) is None
    assert world.ticket(key)["state"] == "met"


def test_a_solution_whose_webhook_was_lost_settles(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.change(key, status="solved")

    world.poll(helpdesk)

    assert world.state(key).settled.why == "closed without reply"


def test_a_reply_after_a_silent_solution_counts_as_the_answer(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.change(key, status="solved")
    world.poll(helpdesk)
    world.pass_time(key, 61)
    world.reply(key)

    world.poll(helpdesk)

    assert world.state(key).settled.why == "answered"


@pytest.mark.parametrize(("word", "severity"), [("high", "P2"), ("normal", "P3")])
def test_a_priority_that_a_person_set_is_taken_as_theirs(
    world: World, helpdesk: str, word: str, severity: str
) -> None:
    key = world.decided(helpdesk)
    world.change(key, priority=word)

    world.poll(helpdesk)

    assert world.record(key, "person") == [f"person: set the priority: {severity}"]
    assert severities(world.ticket(key)) == (severity, word)
    assert world.state(key).decision.by == "person"


def test_two_polls_in_a_row_make_no_second_write(world: World, helpdesk: str) -> None:
    key = world.create(helpdesk)

    for _ in range(3):
        world.poll(helpdesk)

    assert len(world.updates(key)) == 1
    assert len(world.record(key, "received")) == 1
    assert world.parts.journal.counters()["event_accepted"] == 1


def test_nothing_is_news_when_nothing_has_changed(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)

    ran = world.poll(helpdesk)

    assert [claim.member.kind for claim in ran] == [Kind.POLL]
    assert len(world.updates(key)) == 1


def test_the_next_poll_is_armed(world: World, helpdesk: str) -> None:
    world.poll(helpdesk)

    assert 58 < (world.due(Kind.POLL, world.account(helpdesk)) or 0) <= 60


def test_the_watermark_survives_a_restart(world: World, helpdesk: str) -> None:
    world.create(helpdesk, QUESTION)
    world.poll(helpdesk)
    world.poll(helpdesk)
    watermark = world.parts.journal.watermark(world.account(helpdesk))
    before = len(world.asked(helpdesk, "GET"))

    world.start()
    world.poll(helpdesk)

    path = {"zendesk": "/incremental/", "freshdesk": "/api/v2/tickets"}[helpdesk]
    listed = [one for one in world.asked(helpdesk, "GET")[before:] if path in one["path"]]
    asked = unquote(listed[-1]["query"])
    assert watermark
    assert watermark.removeprefix("cursor:") in asked


def test_a_backlog_is_read_in_pages_and_none_is_skipped(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = {"zendesk": "polling", "freshdesk": "client"}[helpdesk]
    monkeypatch.setattr(f"worker.helpdesks.{helpdesk}.{module}.PER_PAGE", 2)
    monkeypatch.setattr(job, "PAGES_AT_ONCE", 1)
    world.start("observe")
    found = [world.create(helpdesk, QUESTION) for _ in range(7)]

    world.poll(helpdesk)

    assert all(world.state(key).decision for key in found)


def test_polling_that_is_refused_says_what_is_missing_and_goes_on(
    world: World, helpdesk: str
) -> None:
    path = {"zendesk": "/incremental/", "freshdesk": "/api/v2/tickets"}[helpdesk]
    world.refusals["GET", path] = 403
    world.refusals["GET", "/search"] = 403
    world.poll(helpdesk)
    (said,) = world.parts.journal.said()
    assert {"zendesk": "admin", "freshdesk": "all tickets"}[helpdesk] in said
    assert "cannot be polled" in said
    assert world.parts.due.failures() == []
    assert 58 < (world.due(Kind.POLL, world.account(helpdesk)) or 0) <= 60

    world.refusals.clear()
    key = world.create(helpdesk)
    world.poll(helpdesk)

    assert world.parts.journal.said() == []
    assert severities(world.ticket(key)) == ("P1", "urgent")


class AgentsToken:
    """Zendesk's export is for admins; our user is none."""

    @staticmethod
    def given(world: World) -> None:
        world.sandbox.dials.service_user_is_admin = False


def test_without_an_admins_rights_zendesk_is_polled_by_search_and_that_is_said_once(
    world: World,
) -> None:
    AgentsToken.given(world)
    key = world.create("zendesk", created_at=ago(minutes=7))

    for _ in range(3):
        world.poll("zendesk")

    assert world.record(key, "received") == ["received: recovered by poll, 7 min late"]
    assert severities(world.ticket(key)) == ("P1", "urgent")
    (said,) = world.parts.journal.said()
    assert "polled by search" in said
    assert len([one for one in world.logs if one["event"].startswith("polling is weaker")]) == 1
    refused = world.asked("zendesk", "GET", "/incremental/")
    assert [one["status"] for one in refused] == [403]


def test_by_search_a_reply_a_closure_and_a_persons_change_are_found_too(world: World) -> None:
    AgentsToken.given(world)
    answered, solved, changed = (world.decided("zendesk") for _ in range(3))
    world.poll("zendesk")
    world.reply(answered)
    world.change(solved, status="solved")
    world.change(changed, priority="high")

    world.poll("zendesk")

    assert world.state(answered).settled.why == "answered"
    assert world.state(solved).settled.why == "closed without reply"
    assert world.state(changed).decision.severity == "P2"


def test_by_search_a_backlog_is_read_in_pages_and_none_is_skipped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.helpdesks.zendesk.polling.FOUND_PER_PAGE", 2)
    monkeypatch.setattr(job, "PAGES_AT_ONCE", 1)
    world.start("observe")
    AgentsToken.given(world)
    found = [world.create("zendesk", QUESTION) for _ in range(7)]
    for key in found[:4]:
        world.pass_time_there(key, 100)

    world.poll("zendesk")

    assert all(world.state(key).decision for key in found)


def test_what_the_search_index_shows_late_is_found_by_a_later_poll(world: World) -> None:
    AgentsToken.given(world)
    late, seen = world.create("zendesk", QUESTION), world.create("zendesk", QUESTION)
    world.pass_time_there(late, 120)
    hidden = world.sandbox.desks["zendesk"].tickets.pop(int(late.id))
    world.poll("zendesk")
    assert world.state(seen).decision

    world.sandbox.desks["zendesk"].tickets[int(late.id)] = hidden
    world.poll("zendesk")

    assert world.state(late).decision


def test_the_export_is_used_again_when_the_right_was_given(world: World) -> None:
    AgentsToken.given(world)
    world.poll("zendesk")
    world.sandbox.dials.service_user_is_admin = True
    key = world.create("zendesk")

    world.start()  # or an hour later
    world.poll("zendesk")

    assert world.state(key).decision
    assert world.parts.journal.said() == []
    assert world.parts.journal.watermark(world.account("zendesk")).startswith("cursor:")


def test_a_merge_whose_webhook_was_lost_is_found(world: World) -> None:
    key, target = world.decided("zendesk"), world.decided("zendesk")
    world.control(
        "post", f"/tickets/zendesk/{key.id}/merge", {"into": target.id, "webhook": "lost"}
    )

    world.poll("zendesk")

    assert world.state(key).settled.why == "merged"
    assert world.state(target).settled is None


@pytest.mark.parametrize("kind", ["503", "429", "500"])
def test_a_poll_that_fails_in_passing_is_tried_again(
    world: World, helpdesk: str, kind: str
) -> None:
    key = world.create(helpdesk)
    path = {"zendesk": "/incremental/", "freshdesk": "/api/v2/tickets"}[helpdesk]
    world.fault(kind, helpdesk, method="GET", path=path, times=1, retry_after=9)

    world.poll(helpdesk)
    pause = world.due(Kind.POLL, world.account(helpdesk)) or 0
    hurry(world.parts, Kind.POLL)

    assert 8 < pause <= 10
    assert world.state(key).recovered or world.state(key).decision
    assert world.parts.journal.said() == []


def test_a_poll_of_one_helpdesk_does_not_wait_for_the_other(world: World) -> None:
    world.fault("503", "zendesk")
    key = world.create("freshdesk")

    world.poll("zendesk")
    world.poll("freshdesk")

    assert severities(world.ticket(key)) == ("P1", "urgent")


def test_an_account_that_is_not_configured_any_more_is_not_polled(world: World) -> None:
    world.parts.due.arm(Member(Kind.POLL, "zendesk/gone"), 1.0)

    drain(world.parts)

    assert world.nothing_left()


def test_a_ticket_that_is_closed_already_is_not_news(world: World, helpdesk: str) -> None:
    key = world.create(helpdesk)
    world.change(key, status="solved")

    world.poll(helpdesk)

    assert world.parts.records.load(key) == (None, 0)


def test_after_the_loss_of_redis_open_timers_are_rebuilt(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    answered = world.decided(helpdesk, QUESTION)
    world.reply(answered)
    before = world.state(key).timer
    world.redis.flushall()
    world.start()

    world.poll(helpdesk)

    after = world.state(key).timer
    assert (after.deadline, after.steps) == (before.deadline, before.steps)
    assert world.due(Kind.STEP, key) is not None
    assert world.due(Kind.STEP, answered) is None
    assert len(world.notes(key)) == 1


def test_after_the_loss_of_redis_our_own_severity_is_not_taken_for_a_persons(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.redis.flushall()
    world.start()

    world.poll(helpdesk)

    assert world.state(key).decision.by == "rubric"


def a_follow_up(world: World) -> TicketKey:
    """A question, on a ticket that inherits the severity P2 from one that was closed."""
    first = world.create("zendesk", OUTAGE)
    world.change(first, severity="P2")
    world.change(first, status="closed")
    return world.create("zendesk", QUESTION, follow_up_of=int(first.id))


def test_a_follow_up_that_is_read_is_decided_afresh(world: World) -> None:
    key = a_follow_up(world)
    world.touch(key)

    drain(world.parts)

    assert severities(world.ticket(key)) == ("P4", "low")
    assert "sla_p2" not in world.ticket(key)["tags"]


def test_a_follow_up_that_a_poll_finds_is_decided_afresh(world: World) -> None:
    key = a_follow_up(world)

    world.poll("zendesk")

    assert world.ticket(key)["severity"] == "P4"


def test_a_follow_up_that_a_webhook_brings_is_decided_afresh(world: World) -> None:
    key = a_follow_up(world)
    world.deliver(key)

    drain(world.parts)

    assert world.ticket(key)["severity"] == "P4"


def test_a_follow_ups_inherited_severity_is_stale_for_the_next_reading_too(world: World) -> None:
    world.start("observe")
    key = a_follow_up(world)
    world.touch(key)
    drain(world.parts)
    assert world.state(key).decision.severity == "P4"

    world.touch(key)
    drain(world.parts)

    assert world.state(key).decision.by == "rubric"


def test_a_follow_up_is_decided_afresh_even_when_its_write_is_late(world: World) -> None:
    key = a_follow_up(world)
    world.fault("503", "zendesk", method="PUT", times=1)
    world.touch(key)
    drain(world.parts)
    world.pass_time(key, 60)

    hurry(world.parts)

    assert world.ticket(key)["severity"] == "P4"


def test_a_change_in_the_second_of_a_polled_one_is_found(world: World) -> None:
    key = world.decided("freshdesk")
    desk = world.sandbox.desks["freshdesk"].tickets[int(key.id)]
    world.change(key, priority="high")
    second = desk.updated_at.replace(microsecond=0)
    world.poll("freshdesk")
    assert world.state(key).decision.severity == "P2"

    world.change(key, severity="P3")
    desk.updated_at = second
    world.poll("freshdesk")

    assert world.state(key).decision.severity == "P3"
