"""Business hours: which moments count, and what moment comes after so much time that counts. Pure.

A moment is open when the clock on the wall of the place shows a time inside one of that weekday's
intervals and the date is neither a holiday nor closed. Everything follows from that sentence, the
two nights a year in which the wall clock jumps included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, BeforeValidator, model_validator

from worker.tickets import Noun
from worker.zones import Zone

__all__ = ["ROUND_THE_CLOCK", "Hours", "Open"]

ROUND_THE_CLOCK = "24/7"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAYS = 5
MIDNIGHT = 24 * 60
LOOK_AHEAD = 800
"""Days that are looked at before hours that never open are given up: two years and a little."""

_INTERVAL = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")
_COUNTRY = re.compile(r"([A-Z]{2})(?:-([A-Za-z0-9]{1,20}))?")


class Open(Noun):
    """One interval of a day: minutes after midnight by the wall clock, the end not included."""

    start: int
    end: int


def _open(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _INTERVAL.fullmatch(value.strip())
    if not match:
        raise ValueError(f'{value!r} are no hours; write them like "09:00-17:30"')
    first, first_minute, last, last_minute = map(int, match.groups())
    start, end = first * 60 + first_minute, last * 60 + last_minute
    if not start < end <= MIDNIGHT:
        raise ValueError(
            f"{value!r} ends before it begins; hours past midnight are two: "
            '"22:00-24:00" and "00:00-06:00" of the next day'
        )
    return Open(start=start, end=end)


def _apart(intervals: tuple[Open, ...]) -> tuple[Open, ...]:
    ordered = tuple(sorted(intervals, key=lambda one: one.start))
    if any(one.end > other.start for one, other in pairwise(ordered)):
        raise ValueError("two intervals of a day overlap")
    return ordered


def _country(value: str) -> str:
    match = _COUNTRY.fullmatch(value)
    try:
        if match:
            holidays.country_holidays(match[1], subdiv=match[2], years=2026)
            return value
    except NotImplementedError:
        pass
    raise ValueError(
        f'{value!r} is no country whose holidays are known; write it like "ES" or "ES-MD" '
        "(country and region by ISO 3166)"
    )


Interval = Annotated[Open, BeforeValidator(_open)]
Intervals = Annotated[tuple[Interval, ...], AfterValidator(_apart)]
Country = Annotated[str, AfterValidator(_country)]


class Hours(Noun):
    """One `[hours.NAME]`: when a plan's time runs, or when a channel takes messages."""

    time_zone: Zone
    weekdays: Intervals = ()
    """Monday to Friday; a day that is named too has its own."""
    monday: Intervals | None = None
    tuesday: Intervals | None = None
    wednesday: Intervals | None = None
    thursday: Intervals | None = None
    friday: Intervals | None = None
    saturday: Intervals | None = None
    sunday: Intervals | None = None
    holidays: tuple[Country, ...] = ()
    """Countries, and regions, on whose public holidays nothing is open."""
    closed: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _opens_at_all(self) -> Hours:
        if not any(self.of_weekday(day) for day in range(len(WEEK))):
            raise ValueError('there is no time in it; write for example weekdays = ["09:00-17:00"]')
        return self

    def of_weekday(self, day: int) -> tuple[Open, ...]:
        """The intervals of a weekday, 0 being Monday, holidays aside."""
        own: tuple[Open, ...] | None = getattr(self, WEEK[day])
        if own is not None:
            return own
        return self.weekdays if day < WEEKDAYS else ()

    def after(self, start: datetime, span: timedelta) -> datetime:
        """The moment by which `span` of open time has passed since `start`; aware, in UTC.

        No span at all: `start` itself when that is open, else the next opening. Raises ValueError
        when the hours are so few that it is more than two years away.
        """
        left = span
        for opens, closes in self._from(start):
            begins = max(start, opens)
            if begins + left <= closes and (left or begins < closes):
                return begins + left
            left -= max(timedelta(0), closes - begins)
        raise ValueError(f"{span} of open time is more than two years away")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments."""
        total = timedelta(0)
        for opens, closes in self._from(start):
            if opens >= end:
                break
            total += max(timedelta(0), min(closes, end) - max(opens, start))
        return total

    def open_at(self, moment: datetime) -> bool:
        """Whether that moment counts."""
        return any(opens <= moment < closes for opens, closes in _spans(self, self._date(moment)))

    def next_open(self, moment: datetime) -> datetime:
        """`moment` itself when that is open, else the next opening."""
        return self.after(moment, timedelta(0))

    def _from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = self._date(start)
        for number in range(LOOK_AHEAD):
            for opens, closes in _spans(self, first + timedelta(days=number)):
                if closes > start:
                    yield opens, closes

    def _date(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.time_zone)).date()

    def is_closed(self, day: date) -> bool:
        """A public holiday, or a day that the policy names."""
        return day in self.closed or any(day in _holidays(c, day.year) for c in self.holidays)

    def __hash__(self) -> int:
        """Of a part, since days are looked up often; equality compares everything."""
        return hash((self.time_zone, self.holidays, self.closed, self.weekdays))


@lru_cache(maxsize=20_000)
def _spans(hours: Hours, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """What of one day by the wall clock is open, in UTC, in order."""
    if hours.is_closed(day):
        return ()
    found = []
    for offset, begins, ends in _offsets(hours.time_zone, day):
        midnight = datetime.combine(day, time(), UTC) - offset
        for interval in hours.of_weekday(day.weekday()):
            opens = max(begins, midnight + timedelta(minutes=interval.start))
            closes = min(ends, midnight + timedelta(minutes=interval.end))
            if opens < closes:
                found.append((opens, closes))
    return tuple(sorted(found))


def _offsets(zone: str, day: date) -> list[tuple[timedelta, datetime, datetime]]:
    """The offsets from UTC that are in force on a date, each with the moments it holds between.

    One on ordinary days; two on the days on which the wall clock jumps.
    """
    place = ZoneInfo(zone)
    begins = datetime.combine(day, time(), UTC) - timedelta(hours=26)
    ends = begins + timedelta(hours=76)
    found = []
    while begins < ends:
        offset = begins.astimezone(place).utcoffset() or timedelta(0)
        until = _change_after(place, begins, ends, offset)
        found.append((offset, begins, until))
        begins = until
    return found


def _change_after(place: ZoneInfo, begins: datetime, ends: datetime, offset: timedelta) -> datetime:
    """The first moment with another offset, to the second; `ends` when there is none."""
    if ends.astimezone(place).utcoffset() == offset:
        return ends
    low, high = begins, ends
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(place).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=1_000)
def _holidays(country: str, year: int) -> frozenset[date]:
    match = _COUNTRY.fullmatch(country)
    code, region = (match[1], match[2]) if match else (country, None)
    return frozenset(holidays.country_holidays(code, subdiv=region, years=year))
