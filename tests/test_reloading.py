"""An edited policy takes effect without a restart; one with faults changes nothing and is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from channels.receiver import receiving
from commands.account import Account, opened
from jobs.world import HALF, POLICY, QUESTION, World, drain, living
from redis import Redis
from stack import until
from werkzeug.test import Client

from webhooks.wsgi import App
from worker import wiring
from worker.reloading import PolicyWatch
from worker.wiring import Held


@pytest.fixture
def world(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[World]:
    with receiving() as receiver, living(redis_url, tmp_path, receiver) as found:
        yield found


class Running:
    """One process's parts and its watch."""

    def __init__(self, world: World) -> None:
        self.path = world.folder / "policy.toml"
        self.held = Held(world.parts)
        self.watch = PolicyWatch(self.held)
        wiring.use(self.held)

    def edit(self, text: str) -> bool:
        self.path.write_text(text)
        return self.beats()

    def beats(self) -> bool:
        looks = [self.watch.look(datetime.now(UTC)) for _ in range(3)]
        return any(looks)

    def said(self) -> list[str]:
        return self.held.parts.journal.said()


def test_new_tickets_come_under_an_edited_policy_and_old_ones_keep_theirs(world: World) -> None:
    world.start()
    running = Running(world)
    old = world.decided("zendesk", QUESTION)
    allowed = world.state(old).timer.allowed_seconds

    assert running.edit(POLICY.replace("[plans.pro]", '[plans.pro]\nnames = ["x"]')) is True
    doubled = running.path.read_text() + '\n[acknowledge]\nvalid = "2d"\n'
    running.edit(doubled)
    new = world.decided("zendesk", QUESTION)

    assert world.state(new).policy == running.held.parts.policy.version
    assert world.state(old).policy != world.state(new).policy
    assert world.state(old).timer.allowed_seconds == allowed


def test_alerts_go_where_the_edited_policy_says(world: World) -> None:
    world.start()
    running = Running(world)
    key = world.decided("zendesk")

    assert running.edit(POLICY.replace("/oncall", "/elsewhere"))
    world.pass_time(key, HALF)
    drain(running.held.parts)

    assert world.alerts("/elsewhere")
    assert not world.alerts("/oncall")


def test_a_policy_with_faults_changes_nothing_and_is_said_until_it_is_mended(
    world: World,
) -> None:
    world.start()
    running = Running(world)
    before = running.held.parts

    assert running.edit('default_plan = "gold"\ntime_zone = "X/Y"\n') is False
    (said,) = running.said()
    assert "the one before stays in force" in said
    assert "policy.toml:1: there is no plan 'gold'" in said
    assert "(and 1 more: `minutehand policy check`)" in said
    assert running.held.parts is before
    assert running.beats() is False
    assert len(running.said()) == 1

    assert running.edit(POLICY) is True
    assert running.said() == []


def test_a_policy_that_is_gone_stays_in_force(world: World) -> None:
    world.start()
    running = Running(world)
    before = running.held.parts
    running.path.unlink()
    assert running.beats() is False
    assert running.held.parts is before
    assert "is gone" in running.said()[0]


def test_half_a_file_is_not_read(world: World) -> None:
    world.start()
    running = Running(world)
    now = datetime.now(UTC)
    running.watch.look(now)
    running.path.write_text(POLICY[: len(POLICY) // 2])
    assert running.watch.look(now) is False
    running.path.write_text(POLICY + "\n# whole\n")
    os.utime(running.path, ns=(1, 1))
    assert running.watch.look(now + timedelta(seconds=5)) is False
    assert running.said() == []
    assert running.watch.look(now + timedelta(seconds=10)) is True


def test_pages_follow_the_edited_policy_and_show_faults(world: World) -> None:
    parts = world.start(MINUTEHAND_DEMO="1", SECRET_KEY="k" * 40)
    app = App(parts.settings)
    path = world.folder / "policy.toml"

    def board() -> str:
        return Client(app).get("/", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).text

    assert "Times are UTC" in board()

    path.write_text('time_zone = "Europe/Madrid"\n' + POLICY)
    app.look()
    app.look()
    assert "Times are Europe/Madrid" in board()

    path.write_text("time_zone = Mars\n")
    app.look()
    app.look()
    until(lambda: "policy.toml:1: no value that TOML knows" in board(), 5, "the warning")
    assert "Times are Europe/Madrid" in board()


@pytest.fixture
def account(tmp_path: Path, redis: Redis, redis_url: str) -> Iterator[Account]:
    with opened(tmp_path, redis_url) as found:
        yield found


@pytest.mark.journey
def test_a_running_web_process_says_that_an_edit_has_faults(account: Account) -> None:
    account.write_line("MINUTEHAND_DEMO", "1")  # opens the pages on this machine
    policy = account.folder / "policy.toml"
    policy.write_text("")

    def is_said() -> bool:
        return "policy.toml:1" in requests.get(f"{account.public_url}/live/board", timeout=5).text

    with account.web():
        before = is_said()
        policy.write_text("default_plan = 3\n")
        until(is_said, 25, "the warning")
        policy.write_text("# mended\n")
        until(lambda: not is_said(), 25, "its end")
    assert not before
