"""Acknowledging: who is on it is left in peace for a while, the breach and silence are not."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from jobs.test_targets import LATER, answered
from jobs.world import HALF, POLICY, World, drain, hurry

from webhooks.app import create_app
from worker.events import Event, EventKind
from worker.links import Links
from worker.tickets import Target, TicketKey

KEY = "a-key-that-signs-links-and-cookies"
numbers = itertools.count()
ALL_STEPS = POLICY.replace(
    'at = "100%"\nseverities = ["P1"]', 'at = "100%"\nrepeat = "2m"\nseverities = ["P1"]'
)


def say(
    world: World, key: TicketKey, kind: EventKind = EventKind.ACKNOWLEDGED, **facts: str
) -> None:
    now = datetime.now(UTC)
    event = Event(
        id=f"page-{next(numbers)}",
        kind=kind,
        key=key,
        received_at=now,
        happened_at=now,
        field=Target.FIRST_RESPONSE,
        actor="Ann Lee",
        **facts,  # type: ignore[arg-type]
    )
    world.parts.due.accept_own(event)
    drain(world.parts)


def test_steps_before_the_breach_are_quiet_and_the_breach_is_told(
    world: World, helpdesk: str
) -> None:
    world.start(policy=ALL_STEPS)
    key = world.decided(helpdesk)
    say(world, key)
    world.pass_time(key, HALF)
    drain(world.parts)
    assert world.alerts() == []
    assert "skipped: 50%: acknowledged by Ann Lee" in world.record(key)

    world.pass_time(key, HALF)
    drain(world.parts)

    assert [alert["step"] for alert in world.alerts("oncall")] == ["100%"]


def test_repeats_are_quiet_until_the_acknowledgement_runs_out(world: World, helpdesk: str) -> None:
    world.start(policy=ALL_STEPS)
    key = world.decided(helpdesk)
    world.pass_time(key, 2 * HALF)
    drain(world.parts)
    say(world, key)
    before = len(world.alerts("oncall"))
    world.pass_time(key, 5 * 60)
    drain(world.parts)
    kinds = [alert["type"] for alert in world.alerts("oncall")[before:]]
    assert kinds in ([], ["acknowledged"])

    world.pass_time(key, 10 * 60 + 1)
    drain(world.parts)

    last = world.alerts("oncall")[-1]
    assert last["type"] == "escalation"
    assert last["step"] in {"acknowledged, still waiting", "100% +14m", "100% +16m"}


def test_the_ticket_says_who_is_on_it_in_an_internal_note(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    say(world, key)
    hurry(world.parts)

    assert any("Acknowledged by Ann Lee" in note for note in world.notes(key))
    assert "acknowledged" in [line.partition(":")[0] for line in world.record(key)]


def test_a_reply_beats_an_acknowledgement(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    say(world, key)
    world.reply(key)
    world.touch(key)
    drain(world.parts)
    hurry(world.parts)

    assert world.state(key).settled
    assert world.state(key).next_moment() is None


def test_the_channels_that_follow_hear_of_it_once(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    say(world, key)
    world.reply(key)
    world.touch(key)
    drain(world.parts)

    told = [alert["type"] for alert in world.alerts("oncall")]
    assert told == ["escalation", "acknowledged", "resolved"]


def test_whoever_acknowledges_may_get_the_ticket(world: World, helpdesk: str) -> None:
    world.start(policy=POLICY + "\n[acknowledge]\nassign = true\n")
    key = world.decided(helpdesk)
    agent = world.sandbox.desks[helpdesk].agents[0]
    say(world, key, now=agent.email)
    hurry(world.parts)

    assert world.there(key).assignee_id == agent.id


def test_a_severity_set_on_the_page_is_a_persons(world: World, helpdesk: str) -> None:
    key = world.decided(helpdesk)
    say(world, key, EventKind.SEVERITY_CHOSEN, now="P3")
    hurry(world.parts)

    decision = world.state(key).decision
    assert decision
    assert (decision.severity, decision.by) == ("P3", "person")
    assert world.ticket(key)["severity"] == "P3"
    assert any("Ann Lee" in line for line in world.record(key, "person"))


def test_the_link_shows_and_only_a_post_acts(world: World, helpdesk: str) -> None:
    world.start(SECRET_KEY=KEY, PUBLIC_URL="https://minutehand.example")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    url = world.alerts("oncall")[0]["acknowledge_url"]
    path = url.removeprefix("https://minutehand.example")
    browser = create_app(world.parts).test_client()

    shown = browser.get(path)
    assert shown.status_code == 200
    assert "Acknowledge" in shown.text
    drain(world.parts)
    assert not world.state(key).timers()[0].acknowledged

    nameless = browser.post(path, data={"acknowledge": "yes", "name": "  "})
    assert nameless.status_code == 400
    done = browser.post(path, data={"acknowledge": "yes", "name": "Ann <b>Lee</b>"})
    assert done.status_code == 200
    assert "<b>Lee" not in done.text
    drain(world.parts)

    taken = world.state(key).timers()[0].acknowledged
    assert taken
    assert taken.by == "Ann <b>Lee</b>"


def test_a_forged_or_old_link_does_nothing(world: World, helpdesk: str) -> None:
    world.start(SECRET_KEY=KEY, PUBLIC_URL="https://minutehand.example")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    token = world.alerts("oncall")[0]["acknowledge_url"].rpartition("/")[2]
    browser = create_app(world.parts).test_client()

    at = token.rindex(".") + 5
    mangled = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    for forged in (mangled, "x", token.swapcase()):
        assert browser.get(f"/acknowledge/{forged}").status_code == 410
        assert browser.post(f"/acknowledge/{forged}", data={"name": "x"}).status_code == 410
    assert Links("https://minutehand.example", "another-key").read(token, datetime.now(UTC)) is None
    assert (
        Links("https://minutehand.example", KEY).read(token, datetime(2030, 1, 1, tzinfo=UTC))
        is None
    )
    drain(world.parts)
    assert not world.state(key).timers()[0].acknowledged


def test_not_p1_on_the_page_sets_the_severity(world: World, helpdesk: str) -> None:
    world.start(SECRET_KEY=KEY, PUBLIC_URL="https://minutehand.example")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    path = world.alerts("oncall")[0]["acknowledge_url"].removeprefix("https://minutehand.example")
    browser = create_app(world.parts).test_client()

    wrong = browser.post(path, data={"set": "yes", "name": "Ann", "severity": "P9"})
    assert wrong.status_code == 400
    assert (
        browser.post(path, data={"set": "yes", "name": "Ann", "severity": "P2"}).status_code == 200
    )
    drain(world.parts)
    hurry(world.parts)

    assert world.ticket(key)["severity"] == "P2"


def test_a_link_to_a_ticket_that_was_answered_says_by_whom(world: World, helpdesk: str) -> None:
    world.start(SECRET_KEY=KEY, PUBLIC_URL="https://minutehand.example")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    path = world.alerts("oncall")[0]["acknowledge_url"].removeprefix("https://minutehand.example")
    world.reply(key)
    world.touch(key)
    drain(world.parts)
    browser = create_app(world.parts).test_client()

    for answer in (browser.get(path), browser.post(path, data={"name": "Ann", "acknowledge": "1"})):
        assert "Nobody is waiting any more: answered" in answer.text
        assert "Acknowledged by Ann" not in answer.text


def test_every_acknowledgement_that_runs_out_is_told(world: World, helpdesk: str) -> None:
    world.start(policy=ALL_STEPS.replace('repeat = "2m"\n', ""))
    key = world.decided(helpdesk)
    for _ in range(2):
        say(world, key)
        world.pass_time(key, 15 * 60 + 1)
        drain(world.parts)

    again = [one for one in world.alerts("oncall") if one["step"] == "acknowledged, still waiting"]
    assert len(again) == 2
    assert len([one for one in world.alerts("oncall") if one["type"] == "acknowledged"]) == 1


def test_only_who_was_told_is_asked_again(world: World, helpdesk: str) -> None:
    others = POLICY.replace('at = "50%"\nseverities = ["P1"]\nnotify = ["oncall"]', 'at = "50%"')
    world.start(
        policy=others.replace('at = "50%"', 'at = "50%"\nnotify = ["lead"]')
        + '\n[channels.lead]\ntype = "webhook"\nurl = "${RECEIVER_URL}/lead"\n'
        + '[acknowledge]\nquiet = { P1 = "2m" }\n'
    )
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    drain(world.parts)
    say(world, key)
    world.pass_time(key, 121)
    drain(world.parts)

    assert world.alerts("/lead") == []
    assert [one["step"] for one in world.alerts("team")][-1] == "acknowledged, still waiting"


def test_a_double_click_is_one_acknowledgement(world: World, helpdesk: str) -> None:
    world.start(SECRET_KEY=KEY, PUBLIC_URL="https://minutehand.example")
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    path = world.alerts("oncall")[0]["acknowledge_url"].removeprefix("https://minutehand.example")
    browser = create_app(world.parts).test_client()
    for _ in range(2):
        browser.post(path, data={"acknowledge": "yes", "name": "Ann"})
    drain(world.parts)
    hurry(world.parts)

    (note,) = [note for note in world.notes(key) if "Acknowledged by Ann" in note]
    assert note.count("Acknowledged by Ann") == 1


def test_a_link_of_an_earlier_wait_does_nothing_to_a_later_one(world: World) -> None:
    key = answered(world, "zendesk")
    world.start(policy=LATER, SECRET_KEY=KEY, PUBLIC_URL="https://minutehand.example")
    paths = []
    for seconds in (305, 400):
        world.reply(key, "It is still broken", by="requester")
        world.deliver(key)
        drain(world.parts)
        world.pass_time(key, seconds)
        drain(world.parts)
        url = world.alerts("oncall")[-1]["acknowledge_url"]
        paths.append(url.removeprefix("https://minutehand.example"))
        if len(paths) == 1:
            world.reply(key, "Fixed now")
            world.deliver(key)
            drain(world.parts)
    browser = create_app(world.parts).test_client()

    old = browser.post(paths[0], data={"acknowledge": "yes", "name": "Ann"})
    drain(world.parts)
    assert "Nobody is waiting any more" in old.text
    assert world.state(key).others[Target.NEXT_REPLY].acknowledged is None

    browser.post(paths[1], data={"acknowledge": "yes", "name": "Ann"})
    drain(world.parts)
    assert world.state(key).others[Target.NEXT_REPLY].acknowledged


def test_a_severity_set_while_a_later_target_runs_moves_that_target(
    world: World, helpdesk: str
) -> None:
    key = answered(world, helpdesk)
    world.start(policy=LATER)
    before = world.state(key)
    say(world, key, EventKind.SEVERITY_CHOSEN, now="P2")
    hurry(world.parts)

    after = world.state(key)
    assert after.decision
    assert after.decision.severity == "P2"
    assert world.ticket(key)["severity"] == "P2"
    assert (after.settled, after.timer) == (before.settled, before.timer)
    assert after.others == {}  # a P2 has no resolution target in this policy
