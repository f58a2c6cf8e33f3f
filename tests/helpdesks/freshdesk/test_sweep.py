"""A poll's watermark always moves on and never skips."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.helpdesks.freshdesk.sweep import LAST_PAGE, OVERLAP, Sweep

START = datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_without_a_watermark_it_begins_at_the_start() -> None:
    assert Sweep.parse(None, start=START) == Sweep(START, START)


@pytest.mark.parametrize("text", ["", "soon", "x y z", "2026-99-99T00:00:00Z", "\u0661"])
def test_a_watermark_that_is_not_ours_begins_at_the_start(text: str) -> None:
    assert Sweep.parse(text, start=START) == Sweep(START, START)


@pytest.mark.parametrize(
    "rest", ["x y", "2026-11-23T11:00:00Z 0", "2026-11-23T11:00:00Z 999999999"]
)
def test_a_half_broken_watermark_begins_at_its_floor(rest: str) -> None:
    floor = START + timedelta(hours=1)
    assert Sweep.parse(f"2026-11-23T11:00:00Z {rest}", start=START) == Sweep(floor, floor)


def test_a_watermark_survives_being_text() -> None:
    for sweep in (
        Sweep(START, START),
        Sweep(START, START + timedelta(minutes=5)),
        Sweep(START, START, 7),
    ):
        assert Sweep.parse(str(sweep), start=START - timedelta(days=1)) == sweep


def test_a_finished_sweep_overlaps_the_next_by_two_minutes() -> None:
    last = START + timedelta(minutes=30)
    assert Sweep(START, START).after(last, more=False) == Sweep(last - OVERLAP, last - OVERLAP)


def test_an_idle_account_stays_where_it_is() -> None:
    assert Sweep(START, START).after(None, more=False) == Sweep(START, START)
    assert Sweep(START, START).after(START, more=False) == Sweep(START, START)


def test_a_long_sweep_goes_on_from_what_it_saw_and_keeps_its_overlap() -> None:
    last = START + timedelta(seconds=50)
    onward = Sweep(START, START).after(last, more=True)
    assert onward == Sweep(START, last - timedelta(seconds=1))
    assert onward.after(last + timedelta(seconds=20), more=False) == Sweep(START, START)


def test_tickets_that_share_a_second_are_paged() -> None:
    onward = Sweep(START, START).after(START, more=True)
    assert onward == Sweep(START, START, 2)
    assert onward.after(START, more=True).page == 3


def test_more_pages_than_freshdesk_has_still_move_on() -> None:
    onward = Sweep(START, START, LAST_PAGE).after(START, more=True)
    assert onward.since > START
    assert onward.page == 1


def test_thirty_thousand_tickets_are_all_seen_and_it_ends() -> None:
    changed = (
        sorted(
            START + timedelta(seconds=number // 7 + (1000 if number > 20_000 else 0))
            for number in range(30_000)
        )
        + [START + timedelta(seconds=9000)] * 900
    )
    seen: set[int] = set()
    sweep = Sweep(START - timedelta(seconds=1), START - timedelta(seconds=1))
    for _ in range(2000):
        # The harder reading of `updated_since`: its own second is left out.
        matching = [n for n, moment in enumerate(changed) if moment > sweep.since]
        page = matching[(sweep.page - 1) * 100 : sweep.page * 100]
        more = len(matching) > sweep.page * 100
        seen.update(page)
        sweep = sweep.after(changed[page[-1]] if page else None, more=more)
        if not more:
            break
    assert len(seen) == len(changed)
    assert str(sweep).count(" ") == 0
