"""Plans, TAMs, assignees and groups: what the helpdesk knows of people decides who is told."""

from __future__ import annotations

from datetime import timedelta

from jobs.world import HALF, POLICY, World, drain, hurry

from worker.tickets import TicketKey

PLANS = (
    POLICY
    + """
[plans.gold]
first_response = { P1 = "4m" }
names = ["enterprise"]

[plan_from]
organization_field = "plan"
"""
)
PEOPLE = """
[channels.mail]
type = "webhook"
url = "${RECEIVER_URL}/mail"
"""


def of(world: World, helpdesk: str, plan: str | None, **facts: str) -> TicketKey:
    return world.decided(helpdesk, organization="Acme Cooling", plan=plan, **facts)


def test_the_organisations_field_gives_the_plan(world: World, helpdesk: str) -> None:
    world.start(policy=PLANS)
    key = of(world, helpdesk, "Enterprise")

    timer = world.state(key).timer
    assert timer
    assert (timer.plan, timer.plan_known) == ("gold", True)
    assert timer.deadline - timer.created_at == timedelta(minutes=4)


def test_an_organisation_is_asked_about_once_for_many_tickets(world: World, helpdesk: str) -> None:
    world.start(policy=PLANS)
    for number in range(3):
        of(world, helpdesk, "enterprise", requester_email=f"one{number}@acme.example")

    kind = "/organizations/" if helpdesk == "zendesk" else "/companies/"
    assert len(world.asked(helpdesk, "GET", kind)) == 1


def test_a_plan_that_nobody_knows_is_the_default_and_says_so(world: World, helpdesk: str) -> None:
    world.start(policy=PLANS)
    timer = world.state(of(world, helpdesk, None)).timer
    assert timer
    assert (timer.plan, timer.plan_known) == ("pro", False)


def test_a_look_up_that_failed_is_corrected_later_without_a_second_alert(
    world: World, helpdesk: str
) -> None:
    steps = PLANS.replace('at = "25%"', 'at = "0%"')
    world.start(policy=steps)
    kind = "/organizations/" if helpdesk == "zendesk" else "/companies/"
    world.refusals["GET", kind] = 503
    key = of(world, helpdesk, "enterprise")
    assumed = world.state(key).timer
    assert assumed
    assert assumed.plan_known is False
    assert [alert["step"] for alert in world.alerts("team")] == ["0%"]

    world.refusals.clear()
    hurry(world.parts)
    hurry(world.parts)

    timer = world.state(key).timer
    assert timer
    assert timer.plan == "gold"
    assert timer.deadline == timer.created_at + timedelta(minutes=4)
    assert f"{timer.deadline:%Y-%m-%dT%H:%M:%SZ}" in str(world.ticket(key))
    assert [alert["step"] for alert in world.alerts("team")] == ["0%"]
    world.pass_time(key, 121)
    drain(world.parts)
    assert [alert["step"] for alert in world.alerts("oncall")] == ["50%"]


def test_a_failed_look_up_is_corrected_when_the_assumed_plan_has_no_target(
    world: World, helpdesk: str
) -> None:
    world.start(
        policy='default_plan = "free"\n'
        + PLANS.replace('default_plan = "pro"\n', "")
        + "[plans.free]\n"
    )
    kind = "/organizations/" if helpdesk == "zendesk" else "/companies/"
    world.refusals["GET", kind] = 503
    key = of(world, helpdesk, "enterprise")
    assert world.state(key).timers() == ()

    world.refusals.clear()
    hurry(world.parts)

    timer = world.state(key).timer
    assert timer
    assert (timer.plan, timer.plan_known) == ("gold", True)
    world.pass_time(key, 121)
    drain(world.parts)
    assert [alert["step"] for alert in world.alerts("oncall")] == ["50%"]


TAM = (
    PLANS
    + """
people = "mail"
[tam]
plans = ["gold"]
[tam.organizations]
"Acme Cooling" = "tam.of.acme@vendor.example"
[channels.tam]
type = "webhook"
url = "${RECEIVER_URL}/tam"
[channels.lead]
type = "webhook"
url = "${RECEIVER_URL}/lead"
"""
).replace('\npeople = "mail"', "")


def test_a_tam_is_told_at_creation_and_with_every_step(world: World, helpdesk: str) -> None:
    world.start(policy=TAM)
    key = of(world, helpdesk, "enterprise")
    assert [alert["step"] for alert in world.alerts("/tam")] == ["0%"]
    world.pass_time(key, 121)
    drain(world.parts)
    assert [alert["step"] for alert in world.alerts("/tam")] == ["0%", "50%"]


def test_nobody_else_is_sent_to_a_tam(world: World, helpdesk: str) -> None:
    world.start(policy=TAM)
    key = world.decided(helpdesk, organization="Other Ltd", plan="pro")
    world.pass_time(key, 2 * HALF)
    drain(world.parts)
    assert world.alerts("/tam") == []
    assert world.alerts("oncall")


def test_a_tam_without_an_address_is_the_lead_and_a_warning(world: World, helpdesk: str) -> None:
    world.start(policy=TAM)
    key = world.decided(helpdesk, organization="Gold Without Tam", plan="enterprise")
    assert world.alerts("/tam") == []
    assert [alert["step"] for alert in world.alerts("/lead")] == ["0%"]
    assert any("lead is told instead" in line for line in world.record(key, "skipped"))


TO_PEOPLE = (
    POLICY.replace('notify = ["oncall"]', 'notify = ["assignee", "group"]')
    + """
[groups]
GROUP = ["group_chat"]
[channels.group_chat]
type = "webhook"
url = "${RECEIVER_URL}/group"
"""
)


def test_a_group_is_reached_through_the_channels_named_for_it(world: World, helpdesk: str) -> None:
    group = next(iter(world.sandbox.desks[helpdesk].groups))
    world.start(policy=TO_PEOPLE.replace("GROUP", f'"{group}"'))
    key = world.decided(helpdesk)
    world.there(key).group_id = group
    world.pass_time(key, HALF)
    drain(world.parts)

    assert [alert["step"] for alert in world.alerts("/group")] == ["50%"]
    assert any("nobody is assigned" in line for line in world.record(key, "skipped"))


def test_the_members_and_the_assignee_can_be_looked_up(world: World, helpdesk: str) -> None:
    desk = world.sandbox.desks[helpdesk]
    key = world.decided(helpdesk)
    ticket = world.there(key)
    ticket.group_id, ticket.assignee_id = next(iter(desk.groups)), desk.agents[1].id
    client = world.parts.account_of(key).client
    reading = client.fetch(key.id)

    assert reading.assignee == str(desk.agents[1].id)
    (assignee,) = world.parts.lookups.people(client, reading, "assignee")
    assert assignee.email == desk.agents[1].email
    members = world.parts.lookups.people(client, reading, "group")
    assert [one.email for one in members] == [agent.email for agent in desk.agents]
    assert client.agent("999999999") is None
    assert client.members("999999999") == ()


def test_a_step_may_write_a_note_and_move_the_ticket(world: World, helpdesk: str) -> None:
    group = next(iter(world.sandbox.desks[helpdesk].groups))
    acting = POLICY.replace(
        'at = "50%"', f'at = "50%"\nnote = "Half of the time is over."\ngroup = "{group}"'
    )
    world.start(policy=acting)
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    hurry(world.parts)

    assert world.there(key).group_id == group
    assert "Half of the time is over." in world.notes(key)
    updates = len(world.updates(key))
    world.pass_time(key, 60)
    world.touch(key)
    drain(world.parts)
    hurry(world.parts)
    assert len(world.updates(key)) == updates


def test_outside_of_live_a_step_writes_no_note_and_moves_nothing(
    world: World, helpdesk: str
) -> None:
    group = next(iter(world.sandbox.desks[helpdesk].groups))
    world.start(
        "tag", policy=POLICY.replace('at = "50%"', f'at = "50%"\nnote = "x"\ngroup = "{group}"')
    )
    key = world.decided(helpdesk)
    world.pass_time(key, HALF)
    drain(world.parts)
    hurry(world.parts)
    assert world.there(key).group_id is None
    assert world.notes(key) == []
