"""The report over what real commits left behind."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from pages import HOSTILE, NOW, Pages, a_state, in_words

from worker.channels.base import Alert, AlertTicket
from worker.record import Settled, Settlement, State
from worker.store import keys
from worker.store.effects import Effects
from worker.store.endings import Endings
from worker.tickets import Customer, DecidedBy, Severity


def answered(number: str, *, after: float, **facts: Any) -> State:
    """A P1 with 45 minutes, created two hours ago."""
    state = a_state(number, minutes_left=-75, **facts)
    at = state.ticket.created_at + timedelta(minutes=after)
    settled = Settled(why=Settlement.ANSWERED, at=at, in_time=after <= 45)
    return state.model_copy(update={"settled": settled})


def table(pages: Pages, name: str, query: str = "") -> list[list[str]]:
    answer = pages.client.get(f"/report/{name}.csv{query}")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert f"minutehand-{name}-" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.text, newline="")))


def test_the_report_states_its_share_and_what_it_is_of(pages: Pages) -> None:
    pages.put(
        answered("1", after=10),
        answered("2", after=20),
        answered("3", after=60),
        answered("4", after=10, plan_known=False),
        a_state("5"),
    )

    html = in_words(pages.get("/report"))

    assert "Met 66.7% 2 of 3 in time" in html
    assert "Plan unknown 1" in html
    assert "Still open 1" in html
    assert "5 tickets in all, 3 counted as met or breached" in html
    assert "Share of the 3 tickets that were answered, or breached their deadline" in html


def test_every_table_is_there_as_csv(pages: Pages) -> None:
    pages.put(
        answered("1", after=10, customer=Customer(name="Rossi"), helpdesk="freshdesk"),
        answered("2", after=60, decided={"by": DecidedBy.PERSON, "rubric": "P3"}),
    )

    assert table(pages, "severity")[1][:4] == ["P1 Urgent", "50.0%", "1", "1"]
    assert table(pages, "week")[1][0] == "2026-11-23 to 2026-11-29"
    assert [row[0] for row in table(pages, "plan")[1:]] == ["pro"]
    shares = {row[0]: row[1] for row in table(pages, "organization")[1:]}
    assert shares == {"Rossi": "100.0%", "no organisation looked up": "0.0%"}
    assert {row[0] for row in table(pages, "helpdesk")[1:]} == {"zendesk", "freshdesk"}
    assert table(pages, "group")[1][0] == "no group"
    assert table(pages, "first-response")[1][:4] == ["P1 Urgent", "2", "10m", "1h"]
    assert table(pages, "changes")[3] == ["P3 Medium", "1", "0", "0", "0", "1", "100.0%"]
    assert pages.client.get("/report/nothing.csv").status_code == 404


def test_alerts_are_counted_by_day_and_severity(pages: Pages) -> None:
    for number, days_ago in enumerate((0, 0, 3)):
        state = a_state(str(number))
        alert = Alert(
            id=f"alert-{number}",
            type="escalation",
            channel="lead",
            ticket=AlertTicket(
                helpdesk="zendesk", account="acme", id=str(number), subject="x", url=None
            ),
            severity=Severity.P1,
            step="50%",
            created_at=NOW,
            deadline=NOW,
        )
        then = NOW - timedelta(days=days_ago)
        done = pages.parts.records.commit(
            state.ticket.key, 0, state, Effects(alerts=(alert,)), now=then
        )
        assert done

    assert table(pages, "alerts")[1:] == [
        ["2026-11-23", "2", "2", "0", "0", "0"],
        ["2026-11-20", "1", "1", "0", "0", "0"],
    ]
    assert "3 alerts in 28 days, 0.1 a day" in pages.get("/report")


def test_what_looks_like_a_formula_stays_text(pages: Pages) -> None:
    for number, name in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "plain")):
        pages.put(answered(str(number), after=10, customer=Customer(name=name)))

    names = {row[0] for row in table(pages, "organization")[1:]}

    assert names == {"'=1+1", "'+1", "'-1", "'@SUM(A1)", "plain"}


def test_hostile_names_are_inert(pages: Pages) -> None:
    pages.put(answered("1", after=10, customer=Customer(name=HOSTILE), ticket={"group": HOSTILE}))

    html = pages.get("/report")

    assert "<script>alert" not in html
    assert "<img" not in html.replace('<img src="/static/', "")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "\u202e" not in html


def test_a_longer_period_reaches_further_back(pages: Pages) -> None:
    old = a_state("1").model_copy(
        update={
            "ticket": a_state("1").ticket.model_copy(update={"created_at": NOW - timedelta(60)})
        }
    )
    pages.put(old)

    assert "No ticket was created in this period." in pages.get("/report")
    assert "No ticket was created" not in pages.get("/report?weeks=13")
    assert "No ticket was created in this period." in pages.get("/report?weeks=999999")


def test_how_a_ticket_ended_outlives_its_record_by_a_year(pages: Pages) -> None:
    pages.put(answered("1", after=10))
    day = f"{(NOW - timedelta(hours=2)):%Y-%m-%d}"

    assert 34 * 86400 < pages.redis.ttl(keys.ticket("zendesk/acme/1")) <= 35 * 86400
    assert 399 * 86400 < pages.redis.ttl(keys.endings(day)) <= 400 * 86400


def test_what_a_newer_version_wrote_is_left_out(pages: Pages) -> None:
    pages.put(answered("1", after=10))
    pages.redis.hset(keys.endings("2026-11-23"), "zendesk/acme/2", '["of a later version"]')

    found = list(Endings(pages.redis).between(NOW.date(), NOW.date()))

    assert [key for key, _ in found] == ["zendesk/acme/1"]
    assert pages.get("/report")
