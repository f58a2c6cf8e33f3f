"""The board: which tickets it lists, in which words, and when it says something new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pages import NOW, Pages, a_state, settled
from redis import Redis

from worker.record import Settlement
from worker.settings import Mode
from worker.store import keys
from worker.tickets import Changes, Customer, DecidedBy, SlaState, Target
from worker.timer import Acknowledged


def test_the_earliest_deadline_comes_first(pages: Pages) -> None:
    pages.put(a_state("222", minutes_left=30), a_state("111", minutes_left=3))

    assert [row.split("#")[1].split()[0] for row in pages.rows()] == ["111", "222"]


def test_a_row_says_severity_ticket_customer_state_deadline_next_step_and_owner(
    pages: Pages,
) -> None:
    pages.put(
        a_state(
            ticket={"subject": "Nobody can send", "assignee": "77"},
            customer=Customer(name="Rossi S.p.A."),
        )
    )

    row = pages.row()

    for words in (
        "P1 Urgent",
        "Nobody can send",
        "zendesk #5158",
        "Rossi S.p.A.",
        "plan pro",
        "in time",
        "due 17:25:00",
        "50% → oncall, lead at 17:02:30",
        "agent 77",
    ):
        assert words in row
    assert 'data-deadline="2026-11-23T17:25:00+00:00"' in pages.get()
    assert 'href="/tickets/zendesk/5158?account=acme"' in pages.get()


def test_an_agents_name_is_shown_once_somebody_told_it(pages: Pages) -> None:
    pages.put(a_state(ticket={"assignee": "77"}), a_state("2", minutes_left=30))
    pages.redis.hset(keys.names("zendesk/acme"), "77", "Ann Lee")

    named, unassigned = pages.rows()

    assert named.endswith("Ann Lee")
    assert unassigned.endswith("unassigned")


@pytest.mark.parametrize(
    ("severity", "name"),
    [("P1", "P1 Urgent"), ("P2", "P2 High"), ("P3", "P3 Medium"), ("P4", "P4 Low")],
)
def test_a_severity_is_always_in_words(pages: Pages, severity: str, name: str) -> None:
    pages.put(a_state(decided={"severity": severity}))

    assert pages.row().startswith(name)


@pytest.mark.parametrize(
    ("minutes_left", "word", "tone"),
    [(25, "in time", "fine"), (22.5, "breach soon", "soon"), (0, "breached", "breached")],
)
def test_the_state_follows_from_the_steps_and_the_deadline(
    pages: Pages, minutes_left: float, word: str, tone: str
) -> None:
    pages.put(a_state(minutes_left=minutes_left))

    assert word in pages.row()
    assert f'class="{tone}" data-key' in pages.get()


def test_a_near_sla_state_on_the_helpdesks_ticket_is_breach_soon_here(pages: Pages) -> None:
    pages.put(a_state(there=Changes(state=SlaState.NEAR)))

    assert "breach soon" in pages.row()


def test_after_the_deadline_the_next_step_is_a_repeat(pages: Pages) -> None:
    pages.put(a_state(minutes_left=-3))

    assert "100% again → oncall, lead at 17:12:00" in pages.row()


def test_who_is_on_it_is_named_until_it_is_asked_again(pages: Pages) -> None:
    until = NOW + timedelta(minutes=10)
    pages.put(a_state(acknowledged=Acknowledged(by="Ann Lee", at=NOW, until=until)))

    assert "acknowledged by Ann Lee until 17:10:00" in pages.row()
    assert "0% again" in pages.row()  # asked again, and the quiet 50 % is not announced
    assert "at 17:10:00" in pages.row()
    pages.clock.now = until
    assert "acknowledged" not in pages.row()


def test_whom_a_step_cannot_reach_is_said(pages: Pages) -> None:
    pages.put(a_state(notify=("oncall", "nobody-knows", "assignee", "tam")))
    pages.parts.switches.mute("oncall", NOW + timedelta(hours=1), NOW)

    assert "50% → oncall (muted), nobody-knows (not configured), assignee, tam" in pages.row()


def test_what_sets_a_ticket_apart_is_flagged(pages: Pages) -> None:
    decided = {"needs_review": True, "meta_dependency": True, "by": DecidedBy.PERSON}
    pages.put(
        a_state(
            decided=decided,
            plan_known=False,
            could_not_write="refused",
            recovered=True,
            notify=("tam",),
        )
    )

    row = pages.row()

    for words in (
        "review",
        "depends on Meta",
        "has a TAM",
        "set by a person",
        "found by poll",
        "could not be written",
        "plan unknown, pro assumed",
    ):
        assert words in row


def test_a_target_that_is_not_the_first_response_is_named(pages: Pages) -> None:
    state = a_state(settled=settled("1", Settlement.ANSWERED, in_time=True).settled)
    assert state.timer
    waits = state.timer.model_copy(update={"target": Target.NEXT_REPLY})
    pages.put(state.model_copy(update={"others": {Target.NEXT_REPLY: waits}}))

    assert "next reply" in pages.row()


@pytest.mark.parametrize(
    ("why", "in_time", "word"),
    [
        (Settlement.ANSWERED, True, "answered"),
        (Settlement.ANSWERED, False, "answered after the breach"),
        (Settlement.CLOSED_WITHOUT_REPLY, None, "closed without reply"),
        (Settlement.STOPPED, None, "stopped by a person"),
    ],
)
def test_settled_tickets_are_below_with_their_reason(
    pages: Pages, why: Settlement, *, in_time: bool | None, word: str
) -> None:
    pages.put(a_state("111"), settled("222", why, in_time=in_time))

    html = pages.get()

    assert html.index("#111") < html.index("Last settled") < html.index("#222")
    assert word in html
    assert "17:00:00, after 20m" in html


@pytest.mark.parametrize("mode", list(Mode))
def test_the_banner_says_the_mode(redis: Redis, tmp_path: Path, mode: Mode) -> None:
    assert f'<p class="banner {mode}">MODE {mode}: ' in Pages(redis, tmp_path, MODE=mode).get()


def test_a_pause_is_said_in_the_banner(pages: Pages) -> None:
    pages.parts.switches.pause("maintenance <b>", NOW)

    said = pages.get()

    assert 'class="banner paused"' in said
    assert "PAUSED since 17:00:00 (maintenance &lt;b&gt;): nothing is written" in said


def test_an_alert_of_p1_that_reaches_nobody_is_said_in_red(redis: Redis, tmp_path: Path) -> None:
    reaching = Pages(redis, tmp_path).get()
    nobody = Pages(redis, tmp_path, policy="").get()

    assert "P1 alerts reach nobody" in nobody
    assert "P1 alerts reach nobody" not in reaching


def test_mutes_failures_and_sayings_are_said(pages: Pages) -> None:
    pages.parts.switches.mute("oncall", NOW + timedelta(hours=1), NOW)
    pages.redis.hset(keys.FAILED, "write:zendesk/acme/1", '{"reason": "x", "at": 1}')
    pages.parts.journal.say("the field SLA state is missing", datetime.now(UTC))

    said = pages.get()

    assert "Channel oncall is muted until 18:00:00" in said
    assert "1 job was set aside" in said
    assert "<li>the field SLA state is missing</li>" in said


def test_an_empty_board_says_what_will_happen(redis: Redis, tmp_path: Path) -> None:
    said = "No ticket is waiting for an answer. New ones appear here within "
    assert f"{said}a second." in Pages(redis, tmp_path).get()
    assert f"{said}a minute." in Pages(redis, tmp_path, PUBLIC_URL="").get()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"1", "2", "3", "4"}),
        ("?severity=P1", {"1"}),
        ("?severity=P1&severity=P2", {"1", "2"}),
        ("?severity=P9", {"1", "2", "3", "4"}),
        ("?helpdesk=freshdesk", {"3"}),
        ("?plan=gold", {"2"}),
        ("?organization=Rossi", {"1"}),
        ("?text=ROSSI", {"1"}),
        ("?text=%234", {"4"}),
        ("?text=refund", {"4"}),
        ("?state=breached", {"2"}),
        ("?state=breach-soon", {"3"}),
        ("?state=in-time", {"1", "4"}),
        ("?state=acknowledged", {"3"}),
        ("?state=review", {"4"}),
        ("?state=review&severity=P1", set()),
        ("?state=nonsense&page=-1", {"1", "2", "3", "4"}),
    ],
)
def test_filters_are_read_from_the_url(pages: Pages, query: str, found: set[str]) -> None:
    on_it = Acknowledged(by="Ann", at=NOW, until=NOW + timedelta(hours=1))
    pages.put(
        a_state("1", customer=Customer(name="Rossi")),
        a_state("2", minutes_left=-1, plan="gold", decided={"severity": "P2"}),
        a_state(
            "3",
            helpdesk="freshdesk",
            minutes_left=5,
            acknowledged=on_it,
            decided={"severity": "P3"},
        ),
        a_state(
            "4",
            ticket={"subject": "Refund please"},
            decided={"severity": "P4", "needs_review": True},
        ),
    )

    assert {row.split("#")[1].split()[0] for row in pages.rows(query)} == found


def test_filters_stay_in_the_form_and_in_every_link(pages: Pages) -> None:
    pages.put(*(a_state(str(number), plan="gold") for number in range(60)))

    html = pages.get("/?severity=P1&plan=gold&text=add")

    assert '<input type="checkbox" name="severity" value="P1" checked>' in html
    assert "<option selected>gold</option>" in html
    assert 'href="/?severity=P1&amp;plan=gold&amp;text=add&amp;page=2"' in html
    assert 'href="/?severity=P1&amp;state=breached&amp;plan=gold&amp;text=add"' in html


def test_no_fitting_ticket_is_not_the_same_as_none(pages: Pages) -> None:
    pages.put(a_state())

    assert "No open ticket fits these filters." in pages.get("/?severity=P4")


def test_counts_are_of_all_that_fits_and_not_of_the_page(pages: Pages) -> None:
    pages.put(*(a_state(str(number), minutes_left=-1) for number in range(120)), a_state("900"))

    html = pages.get("/?state=breached&page=3")

    assert "<b>121</b> open" in html
    assert "<b>120</b> breached" in html
    assert "Page 3 of 3, tickets 101 to 120 of 120" in html
    assert len(pages.rows("?state=breached&page=3")) == 20
    assert len(pages.rows("?page=99")) == 21


def test_a_wall_screen_shows_what_is_next_without_forms(pages: Pages) -> None:
    pages.put(*(a_state(str(number)) for number in range(30)))

    html = pages.get("/?tv=1")

    assert '<body class="wall">' in html
    assert "<form" not in html
    assert len(pages.rows("?tv=1")) == 12


def test_nothing_new_is_304_until_a_moment_passes_or_something_happens(pages: Pages) -> None:
    pages.put(a_state(minutes_left=25))
    first = pages.live()
    etag = first.headers["ETag"]
    pages.clock.now = NOW + timedelta(seconds=149)
    again = pages.live(etag)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["X-Minutehand-Now"] == "2026-11-23T17:02:29.000+00:00"
    pages.clock.now = NOW + timedelta(seconds=150)  # 50 %: breach soon
    soon = pages.live(etag)
    assert soon.status_code == 200
    assert pages.live(soon.headers["ETag"]).status_code == 304
    pages.put(a_state("6000"))
    assert pages.live(soon.headers["ETag"]).status_code == 200


def test_the_pages_title_counts_what_is_breached(pages: Pages) -> None:
    pages.put(a_state(minutes_left=-1))

    assert "<title>(1 breached) Minutehand: what is due next</title>" in pages.get()
    assert pages.live().headers["X-Minutehand-Title"].startswith("(1 breached)")


@pytest.mark.parametrize(
    ("cookie", "shown", "named"),
    [
        ("Europe/Madrid", "due 18:25:00", "Times are Europe/Madrid."),
        ("", "due 17:25:00", "Times are UTC."),
        ("../../etc/passwd", "due 17:25:00", "Times are UTC."),
    ],
)
def test_moments_are_in_the_viewers_zone(pages: Pages, cookie: str, shown: str, named: str) -> None:
    pages.put(a_state())
    pages.client.set_cookie("minutehand_zone", cookie)

    html = pages.get()

    assert shown in html
    assert named in html


def test_a_ticket_without_a_subject_can_still_be_clicked(pages: Pages) -> None:
    pages.put(a_state(ticket={"subject": " \u202e"}))

    assert "(no subject)" in pages.row()


def test_a_due_day_that_is_not_today_has_its_date(pages: Pages) -> None:
    pages.put(a_state(minutes_left=600))

    assert "due 24 Nov 03:00:00" in pages.row()


def test_an_organisation_that_was_not_looked_up_is_shown_by_its_number(pages: Pages) -> None:
    pages.put(a_state(ticket={"organization": "42"}))

    assert "organisation 42" in pages.row()
