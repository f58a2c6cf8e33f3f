"""A small storm with the clock killed in the middle, as `make chaos` runs it at full size."""

from __future__ import annotations

import pytest

from benchmarks.chaos.facts import Fate, Told
from benchmarks.chaos.scenarios import storm
from benchmarks.chaos.storm import Size
from benchmarks.chaos.verdict import Judge

pytestmark = [pytest.mark.journey]

BORN = 1_800_000_000.0
JUDGE = Judge(target=60, killed=False)


def a_message(channel: str, step: str) -> Told:
    """Received a tenth of a second after its step's moment."""
    moment = BORN + int(step.rstrip("%")) * 0.6
    return Told(moment + 0.1, channel, "zendesk", "7", "escalation", step)


def a_fate(**facts: object) -> Fate:
    known = {
        "helpdesk": "zendesk",
        "ticket_id": "7",
        "created": BORN,
        "answered": None,
        "accepted": None,
        "reads": [],
        "severity": "P1",
        "settled": "",
        "lines": [
            (BORN + share * 0.6 + 0.05, "step", f"{share}% reached, 1 s left")
            for share in (0, 50, 75, 100)
        ],
    }
    return Fate(**{**known, **facts})  # type: ignore[arg-type]


STORY = [
    a_message("oncall", "0%"),
    a_message("oncall", "50%"),
    a_message("lead", "50%"),
    a_message("lead", "75%"),
    a_message("lead", "100%"),
]
EARLY = STORY[-1]._replace(at=BORN + 1)
ANSWERED = {"answered": BORN + 59.9, "settled": "answered"}


def test_a_storm_with_the_clock_killed_tells_everybody_of_each_step_once_and_in_order() -> None:
    size = Size(tickets=60, seconds=10, target=12, seed=4, kills=1)

    found = storm("a small storm", size)

    assert found.faults == []
    assert found.expected == found.received > 200
    assert found.late(100) < 6


def test_the_judge_finds_nothing_when_everything_was_as_it_should_be() -> None:
    found = JUDGE.judge("", [a_fate()], STORY)

    assert (found.ok, found.expected, found.received) == (True, 5, 5)
    assert found.late(100) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("told", "fate", "wrong"),
    [
        (STORY[:-1], {}, "lead was never told of 100%"),
        ([*STORY, STORY[0]], {}, "oncall was told of 0% 2 times"),
        ([EARLY, *STORY[:-1]], {}, "lead was told in the order 100%, 50%, 75%"),
        (STORY, {**ANSWERED, "accepted": BORN + 60}, "100% 0.200 s after the answer"),
        (STORY, {**ANSWERED, "reads": [BORN + 60.07]}, "100% 0.200 s after the answer"),
        (STORY, {"severity": "P2"}, "is P2, should be P1"),
        ([one._replace(at=one.at + 1) for one in STORY], {}, "p99 of the lateness is 1.100 s"),
    ],
)
def test_the_judge_finds(told: list[Told], fate: dict[str, object], wrong: str) -> None:
    found = JUDGE.judge("", [a_fate(**fate)], told)

    assert wrong in "\n".join(found.faults)


def test_an_alert_that_was_decided_before_the_answer_may_still_arrive() -> None:
    fate = a_fate(answered=BORN + 60.06, accepted=BORN + 60.08, settled="answered")

    assert JUDGE.judge("", [fate], STORY).faults == []
