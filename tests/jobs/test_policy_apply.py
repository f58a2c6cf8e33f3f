"""policy apply: open tickets come under an edited policy when somebody says so, not before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner
from jobs.world import POLICY, World, drain, hurry

from worker.commands import policy as commands
from worker.policy import load
from worker.tickets import Severity

FASTER = POLICY.replace('P1 = "10m"', 'P1 = "4m"')


def apply(world: World, monkeypatch: pytest.MonkeyPatch, *words: str, answer: str = "") -> str:
    monkeypatch.setattr(commands, "build", lambda _settings: world.parts)
    done = CliRunner().invoke(commands.policy, ["apply", *words], input=answer)
    assert done.exit_code == (1 if answer == "n\n" else 0), done.output
    return done.output


def test_an_edited_policy_leaves_open_timers_alone_until_it_is_applied(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    before = world.state(key).timer
    assert before
    world.start(policy=FASTER)
    world.touch(key)
    drain(world.parts)
    assert world.state(key).timer == before

    shown = apply(world, monkeypatch, "--dry-run")
    assert "1 open tickets change" in shown
    assert "first response: due" in shown
    assert world.state(key).timer == before

    apply(world, monkeypatch, answer="n\n")
    assert world.state(key).timer == before

    apply(world, monkeypatch, "--yes")
    after = world.state(key).timer
    assert after
    assert after.deadline == before.created_at + timedelta(minutes=4)
    assert any(line.startswith("policy: first response") for line in world.record(key))
    hurry(world.parts)
    assert f"{after.deadline:%Y-%m-%dT%H:%M:%SZ}" in str(world.ticket(key))
    assert "0 open tickets change" in apply(world, monkeypatch, "--yes")


def test_a_step_that_was_sent_is_not_sent_again(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.pass_time(key, 151)
    drain(world.parts)
    assert len(world.alerts("team")) == 1
    world.start(policy=POLICY.replace('at = "25%"', 'at = "20%"'))
    apply(world, monkeypatch, "--yes")
    drain(world.parts)
    assert len(world.alerts("team")) == 1


def test_a_target_that_is_new_begins_without_its_past_steps(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    steps = '\n[[steps]]\nat = "0%"\ntarget = "resolution"\nnotify = ["team"]\n'
    added = POLICY.replace('P4 = "40m" }', 'P4 = "40m" }\nresolution = { P1 = "1h" }') + steps
    world.start(policy=added)
    apply(world, monkeypatch, "--yes")
    drain(world.parts)
    assert world.state(key).others
    assert world.alerts("team") == []


def test_the_policy_that_a_ticket_came_under_stays_with_it(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    world.start(policy=FASTER.replace('P2 = "20m"', 'P2 = "7m"'))
    world.change(key, priority="high")
    world.touch(key)
    drain(world.parts)
    timer = world.state(key).timer
    assert timer
    assert timer.deadline == timer.created_at + timedelta(minutes=20)

    apply(world, monkeypatch, "--yes")
    timer = world.state(key).timer
    assert timer
    assert timer.deadline == timer.created_at + timedelta(minutes=7)
    assert world.state(world.decided(helpdesk)).policy == world.parts.policy.version


def test_an_upgrade_does_not_change_the_built_in_part_of_a_kept_policy(
    world: World, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = world.decided(helpdesk)
    built_in = load._built_in()
    newer = {**built_in, "acknowledge": {"quiet": {"P1": "1m"}}}
    monkeypatch.setattr(load, "_built_in", lambda: newer)
    world.start(policy=FASTER)

    then = world.parts.policies.of(world.state(key)).policy
    assert then.acknowledge.quiet_for(Severity.P1) == timedelta(minutes=15)
    assert world.parts.policy.acknowledge.quiet_for(Severity.P1) == timedelta(minutes=1)
