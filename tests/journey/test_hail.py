"""Scenarios of `make chaos` at a small size, and the oracle that judges them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.chaos.facts import Told
from benchmarks.chaos.hail import Weather, hail
from benchmarks.chaos.oracle import Sums, Wanted, judge

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

BORN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KNOWN = ("zendesk", "7")
WANTED = Wanted(*KNOWN, severity="P1", allowed=60)
THERE: dict[str, Any] = {
    "severity": "P1",
    "priority": "urgent",
    "deadline": "2026-11-23T10:01:00Z",
    "state": "breached",
    "created_at": BORN.isoformat(),
    "answered_at": None,
    "comments": [{"author": "Sam", "public": True}, {"author": "Minutehand", "public": False}],
}


def told(step: str, after: float, channel: str = "lead") -> Told:
    return Told(BORN.timestamp() + after, channel, *KNOWN, "escalation", step)


STORY = (told("50%", 30.1), told("100%", 60.2))


def judged(
    *alerts: Told, kills: tuple[float, ...] = (), emptied: bool = False, **there: Any
) -> Sums:
    moments = [BORN.timestamp() + kill for kill in kills]
    return judge([WANTED], {KNOWN: THERE | there}, alerts or STORY, moments, emptied=emptied)


@pytest.mark.parametrize("emptied", [False, True])
def test_a_small_hail_loses_nothing_and_does_nothing_twice(emptied: bool) -> None:
    found = hail(Weather(tickets=40, seconds=12, kills=1, seed=3, emptied=emptied, scale=0.2))

    assert found.sums.ok, "\n".join((*found.sums.words, *found.notes))
    assert found.sums.tickets == 40


def test_the_oracle_finds_nothing_when_all_is_as_it_should_be() -> None:
    found = judged()

    assert found.ok
    assert found.words == []
    assert found.latest == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("there", "column", "words"),
    [
        ({"severity": None}, "lost", "was never written to"),
        ({"severity": "P2"}, "wrong", "severity P2, not {'P1'}"),
        ({"priority": "high"}, "wrong", "priority high"),
        ({"deadline": "2026-11-23T10:01:01Z"}, "wrong", "deadline"),
        ({"state": "near"}, "wrong", "state near"),
        ({"comments": THERE["comments"] + THERE["comments"][1:]}, "written_twice", "2 notes"),
    ],
)
def test_the_oracle_finds_what_is_wrong_on_the_ticket(
    there: dict[str, Any], column: str, words: str
) -> None:
    found = judged(**there)

    assert getattr(found, column) == 1
    assert words in found.words[0]
    assert not found.ok


def test_the_oracle_finds_a_missing_alert_unless_the_ticket_was_answered() -> None:
    assert judged(STORY[0]).not_alerted == 1
    answered = {"answered_at": (BORN + timedelta(seconds=59)).isoformat(), "state": "met"}
    assert judged(STORY[0], **answered).ok


def test_an_alert_twice_is_a_fault_unless_a_kill_or_an_empty_redis_explains_it() -> None:
    twice = (*STORY, told("100%", 66))

    assert not judged(*twice).ok
    assert not judged(*twice, kills=(20,)).ok
    assert judged(*twice, kills=(61,)).ok
    assert judged(*twice, emptied=True).ok
    assert not judged(*twice, told("50%", 67), emptied=True).ok
