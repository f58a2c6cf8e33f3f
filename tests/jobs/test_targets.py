"""Next reply, resolution, review: timers beside the first response's, each with its own steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jobs.world import POLICY, World, drain, hurry

from worker.store.effects import Effects
from worker.targets import start_timer
from worker.tickets import Target

LATER = (
    POLICY.replace(
        'P4 = "40m" }', 'P4 = "40m" }\nnext_reply = { P1 = "10m" }\nresolution = { P1 = "30m" }'
    )
    + """
[[steps]]
at = "50%"
target = "next_reply"
notify = ["oncall"]

[[steps]]
at = "100%"
target = "resolution"
notify = ["team"]
"""
)


def answered(world: World, helpdesk: str):  # noqa: ANN201
    world.start(policy=LATER)
    key = world.decided(helpdesk)
    world.reply(key)
    world.touch(key)
    drain(world.parts)
    hurry(world.parts)
    assert world.state(key).settled
    return key


def test_a_resolution_runs_on_after_the_first_response(world: World, helpdesk: str) -> None:
    key = answered(world, helpdesk)
    assert set(world.state(key).others) == {Target.RESOLUTION}
    world.pass_time(key, 30 * 60 + 1)
    drain(world.parts)

    (alert,) = [one for one in world.alerts("team") if one["target"] == "resolution"]
    assert alert["step"] == "100%"


def test_solving_ends_the_resolution(world: World, helpdesk: str) -> None:
    key = answered(world, helpdesk)
    world.change(key, status="solved")
    world.touch(key)
    drain(world.parts)

    assert world.state(key).others == {}
    assert any("resolution: solved" in line for line in world.record(key, "settled"))
    world.pass_time(key, 3600)
    drain(world.parts)
    assert [one for one in world.alerts() if one["target"] == "resolution"] == []


def test_a_ticket_that_is_opened_again_has_its_target_again(world: World, helpdesk: str) -> None:
    key = answered(world, helpdesk)
    world.change(key, status="solved")
    world.touch(key)
    drain(world.parts)
    world.change(key, status="open")
    world.touch(key)
    drain(world.parts)

    assert set(world.state(key).others) == {Target.RESOLUTION}


def test_a_further_message_waits_for_the_next_reply(world: World) -> None:
    key = answered(world, "zendesk")
    world.reply(key, "It is still broken", by="requester")
    world.deliver(key)
    drain(world.parts)

    timer = world.state(key).others[Target.NEXT_REPLY]
    assert timedelta(seconds=0) <= datetime.now(UTC) - timer.created_at < timedelta(seconds=20)
    world.pass_time(key, 5 * 60 + 5)
    drain(world.parts)
    assert [one["step"] for one in world.alerts("oncall") if one["target"] == "next_reply"] == [
        "50%"
    ]

    world.reply(key, "Fixed now")
    world.deliver(key)
    drain(world.parts)
    assert Target.NEXT_REPLY not in world.state(key).others
    assert any("next reply: given" in line for line in world.record(key, "settled"))


def test_what_depends_on_meta_has_no_resolution_target(world: World, helpdesk: str) -> None:
    world.start(policy=LATER.replace('resolution = { P1 = "30m" }', 'resolution = { P4 = "9h" }'))
    key = world.decided(
        helpdesk, "Our WhatsApp template was rejected by Meta, how long does the appeal take?"
    )
    decision = world.state(key).decision
    assert decision
    assert decision.meta_dependency
    assert Target.RESOLUTION not in world.state(key).others


VAGUE = "It does not look right, please help, something is off with all of it since today I think"
REVIEW = (
    POLICY
    + """
[review]
narrow = 1.0
within = "15m"

[channels.triage]
type = "webhook"
url = "${RECEIVER_URL}/triage"

[channels.lead]
type = "webhook"
url = "${RECEIVER_URL}/lead"
"""
)


def test_doubt_asks_triage_and_then_the_lead(world: World, helpdesk: str) -> None:
    world.start(policy=REVIEW)
    key = world.decided(helpdesk, VAGUE)
    assert [one["type"] for one in world.alerts("triage")] == ["review"]
    world.pass_time(key, 15 * 60 + 1)
    drain(world.parts)

    assert [(one["type"], one["target"]) for one in world.alerts("/lead")] == [("review", "review")]


def test_a_severity_that_a_person_sets_answers_the_review(world: World, helpdesk: str) -> None:
    world.start(policy=REVIEW)
    key = world.decided(helpdesk, VAGUE)
    world.change(key, priority="high")
    world.touch(key)
    drain(world.parts)
    assert Target.REVIEW not in world.state(key).others
    world.pass_time(key, 15 * 60 + 1)
    drain(world.parts)
    assert world.alerts("/lead") == []


def test_a_poll_finds_that_a_resolution_is_over_and_that_it_runs_again(
    world: World, helpdesk: str
) -> None:
    key = answered(world, helpdesk)
    world.change(key, status="solved")
    world.poll(helpdesk)
    assert world.state(key).others == {}
    world.change(key, status="open")
    world.poll(helpdesk)
    assert set(world.state(key).others) == {Target.RESOLUTION}


def test_a_poll_finds_the_next_reply(world: World) -> None:
    world.start(policy=LATER)
    key = world.decided("freshdesk")
    world.reply(key)
    world.touch(key)
    drain(world.parts)
    state = world.state(key)
    decision = state.decision
    assert decision
    since = datetime.now(UTC)
    timer = start_timer(
        state.ticket, decision, world.parts.policy, target=Target.NEXT_REPLY, since=since
    )
    assert timer
    waiting = state.with_timer(timer)
    world.parts.records.change(key, lambda _held: (waiting, Effects()), now=since)
    world.pass_time(key, 5)
    world.reply(key, "Here it is")
    world.poll("freshdesk")
    assert Target.NEXT_REPLY not in world.state(key).others
