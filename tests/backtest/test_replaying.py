"""One ticket of the past: what would have been decided and sent, and when it would have stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from factories import CREATED, QUESTION

from worker.__main__ import minutehand
from worker.backtest.fates import Fate, Replayed
from worker.backtest.replaying import replay
from worker.backtest.walking import Rules
from worker.helpdesks.export import Past
from worker.tickets import Customer, Severity, Status, Target

MakeRules = Callable[..., Rules]
MakePast = Callable[..., Past]

ENDS = CREATED + timedelta(days=2)
"""When the export ends."""
MINUTE = timedelta(minutes=1)
FIRST = Target.FIRST_RESPONSE


def steps(found: Replayed) -> list[tuple[str, str]]:
    return [(one.step, one.channel) for one in found.guarded[FIRST].sent]


def test_a_ticket_answered_at_50_percent_gets_only_the_steps_before(
    rules: MakeRules, past: MakePast
) -> None:
    at_half = replay(past(answered=22.5 * MINUTE), rules(), ENDS)
    just_after = replay(past(answered=22.5 * MINUTE + timedelta(seconds=1)), rules(), ENDS)

    assert steps(at_half) == [("0%", "oncall"), ("0%", "team")]
    assert steps(just_after) == [*steps(at_half), ("50%", "oncall"), ("50%", "lead")]
    assert at_half.guarded[FIRST].fate is Fate.MET


def test_a_late_answer_gets_every_step_and_the_repeats_are_counted(
    rules: MakeRules, past: MakePast
) -> None:
    found = replay(past(answered=76 * MINUTE), rules(), ENDS).guarded[FIRST]

    assert [one.step for one in found.sent] == ["0%", "0%", "50%", "50%", "75%", "100%"]
    assert [one.at - CREATED for one in found.sent][-1] == 45 * MINUTE
    assert found.again == (("100%", "lead", 2),)  # at 60 and 75 minutes
    assert found.fate is Fate.LATE
    assert found.warned() == 45 * MINUTE


def test_an_answer_right_at_a_repeat_keeps_it_from_coming(rules: MakeRules, past: MakePast) -> None:
    assert replay(past(answered=60 * MINUTE), rules(), ENDS).guarded[FIRST].again == ()


def test_the_deadline_itself_is_in_time_and_a_second_later_is_not(
    rules: MakeRules, past: MakePast
) -> None:
    on_it = replay(past(answered=45 * MINUTE), rules(), ENDS)
    late = replay(past(answered=45 * MINUTE + timedelta(seconds=1)), rules(), ENDS)

    assert on_it.guarded[FIRST].fate is Fate.MET
    assert late.guarded[FIRST].fate is Fate.LATE


@pytest.mark.parametrize(
    ("facts", "fate"),
    [
        ({"ended": 50 * MINUTE, "status": Status.SOLVED}, Fate.CLOSED_LATE),
        ({"ended": 10 * MINUTE, "status": Status.SOLVED}, Fate.MET),
        ({}, Fate.WAITING),
        ({"created": ENDS - 10 * MINUTE}, Fate.OPEN),
        ({"known": False}, Fate.UNKNOWN),
        ({"status": Status.CLOSED}, Fate.UNKNOWN),
    ],
)
def test_what_became_of_a_ticket_that_nobody_answered(
    rules: MakeRules, past: MakePast, facts: dict[str, Any], fate: Fate
) -> None:
    assert replay(past(**facts), rules(), ENDS).guarded[FIRST].fate is fate


def test_a_ticket_still_open_gets_no_step_after_the_export_ends(
    rules: MakeRules, past: MakePast
) -> None:
    found = replay(past(created=ENDS - 30 * MINUTE), rules(), ENDS)

    assert {step for step, _ in steps(found)} == {"0%", "50%"}
    assert found.guarded[FIRST].again == ()


def test_closing_stops_the_steps_as_an_answer_does(rules: MakeRules, past: MakePast) -> None:
    found = replay(past(ended=20 * MINUTE, status=Status.SOLVED), rules(), ENDS)

    assert {step for step, _ in steps(found)} == {"0%"}


def test_what_people_and_we_left_on_the_ticket_decides_nothing(
    rules: MakeRules, past: MakePast
) -> None:
    found = replay(
        past(body=QUESTION, priority=Severity.P1, severity_field=Severity.P1, tags=("sla_p1",)),
        rules(),
        ENDS,
    )

    assert found.decision.severity is Severity.P4
    assert found.carries_ours


def test_it_decides_what_classify_decides(rules: MakeRules, past: MakePast) -> None:
    lines = (Path(__file__).parents[2] / "corpus/test/t_en1.jsonl").read_text("utf-8").splitlines()
    given = [json.loads(line) for line in lines[:60]]
    answer = CliRunner().invoke(
        minutehand,
        ["classify", "-"],
        input="".join(
            json.dumps({"subject": row["subject"], "body": row["body"]}) + "\n" for row in given
        ),
    )
    expected = [json.loads(line) for line in answer.stdout.splitlines()]

    for row, said in zip(given, expected, strict=True):
        ours = replay(past(subject=row["subject"], body=row["body"]), rules(), ENDS).decision
        assert (ours.severity, ours.confidence, ours.needs_review, ours.meta_dependency) == (
            said["severity"],
            said["confidence"],
            said["needs_review"],
            said["meta_dependency"],
        )


OFFICE = """
[hours.day]
time_zone = "UTC"
weekdays = ["09:00-17:00"]

[channels.team]
type = "console"
hours = "day"
always = []

[[steps]]
at = "50%"
notify = ["team"]

[[steps]]
at = "100%"
notify = ["team"]
"""


def test_a_closed_channel_gets_one_alert_at_its_next_opening(
    rules: MakeRules, past: MakePast
) -> None:
    evening = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
    found = replay(past(created=evening, answered=timedelta(days=1)), rules(OFFICE), ENDS)
    early = replay(past(created=evening, answered=timedelta(hours=10)), rules(OFFICE), ENDS)

    assert [(one.step, one.at.hour) for one in found.guarded[FIRST].sent] == [("100%", 9)]
    assert found.guarded[FIRST].warned() is None
    assert steps(early) == []


def test_channels_that_the_policy_does_not_configure_are_told_apart(
    rules: MakeRules, past: MakePast
) -> None:
    own = rules('[channels.lead]\ntype = "console"\n')
    found = replay(past(answered=76 * MINUTE), own, ENDS).guarded[FIRST]

    assert own.configured == {"lead"}
    assert found.warned() == 45 * MINUTE
    assert found.warned(own.configured) == 22.5 * MINUTE


def test_a_doubtful_ticket_asks_at_once_and_reminds_when_nobody_answered(
    rules: MakeRules, past: MakePast
) -> None:
    doubtful = {"subject": "???", "body": ""}
    found = replay(past(answered=20 * MINUTE, **doubtful), rules(), ENDS)
    quick = replay(past(answered=5 * MINUTE, **doubtful), rules(), ENDS)

    sent = [(one.step, one.channel) for one in found.guarded[Target.REVIEW].sent]
    assert sent == [("0%", "triage"), ("100%", "lead")]
    assert [one.step for one in quick.guarded[Target.REVIEW].sent] == ["0%"]


PLANS = """
[plans.pro]
first_response = { P1 = "45m" }
[plans.gold]
organizations = ["Acme"]
first_response = { P1 = "10m" }
resolution = { P1 = "2h" }
[plan_from]
organization_field = "plan"
[ignore]
tags = ["no_sla"]
"""


def test_the_plan_follows_the_organisation_and_brings_its_own_targets(
    rules: MakeRules, past: MakePast
) -> None:
    by_name = replay(past(organization="Acme", ended=3 * 60 * MINUTE), rules(PLANS), ENDS)
    before = past(ended=60 * MINUTE)
    by_field = replay(
        before.model_copy(update={"customer": Customer(fields={"plan": "gold"})}),
        rules(PLANS),
        ENDS,
    )
    nobody = replay(past(), rules(PLANS), ENDS)

    assert (by_name.plan, by_name.plan_known) == ("gold", True)
    assert by_name.guarded[Target.RESOLUTION].fate is Fate.LATE
    assert by_field.guarded[Target.RESOLUTION].fate is Fate.MET
    assert (nobody.plan, nobody.plan_known) == ("pro", False)
    assert Target.RESOLUTION not in nobody.guarded


def test_a_severity_without_a_target_has_no_timer(rules: MakeRules, past: MakePast) -> None:
    assert FIRST not in replay(past(subject="Question", body=QUESTION), rules(PLANS), ENDS).guarded


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"tags": ("no_sla",)}, "the policy ignores tag no_sla"),
        ({"status": Status.SPAM}, "spam at the helpdesk"),
    ],
)
def test_what_is_out_of_scope_is_left_alone(
    rules: MakeRules, past: MakePast, facts: dict[str, Any], why: str
) -> None:
    found = replay(past(**facts), rules(PLANS), ENDS)

    assert found.decision is None
    assert why in found.left_alone
