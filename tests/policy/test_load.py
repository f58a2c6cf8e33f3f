"""policy.toml over the built-in policy, and its faults, all at once and located."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from worker.channels.registry import CHANNELS
from worker.errors import Misconfigured
from worker.policy import Policy, load_policy, read_policy
from worker.tickets import Severity

TYPES = {name: channel.Options for name, channel in CHANNELS.items()}
ROOT = Path(__file__).parent.parent.parent


def read(text: str, **environment: str) -> Policy:
    return read_policy(text, name="policy.toml", environment=environment, channel_types=TYPES)


def faults(text: str, **environment: str) -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        read(text, **environment)
    return caught.value.faults


def test_the_built_in_policy_holds_the_four_targets_around_the_clock() -> None:
    plan = read("").plans["pro"]

    assert plan.hours == "24/7"
    assert [plan.first_response[s] / timedelta(minutes=1) for s in Severity] == [45, 120, 240, 480]


def test_the_built_in_policy_defines_every_severity_with_examples() -> None:
    policy = read("")

    for severity in Severity:
        assert policy.severity[severity].definition
        assert len(policy.severity[severity].examples) >= 2
    assert policy.support.tam.text
    assert "first response" in policy.meta_dependency.note.lower()
    assert len(policy.faq) == 8


def test_a_target_that_is_changed_leaves_the_built_in_steps() -> None:
    policy = read('[plans.pro]\nfirst_response = { P1 = "3s" }')

    assert policy.plans["pro"].first_response == {Severity.P1: timedelta(seconds=3)}
    assert policy.steps == read("").steps


def test_naming_any_step_replaces_the_built_in_ones() -> None:
    policy = read('[[steps]]\nat = "75%"\nnotify = ["oncall"]')

    assert len(policy.steps) == 1
    assert policy.steps[0].severities == tuple(Severity)


def test_a_secret_comes_from_the_environment_and_is_never_printed() -> None:
    text = '[channels.oncall]\ntype = "webhook"\nurl = "${ONCALL_URL}"'

    policy = read(text, ONCALL_URL="https://hooks.example.test/s3cr3t")

    assert policy.channels["oncall"].options.url.get_secret_value().endswith("s3cr3t")
    assert "s3cr3t" not in repr(policy)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://hooks.example.test/from-file\n")
    text = '[channels.oncall]\ntype = "webhook"\nurl = "${ONCALL_URL}"'

    policy = read(text, ONCALL_URL_FILE=str(tmp_path / "url"))

    assert policy.channels["oncall"].options.url.get_secret_value().endswith("from-file")


def test_a_policy_file_that_does_not_exist_changes_nothing(tmp_path: Path) -> None:
    absent = load_policy(tmp_path / "none.toml", environment={}, channel_types=TYPES)

    assert absent == read("")


@pytest.mark.parametrize("file", ["policy.toml", "worker/policy/demo.toml"])
def test_every_policy_that_we_ship_is_without_faults(file: str) -> None:
    load_policy(ROOT / file, environment={}, channel_types=TYPES)


def test_the_demos_policy_is_the_built_in_one_sixty_times_as_fast() -> None:
    demo = load_policy(ROOT / "worker/policy/demo.toml", environment={}, channel_types=TYPES)
    built_in = read("")

    for severity in Severity:
        slow = built_in.plans["pro"].first_response[severity]
        assert demo.plans["pro"].first_response[severity] == slow / 60
    for fast, slow_rule in zip(demo.steps, built_in.steps, strict=True):
        same = {"at", "severities", "notify"}
        assert fast.model_dump(include=same) == slow_rule.model_dump(include=same)
        assert fast.repeat == (slow_rule.repeat / 60 if slow_rule.repeat else None)


def test_all_faults_are_named_at_once_in_the_order_of_the_file() -> None:
    text = 'time_zone = "X/Y"\n[channels.a]\ntype = "nope"\n[[steps]]\nat = "x"\n'

    assert [fault.split(":")[1] for fault in faults(text)] == ["1", "3", "5"]


def test_a_value_from_the_environment_never_shows_in_a_fault() -> None:
    text = '[channels.x]\ntype = "webhook"\nurl = ["${SECRET_URL}"]'

    assert "hunter2" not in "\n".join(faults(text, SECRET_URL="https://a.test/hunter2"))


def test_an_alarm_channel_that_does_not_exist_is_refused_with_its_line() -> None:
    with pytest.raises(Misconfigured, match=r"policy.toml:2: there is no channel 'teem'"):
        read('[watch]\nalarms = "teem"\n')


def test_a_heartbeat_from_an_unset_variable_is_refused_and_a_set_one_is_not_kept() -> None:
    text = '[watch]\nheartbeat = "${BEAT}"\n'
    with pytest.raises(Misconfigured, match=r"\$\{BEAT\} is not set"):
        read(text)

    policy = read(text, BEAT="https://beat.example/secret")

    assert policy.watch.heartbeat == "https://beat.example/secret"
    assert "beat" not in policy.source + repr(policy)
