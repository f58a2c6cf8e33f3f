"""write: whatever the helpdesk's API does, the update arrives in the end, once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
from jobs.world import OUTAGE, QUESTION, World, drain, hurry, run, severities

from worker import wiring
from worker.store import keys
from worker.store.keys import Kind, Member
from worker.tickets import TicketKey
from worker.transport import Transport

PASSING = ["429", "500", "503", "409"]


class Hasty(Transport):
    """A transport that waits no longer than a test can."""

    def request(self, *words: Any, **named: Any) -> requests.Response:
        return super().request(*words, **named | {"timeout": 0.3})


def attempts(world: World, key: TicketKey) -> int:
    return int(world.redis.hget(keys.ATTEMPTS, str(Member(Kind.WRITE, str(key)))) or 0)


@pytest.mark.parametrize("kind", PASSING)
def test_a_passing_fault_delays_the_write_and_loses_nothing(
    world: World, helpdesk: str, kind: str
) -> None:
    world.fault(kind, helpdesk, method="PUT", times=1)
    key = world.arrive(helpdesk)

    drain(world.parts)
    assert world.updates(key) == []
    assert (world.due(Kind.WRITE, key) or 0) > 0
    hurry(world.parts)
    hurry(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert len(world.updates(key)) == 1
    assert len(world.notes(key)) == 1
    assert world.due(Kind.WRITE, key) is None
    assert world.parts.due.failures() == []


def test_a_write_waits_as_long_as_it_was_told_to(world: World, helpdesk: str) -> None:
    world.fault("429", helpdesk, method="PUT", times=1, retry_after=37)
    key = world.arrive(helpdesk)

    drain(world.parts)

    assert 36 < (world.due(Kind.WRITE, key) or 0) <= 41


def test_pauses_and_attempts_grow_until_it_works(world: World, helpdesk: str) -> None:
    world.fault("503", helpdesk, method="PUT", times=5)
    key = world.arrive(helpdesk, QUESTION)
    drain(world.parts)
    pauses, counted = [world.due(Kind.WRITE, key) or 0], [attempts(world, key)]
    while len(pauses) < 5:
        hurry(world.parts)
        pauses.append(world.due(Kind.WRITE, key) or 0)
        counted.append(attempts(world, key))

    hurry(world.parts)

    for pause, least in zip(pauses, (1, 2, 4, 8, 16), strict=True):
        assert least - 0.5 < pause <= least * 1.1
    assert counted == [1, 2, 3, 4, 5]
    assert attempts(world, key) == 0
    assert len(world.updates(key)) == 1


def test_a_time_out_delays_the_write(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "Transport", Hasty)
    world.start()
    world.fault("timeout", helpdesk, method="PUT", times=1, seconds=0.5)
    key = world.arrive(helpdesk)

    drain(world.parts)
    assert (world.due(Kind.WRITE, key) or 0) > 0
    hurry(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert len(world.notes(key)) == 1


def test_a_helpdesk_that_is_away_delays_everything_and_loses_nothing(
    world: World, helpdesk: str
) -> None:
    name = f"{helpdesk.upper()}_URL"
    key = world.arrive(helpdesk, QUESTION)
    there = world.parts
    away = world.start(**{name: f"http://127.0.0.1:1/{helpdesk}"})
    key_away = TicketKey(helpdesk, "127.0.0.1:1", key.id)
    world.redis.rename(keys.inbox(key), keys.inbox(key_away))
    event = Member(Kind.EVENT, str(key)), Member(Kind.EVENT, str(key_away))
    world.redis.zrem(keys.DUE, str(event[0]))
    away.due.arm(event[1], 1.0)

    drain(away)

    kind = Kind.EVENT if helpdesk == "freshdesk" else Kind.WRITE
    assert (world.due(kind, key_away) or 0) > 0
    assert away.due.failures() == []
    assert there.records.load(key) == (None, 0)


def test_a_read_that_fails_delays_the_decision(world: World) -> None:
    world.fault("503", "freshdesk", method="GET", path="/tickets/", times=2)
    key = world.arrive("freshdesk")

    drain(world.parts)
    assert (world.due(Kind.EVENT, key) or 0) > 0
    hurry(world.parts)
    hurry(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert len(world.updates(key)) == 1


def test_an_update_whose_answer_was_lost_leaves_one_note(world: World) -> None:
    world.fault("lost_answer", "zendesk", method="PUT", times=1, seconds=0)
    key = world.arrive("zendesk")

    drain(world.parts)
    hurry(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert len(world.notes(key)) == 1


@pytest.mark.parametrize("kind", ["503", "429"])
def test_a_note_that_a_passing_fault_kept_away_is_written_later(world: World, kind: str) -> None:
    world.fault(kind, "freshdesk", method="POST", path="/notes", times=1)
    key = world.arrive("freshdesk")

    drain(world.parts)
    hurry(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert len(world.notes(key)) == 1


@pytest.mark.parametrize("kind", ["permanent", "soft", "spam"])
def test_a_ticket_that_vanishes_is_dropped_once(world: World, helpdesk: str, kind: str) -> None:
    """Zendesk answers 404; Freshdesk 404, 405, or shows that it is deleted."""
    world.fault("503", helpdesk, method="PUT", times=1)
    key = world.arrive(helpdesk)
    drain(world.parts)

    world.delete(key, kind)
    hurry(world.parts)
    hurry(world.parts)

    assert not world.state(key).running
    assert len(world.record(key, "settled")) == 1
    assert world.nothing_left()
    assert world.updates(key) == []
    endings = [n for what, n in world.parts.journal.counters().items() if "_settled_" in what]
    assert endings == [1]


def test_a_ticket_that_nobody_knows_is_dropped_once(world: World, helpdesk: str) -> None:
    key = TicketKey.parse(f"{world.account(helpdesk)}/999999999")
    world.touch(key)

    drain(world.parts)

    assert world.nothing_left()
    assert world.parts.records.inbox(key) == []
    assert world.parts.records.load(key) == (None, 0)
    assert world.parts.journal.counters()["ticket_dropped"] == 1


def test_a_known_ticket_that_is_gone_when_it_is_read_is_dropped_once(
    world: World, helpdesk: str
) -> None:
    key = world.decided(helpdesk)
    world.delete(key, "permanent")
    world.touch(key)

    drain(world.parts)
    hurry(world.parts)

    assert len(world.record(key, "settled")) == 1
    assert world.nothing_left()
    assert len(world.updates(key)) == 1


def test_a_closed_ticket_is_dropped_once(world: World) -> None:
    world.fault("503", "zendesk", method="PUT", times=1)
    key = world.arrive("zendesk")
    drain(world.parts)

    world.change(key, status="closed")
    hurry(world.parts)
    hurry(world.parts)

    assert [line for line in world.record(key, "settled") if "closed" in line]
    assert len(world.record(key, "settled")) == 1
    assert world.nothing_left()


def test_a_write_reads_the_ticket_again_when_time_has_passed(world: World, helpdesk: str) -> None:
    world.fault("503", helpdesk, method="PUT", times=1)
    key = world.arrive(helpdesk)
    drain(world.parts)
    world.change(key, severity="P3")
    world.pass_time(key, 11)

    hurry(world.parts)

    assert severities(world.ticket(key)) == ("P3", "normal")
    assert world.record(key, "person") == ["person: set the SLA severity: P3"]
    assert world.notes(key) == []


def test_a_repeat_within_seconds_overwrites_no_person(world: World, helpdesk: str) -> None:
    world.fault("503", helpdesk, method="PUT", times=1)
    key = world.arrive(helpdesk)
    drain(world.parts)

    world.change(key, severity="P3")
    hurry(world.parts)

    assert world.ticket(key)["severity"] == "P3"


def test_somebody_elses_tags_stay(world: World, helpdesk: str) -> None:
    key = world.arrive(helpdesk, tags=["vip", "billing"])

    drain(world.parts)

    assert {"vip", "billing", "sla_p1"} <= set(world.ticket(key)["tags"])


def test_a_tag_that_an_agent_adds_before_the_repeat_stays(world: World) -> None:
    world.fault("503", "freshdesk", method="PUT", times=1)
    key = world.arrive("freshdesk")
    drain(world.parts)

    world.change(key, tags=["vip"])
    hurry(world.parts)

    assert set(world.ticket(key)["tags"]) == {"vip", "sla_p1"}


def test_a_tag_that_an_agent_adds_between_poll_and_triage_stays(world: World) -> None:
    key = world.create("freshdesk")
    world.parts.due.arm(Member(Kind.POLL, world.account("freshdesk")), 1.0)
    (poll,), _ = world.parts.due.claim()
    run(poll)
    world.change(key, tags=["vip"])

    drain(world.parts)

    assert set(world.ticket(key)["tags"]) == {"vip", "sla_p1"}


# A token that was revoked, a secret that is wrong


def test_a_revoked_token_is_renewed_once_in_the_middle_of_work(world: World) -> None:
    world.decided("zendesk", QUESTION)
    world.control("post", "/tokens/revoke")
    key = world.arrive("zendesk")

    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert len(world.updates(key)) == 1
    assert len(world.asked("zendesk", "POST", "/oauth/tokens")) == 2
    refused = [one for one in world.asked("zendesk") if one["status"] == 401]
    assert len(refused) == 1


def test_a_wrong_client_secret_is_said_clearly_and_the_timer_runs(world: World) -> None:
    world.start(ZENDESK_CLIENT_SECRET="wrong")
    key = world.arrive("zendesk")

    drain(world.parts)

    (failed,) = world.record(key, "failed")
    assert "ZENDESK_CLIENT_SECRET" in failed
    assert [text for text in world.parts.journal.said() if "ZENDESK_CLIENT_SECRET" in text]
    assert world.state(key).running
    assert world.state(key).could_not_write
    assert world.due(Kind.STEP, key) is not None
    assert "wrong" not in str(world.parts.records.lines(key))


def test_a_wrong_api_key_sets_the_event_aside_until_it_is_right(world: World) -> None:
    world.start(FRESHDESK_API_KEY="wrong")
    key = world.arrive("freshdesk")
    drain(world.parts)
    (failure,) = world.parts.due.failures()
    assert "FRESHDESK_API_KEY" in failure.reason

    world.start()
    assert world.parts.due.retry_failures() == 1
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.nothing_left() or world.due(Kind.STEP, key)


def test_after_a_wrong_secret_the_next_event_makes_up_for_the_write(world: World) -> None:
    world.start(ZENDESK_CLIENT_SECRET="wrong")
    key = world.arrive("zendesk")
    drain(world.parts)

    world.start()
    world.touch(key)
    drain(world.parts)

    assert severities(world.ticket(key)) == ("P1", "urgent")
    assert world.state(key).could_not_write is None


def test_after_a_wrong_secret_a_retry_by_hand_makes_up_for_the_write(world: World) -> None:
    world.start(ZENDESK_CLIENT_SECRET="wrong")
    key = world.arrive("zendesk")
    drain(world.parts)

    world.start()
    world.parts.due.retry_failures()
    world.poll("zendesk")

    assert severities(world.ticket(key)) == ("P1", "urgent")


def test_a_sign_in_that_works_again_is_unsaid(world: World) -> None:
    world.start(ZENDESK_CLIENT_SECRET="wrong")
    key = world.arrive("zendesk")
    drain(world.parts)
    world.start()
    world.touch(key)
    world.poll("zendesk")

    assert world.ticket(key)["severity"] == "P1"
    assert [text for text in world.parts.journal.said() if "sign-in" in text] == []


# Fields that the account lacks, or requires


def test_a_required_field_of_others_leaves_the_priority_and_is_said(world: World) -> None:
    world.fault("required_field", "freshdesk", method="PUT", times=1)
    key = world.arrive("freshdesk")

    drain(world.parts)

    assert world.ticket(key)["priority"] == "urgent"
    assert world.ticket(key)["severity"] is None
    assert len(world.notes(key)) == 1
    assert [line for line in world.record(key, "said") if "cf_product_area" in line]
    assert [text for text in world.parts.journal.said() if "cf_product_area" in text]
    assert "written: priority P1, an internal note" in world.record(key, "written")


def test_when_not_even_the_priority_can_be_set_a_private_note_says_so(world: World) -> None:
    world.fault("required_field", "freshdesk", method="PUT")
    key = world.arrive("freshdesk", QUESTION)

    drain(world.parts)
    hurry(world.parts)

    (note,) = world.notes(key)
    assert "cf_product_area" in note
    assert "P4" in note
    assert world.updates(key) == []
    assert [text for text in world.parts.journal.said() if "cf_product_area" in text]
    assert world.state(key).running


def test_a_refused_update_is_not_tried_for_ever(world: World, helpdesk: str) -> None:
    world.fault("required_field", helpdesk, method="PUT")
    key = world.arrive(helpdesk)

    drain(world.parts)
    tried = len(world.asked(helpdesk, "PUT"))
    hurry(world.parts)
    hurry(world.parts)

    assert len(world.asked(helpdesk, "PUT")) == tried
    assert world.due(Kind.WRITE, key) is None
    assert world.state(key).running


@pytest.mark.parametrize(
    "missing", ["SLA severity", "First response due", "SLA state", "Meta dependency"]
)
def test_a_missing_field_is_said_once_and_the_rest_is_written(
    world: World, helpdesk: str, missing: str
) -> None:
    titles = ["SLA severity", "First response due", "SLA state", "SLA review", "Meta dependency"]
    world.control("put", "/settings", {"fields_present": [t for t in titles if t != missing]})
    text = f"{OUTAGE}. It is the WhatsApp template that Meta rejected."
    keys_of = [world.arrive(helpdesk, text) for _ in range(2)]

    drain(world.parts)
    hurry(world.parts)

    for key in keys_of:
        fields = world.ticket(key)["fields"]
        assert all(value is not None for title, value in fields.items() if title != "SLA review")
        assert len(world.updates(key)) == 1
        assert world.ticket(key)["priority"] == "urgent"
    said = [text for text in world.parts.journal.said() if missing in text]
    assert len(said) <= 1
    lines = [line for key in keys_of for line in world.record(key, "said") if missing in line]
    assert len(lines) == len(said)
    assert lines or missing == "Meta dependency"


def test_a_missing_field_is_not_tried_again_with_the_next_event(
    world: World, helpdesk: str
) -> None:
    world.control("put", "/settings", {"fields_present": ["SLA severity", "SLA state"]})
    key = world.decided(helpdesk)
    world.touch(key)
    drain(world.parts)

    assert len(world.updates(key)) == 1


def test_without_any_field_the_priority_is_still_written(world: World, helpdesk: str) -> None:
    world.control("put", "/settings", {"fields_present": False})
    key = world.decided(helpdesk)

    assert world.ticket(key)["priority"] == "urgent"
    assert len(world.updates(key)) == 1
    assert len(world.notes(key)) == 1


def test_a_new_event_does_not_cut_the_wait_that_was_asked_for(world: World, helpdesk: str) -> None:
    world.fault("429", helpdesk, method="PUT", times=1, retry_after=37)
    key = world.arrive(helpdesk)
    drain(world.parts)

    world.touch(key)
    drain(world.parts)

    assert len(world.asked(helpdesk, "PUT")) == 1


def test_a_refusal_that_every_ticket_meets_is_said_once(world: World) -> None:
    world.fault("422", "zendesk", method="PUT")
    for _ in range(3):
        world.arrive("zendesk", QUESTION)

    drain(world.parts)

    assert len(world.parts.journal.said()) == 1


def test_many_tickets_in_many_threads_are_written_once_each(world: World, helpdesk: str) -> None:
    parts = world.parts
    found = [world.arrive(helpdesk, OUTAGE) for _ in range(12)]
    for key in found:
        world.touch(key)

    def work() -> None:
        wiring.use(parts)
        drain(parts)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    drain(parts)

    assert [len(world.updates(key)) for key in found] == [1] * len(found)
    assert [len(world.notes(key)) for key in found] == [1] * len(found)
    assert parts.redis.zcard(keys.CLAIMED) == 0
