"""The small commands as a person types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from worker.__main__ import minutehand as commands

ROOT = Path(__file__).parents[2]


def minutehand(
    *words: str, given: str = "", environment: Mapping[str, str] | None = None, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **(environment or {})}
    return subprocess.run(
        [sys.executable, "-m", "worker", *words],
        input=given,
        capture_output=True,
        text=True,
        env=variables,
        cwd=folder,
        timeout=60,
        check=False,
    )


def test_the_policy_that_we_ship_has_no_faults() -> None:
    done = minutehand("policy", "check")

    assert done.returncode == 0, done.stderr
    assert "policy.toml: no faults" in done.stdout


def test_a_broken_policy_is_named_line_by_line_and_the_exit_code_says_so(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('default_plan = "gold"\ntime_zone = "X/Y"\n')

    done = minutehand("policy", "check", folder=tmp_path)

    assert done.returncode == 1
    assert "policy.toml:1: there is no plan 'gold'" in done.stderr
    assert "Traceback" not in done.stderr


def test_classify_answers_line_by_line_and_hands_other_keys_through() -> None:
    given = '{"subject": "Everything is down, nobody can work", "body": "", "n": 7}\n\n'

    done = minutehand("classify", "-", given=given)

    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    assert answer["severity"] == "P1"
    assert answer["n"] == 7
    assert {"confidence", "needs_review", "meta_dependency", "reasons"} <= set(answer)


@pytest.mark.parametrize("given", ["not json", "[1]", '{"subject": 5}'])
def test_bad_input_to_classify_is_one_clear_line_and_no_output(given: str) -> None:
    good = '{"subject": "Hello", "body": ""}\n'

    done = minutehand("classify", "-", given=good + given)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("minutehand: line 2: ")
    assert len(done.stderr.splitlines()) == 1


def test_simulate_shows_the_decision_the_deadline_and_the_steps() -> None:
    done = minutehand("simulate", "Everything is down, nobody can log in", "--plan", "pro")

    assert done.returncode == 0, done.stderr
    assert "P1 Urgent" in done.stdout
    assert "+ 45m =" in done.stdout
    assert "oncall (not configured), team" in done.stdout


def test_simulating_an_unknown_plan_is_refused() -> None:
    done = minutehand("simulate", "Hello", "--plan", "gold")

    assert done.returncode == 1
    assert "plans are: pro" in done.stderr


def test_all_faults_of_the_settings_are_named_before_anything_starts(tmp_path: Path) -> None:
    environment = {"MODE": "loud", "PORT": "many", "ZENDESK_URL": "https://acme.zendesk.com"}

    done = minutehand("up", environment=environment, folder=tmp_path)

    assert done.returncode == 1
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()][:2] == ["PORT", "MODE"]
    assert "ZENDESK_CLIENT_ID" in done.stderr


def test_web_without_a_secret_key_says_how_to_make_one() -> None:
    done = minutehand("web", environment={"REDIS_URL": "redis://127.0.0.1:1"})

    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr


@pytest.mark.parametrize("words", [["work"], ["clock"], ["failed"]])
def test_a_process_without_redis_says_what_to_set(words: list[str]) -> None:
    done = minutehand(*words)

    assert done.returncode == 1
    assert "REDIS_URL is not set" in done.stderr


def test_testing_a_channel_sends_a_test_alert(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[channels.team]\ntype = "console"\n')

    environment = {"REDIS_URL": "redis://127.0.0.1:1"}
    done = minutehand("channel", "test", "team", folder=tmp_path, environment=environment)

    assert done.returncode == 0, done.stderr
    assert "TEST" in done.stdout
    assert "sent to team" in done.stdout


def test_testing_a_dead_channel_says_so_without_its_address(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        '[channels.team]\ntype = "slack"\nurl = "http://127.0.0.1:1/services/T0/B0/hunter2"\n'
    )

    environment = {"REDIS_URL": "redis://127.0.0.1:1"}
    done = minutehand("channel", "test", "team", folder=tmp_path, environment=environment)

    assert done.returncode == 1
    assert "channel team: the connection was refused" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def _leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("words", list(_leaves(commands)), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(commands, [*words, "--help"])

    assert done.exit_code == 0
    assert "Example:" in done.stdout
    assert f"minutehand {' '.join(words)}" in " ".join(done.stdout.split())
