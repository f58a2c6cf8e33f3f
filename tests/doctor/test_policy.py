"""doctor on the policy: each check where it is not well, and where it is."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from worker.channels.registry import CHANNELS
from worker.doctor.check import Check, Verdict
from worker.doctor.policy import of_channels, of_policy
from worker.policy import Policy, read_policy
from worker.severity import Rubric

OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL
DOWN = '[[tests]]\nsubject = "Everything is down, nobody can log in"\n'
CONSOLE = "".join(
    f'[channels.{name}]\ntype = "console"\n' for name in ("oncall", "lead", "team", "triage")
)


def a_policy(text: str) -> Policy:
    types = {name: channel.Options for name, channel in CHANNELS.items()}
    return read_policy(text, name="policy.toml", environment={}, channel_types=types)


def checked(text: str, rubric: Rubric) -> dict[str, Check]:
    return {check.name: check for check in of_policy(a_policy(text), rubric)}


@pytest.mark.parametrize(
    ("expectation", "verdict"),
    [
        ('severity = "P1"', OK),
        ('severity = ["P1", "P2"]\nmeta_dependency = false', OK),
        ('severity = "P4"', FAIL),
        ('severity = "P1"\nmeta_dependency = true', FAIL),
        ('severity = "P1"\nneeds_review = false', FAIL),
    ],
)
def test_a_policy_test_that_does_not_hold_fails(
    rubric: Rubric, expectation: str, verdict: Verdict
) -> None:
    found = checked(DOWN + expectation, rubric)["policy tests"]
    assert found.verdict is verdict
    assert ("minutehand policy test" in found.advice) is (verdict is FAIL)
    assert ("number 1 of [[tests]]" in found.found) is (verdict is FAIL)


def test_p1_alerts_have_to_reach_somebody(rubric: Rubric) -> None:
    assert checked("", rubric)["P1 alerts"].verdict is FAIL
    assert checked('[channels.triage]\ntype = "console"', rubric)["P1 alerts"].verdict is FAIL
    assert checked('[channels.oncall]\ntype = "console"', rubric)["P1 alerts"].verdict is OK


def test_channels_that_only_steps_know_are_named(rubric: Rubric) -> None:
    few = checked('[channels.oncall]\ntype = "console"', rubric)["channels named"]
    assert few.verdict is WARN
    assert "lead, team" in few.found
    assert checked(CONSOLE, rubric)["channels named"].verdict is OK


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    "channel",
    [
        'type = "webhook"\nurl = "http://127.0.0.1:PORT/T0SECRETPATH"\n',
        'type = "email"\nhost = "127.0.0.1"\nport = PORT\nsender = "a@b.test"\nto = ["c@d.test"]\n',
    ],
)
def test_a_channel_that_cannot_be_reached_fails_without_its_address(
    port: int, channel: str
) -> None:
    text = f"[channels.oncall]\n{channel}"
    (well,) = of_channels(a_policy(text.replace("PORT", str(port))))
    (away,) = of_channels(a_policy(text.replace("PORT", "9")))
    assert (well.verdict, away.verdict) == (OK, FAIL)
    assert "minutehand channel test oncall" in away.advice
    assert "T0SECRETPATH" not in f"{well} {away}"


def test_a_channel_that_calls_nobody_is_well() -> None:
    (only,) = of_channels(a_policy('[channels.team]\ntype = "console"'))
    assert only.verdict is OK
