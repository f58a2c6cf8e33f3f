"""Business hours against a brute-force count of minutes."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import ValidationError

from worker.hours import Hours, Open

CASES = 100_000
ZONES = (
    "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca",
    "America/Santiago", "Pacific/Auckland", "Asia/Kathmandu", "America/Havana", "Europe/London",
)  # fmt: skip
"""Half-hour and quarter-hour offsets, a half-hour jump, a jump at midnight, the south, Ramadan."""
COUNTRIES = (("ES-MD",), ("US",), ("AU",), ("IN",), ("MA",), ("CL",), ("NZ",), (), ("CU",), ("GB",))
OFFICE = Hours(time_zone="Europe/Madrid", weekdays=("09:00-14:00", "15:00-18:00"))


def some_hours(chance: random.Random, zone: str, countries: tuple[str, ...]) -> Hours:
    days = {}
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"):
        edges = sorted(chance.sample(range(1_441), chance.choice((0, 2, 2, 4, 6))))
        days[day] = tuple(
            Open(start=start, end=end) for start, end in zip(edges[::2], edges[1::2], strict=True)
        )
    days["wednesday"] = (Open(start=0, end=1_440),)
    closed = tuple(date(2028, 2, 29) + timedelta(days=chance.randrange(300)) for _ in range(3))
    return Hours(time_zone=zone, holidays=countries, closed=closed, **days)


def counted(hours: Hours, begins: datetime, minutes: int) -> np.ndarray:
    """For every minute since `begins` whether it is open, by looking at the wall clock."""
    place = ZoneInfo(hours.time_zone)
    found = np.zeros(minutes, bool)
    for number in range(minutes):
        there = (begins + timedelta(minutes=number)).astimezone(place)
        minute = there.hour * 60 + there.minute
        found[number] = any(
            one.start <= minute < one.end for one in hours.of_weekday(there.weekday())
        ) and not hours.is_closed(there.date())
    return found


@pytest.mark.parametrize(("zone", "countries"), list(zip(ZONES, COUNTRIES, strict=True)))
def test_the_engine_agrees_with_counting_minutes(zone: str, countries: tuple[str, ...]) -> None:
    chance = random.Random(zone)
    for _ in range(2):
        hours = some_hours(chance, zone, countries)
        # four months around one jump of the clock, the other half of the cases around the other
        begins = datetime(2028, chance.choice((2, 9)), 1, tzinfo=UTC)
        minutes = 120 * 24 * 60
        is_open = counted(hours, begins, minutes)
        ends_of_open = np.flatnonzero(is_open) + 1
        passed = np.concatenate([[0], np.cumsum(is_open)])
        for _ in range(CASES // len(ZONES) // 2):
            start = chance.randrange(minutes // 2)
            span = chance.randrange(1, 3_000)
            wanted = ends_of_open[passed[start] + span - 1]
            moment = begins + timedelta(minutes=start)
            found = hours.after(moment, timedelta(minutes=span))
            assert found == begins + timedelta(minutes=int(wanted)), (moment, span)
            assert hours.between(moment, found) == timedelta(minutes=span)
            assert hours.open_at(moment) == is_open[start]


def test_the_clock_starts_when_the_office_opens() -> None:
    saturday = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    assert OFFICE.after(saturday, timedelta(minutes=45)) == datetime(
        2026, 11, 30, 8, 45, tzinfo=UTC
    )


def test_lunch_does_not_count() -> None:
    before = datetime(2026, 11, 30, 12, 50, tzinfo=UTC)  # 13:50 there
    assert OFFICE.after(before, timedelta(minutes=30)) == datetime(2026, 11, 30, 14, 20, tzinfo=UTC)


def test_a_span_that_fills_the_day_ends_when_it_closes() -> None:
    opening = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert OFFICE.after(opening, timedelta(hours=8)) == datetime(2026, 11, 30, 17, 0, tzinfo=UTC)


def test_seconds_count() -> None:
    moment = datetime(2026, 11, 30, 8, 0, 10, 500_000, tzinfo=UTC)
    assert OFFICE.after(moment, timedelta(seconds=3)) == moment + timedelta(seconds=3)


def test_a_region_has_holidays_of_its_own() -> None:
    madrid = Hours(time_zone="Europe/Madrid", weekdays=("09:00-17:00",), holidays=("ES-MD",))
    spain = Hours(time_zone="Europe/Madrid", weekdays=("09:00-17:00",), holidays=("ES",))
    second_of_may = date(2028, 5, 2)
    assert madrid.is_closed(second_of_may)
    assert not spain.is_closed(second_of_may)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"weekdays": ["9-17"]}, "are no hours"),
        ({"weekdays": ["18:00-09:00"]}, "ends before it begins"),
        ({"weekdays": ["09:00-12:00", "11:00-13:00"]}, "overlap"),
        ({"weekdays": []}, "no time in it"),
        ({"weekdays": ["09:00-17:00"], "holidays": ["XX"]}, "no country"),
        ({"weekdays": ["09:00-17:00"], "holidays": ["ES-QQ"]}, "no country"),
        ({"weekdays": ["09:00-17:00"], "time_zone": "Madrid"}, "not a time zone"),
    ],
)
def test_impossible_hours_are_refused(keys: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Hours.model_validate({"time_zone": "UTC", **keys})


def test_hours_that_are_always_closed_are_said_to_be() -> None:
    never = Hours(
        time_zone="UTC",
        monday=("09:00-10:00",),
        closed=tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(1_200)),
    )
    with pytest.raises(ValueError, match="two years away"):
        never.after(datetime(2026, 2, 1, tzinfo=UTC), timedelta(minutes=1))
