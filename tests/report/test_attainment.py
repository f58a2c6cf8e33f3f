"""What counts as met, what is apart, and every denominator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.record import Settlement
from worker.report.attainment import APART, Dimension, Fate, Summary, fate
from worker.report.ending import Ending
from worker.tickets import Severity

MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = MONDAY + timedelta(days=1)


def an_ending(minutes: float | None = 10, **facts: object) -> Ending:
    """A P1 with 45 minutes, answered after so many; None: nobody has."""
    created = facts.pop("created_at", MONDAY)
    assert isinstance(created, datetime)
    settled = None if minutes is None else created + timedelta(minutes=minutes)
    return Ending(
        **{
            "severity": Severity.P1,
            "created_at": created,
            "deadline": created + timedelta(minutes=45),
            "settled_at": settled,
            "why": Settlement.ANSWERED if settled else None,
            "plan": "pro",
            **facts,
        }  # type: ignore[arg-type]
    )


def summed(*endings: Ending, zone: str = "UTC") -> Summary:
    summary = Summary(NOW, zone)
    for ending in endings:
        summary.add("zendesk", ending)
    return summary


@pytest.mark.parametrize(
    ("ending", "counts_as"),
    [
        (an_ending(45), Fate.MET),
        (an_ending(45.1), Fate.BREACHED),
        (an_ending(None), Fate.BREACHED),
        (an_ending(None, created_at=NOW - timedelta(minutes=44)), Fate.OPEN),
        (an_ending(10, why=Settlement.CLOSED_WITHOUT_REPLY), Fate.CLOSED),
        (an_ending(90, why=Settlement.CLOSED_WITHOUT_REPLY), Fate.CLOSED),
        (an_ending(10, why=Settlement.SPAM), Fate.SPAM),
        (an_ending(10, why=Settlement.MERGED), Fate.MERGED),
        (an_ending(10, why=Settlement.DELETED), Fate.GONE),
        (an_ending(10, why=Settlement.GONE), Fate.GONE),
        (an_ending(10, why=Settlement.STOPPED), Fate.STOPPED),
        (an_ending(10, plan_known=False), Fate.PLAN_UNKNOWN),
        (an_ending(90, raised_late=True), Fate.RAISED_LATE),
        (an_ending(10, deadline=None), Fate.NO_TARGET),
    ],
)
def test_every_ticket_counts_as_one_thing(ending: Ending, counts_as: Fate) -> None:
    assert fate(ending, NOW) is counts_as


def test_the_denominator_is_met_and_breached_and_nothing_else() -> None:
    summary = summed(
        an_ending(10),
        an_ending(20),
        an_ending(60),
        an_ending(10, why=Settlement.SPAM),
        an_ending(10, plan_known=False),
        an_ending(None, created_at=NOW),
    )

    whole = summary.attained
    assert (whole.met, whole.counted, whole.all) == (2, 3, 6)
    assert sum(whole.fates.get(one, 0) for one in APART) == 3


def test_weeks_begin_on_the_viewers_monday() -> None:
    sunday_night = MONDAY.replace(hour=23) - timedelta(days=1)

    assert [name for name, _ in summed(an_ending(created_at=sunday_night)).by(Dimension.WEEK)] == [
        "2026-11-16"
    ]
    berlin = summed(an_ending(created_at=sunday_night), zone="Asia/Tokyo")
    assert [name for name, _ in berlin.by(Dimension.WEEK)] == ["2026-11-23"]


def test_breakdowns_name_the_unknown_and_list_the_most_first() -> None:
    summary = summed(
        an_ending(organization="Rossi"),
        an_ending(organization="Rossi"),
        an_ending(organization=""),
        an_ending(plan_known=False, organization="Zed"),
    )

    assert [name for name, _ in summary.by(Dimension.ORGANIZATION)] == ["Rossi", "", "Zed"]
    assert [name for name, _ in summary.by(Dimension.PLAN)] == ["pro", ""]
    assert [name for name, _ in summary.by(Dimension.HELPDESK)] == ["zendesk"]


def test_first_responses_are_told_by_the_part_of_the_allowed_time() -> None:
    minutes = (1, 11.25, 11.3, 22.5, 40, 45, 80, 200)
    summary = summed(*(an_ending(one) for one in minutes), an_ending(None))

    assert summary.slices(Severity.P1) == (2, 2, 0, 2, 1, 1)
    assert summary.slices(Severity.P2) == (0, 0, 0, 0, 0, 0)
    assert summary.quantile(Severity.P1, 0.5) == timedelta(minutes=23)
    assert summary.quantile(Severity.P1, 0.9) == timedelta(minutes=200)
    assert summary.quantile(Severity.P2, 0.5) is None


def test_changes_by_people_are_counted_against_all_tickets() -> None:
    summary = summed(
        an_ending(),
        an_ending(rubric=Severity.P3, person=True),
        an_ending(rubric=Severity.P1, person=True),
        an_ending(severity=Severity.P4, rubric=Severity.P3, person=True),
    )

    assert summary.changed == 2
    assert summary.confusion[Severity.P3, Severity.P1] == 1
    assert summary.confusion[Severity.P3, Severity.P4] == 1
    assert summary.confusion[Severity.P1, Severity.P1] == 2
