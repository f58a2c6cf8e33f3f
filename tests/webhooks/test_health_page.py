"""The health page: what is there to see, and jobs that are tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pages import HOSTILE, Pages, a_state, in_words
from redis import Redis

from worker.helpdesks.spending import ALL, Said
from worker.store import keys


def test_it_says_what_runs_what_waits_and_what_is_late(pages: Pages) -> None:
    now = datetime.now(UTC)
    pages.put(a_state("1"), a_state("2", minutes_left=-1))
    pages.parts.journal.beat("worker a-1", now)
    pages.redis.delete(keys.DUE)
    pages.redis.zadd(keys.DUE, {"step:zendesk/acme/1": now.timestamp() - 90})

    html = in_words(pages.get("/health"))

    assert "open timers 2" in html
    assert "oldest due since 90 s" in html or "oldest due since 91 s" in html
    assert "worker a-1 0 s lives" in html
    assert "clock never silent" in html
    assert "MODE observe" in html


def test_it_says_how_far_polls_and_webhooks_are(pages: Pages) -> None:
    now = pages.clock.now
    pages.parts.journal.polled("zendesk/acme", now - timedelta(seconds=42))
    for second in (0, 0.1, 0.2, 1.1):
        pages.parts.journal.heard("freshdesk/acme", now - timedelta(seconds=120 - second))

    html = in_words(pages.get("/health"))

    assert "Last poll ended 42 s ago" in html
    assert "Last poll ended never" in html
    assert "Last webhook 16:58:01" in html
    assert "0.8 on average of 5 minutes, 4 in the last hour" in html


def test_it_says_what_is_left_of_the_budget(pages: Pages) -> None:
    pages.parts.budget.answered("zendesk/acme", {ALL: Said(400, 400, 60)})
    pages.parts.budget.pause("zendesk/acme", 30, part=ALL)

    html = in_words(pages.get("/health"))

    assert "zendesk/acme requests 400 50 asked to wait 30 s" in html


def test_the_doctor_names_what_is_wrong_and_what_to_do(redis: Redis, tmp_path: Path) -> None:
    html = in_words(Pages(redis, tmp_path, policy="").get("/health"))

    assert "failure P1 alerts : no notification channel" in html
    assert "add one under [channels]" in html


def test_a_failed_job_is_shown_with_its_reason_and_tried_again(pages: Pages) -> None:
    for member in ("write:zendesk/acme/1", "send:abc"):
        pages.redis.hset(keys.FAILED, member, '{"reason": "the form wants a field", "at": 1}')
    html = pages.get("/health")
    assert "the form wants a field" in html

    form = {"csrf": pages.token("/health"), "member": "send:abc"}
    answer = pages.client.post("/health/retry", data=form)

    assert answer.status_code == 303
    assert "1 made due again." in pages.get("/health")
    assert pages.redis.hkeys(keys.FAILED) == ["write:zendesk/acme/1"]
    assert pages.redis.zscore(keys.DUE, "send:abc")
    pages.client.post("/health/retry", data={"csrf": pages.token("/health")})
    assert pages.redis.hkeys(keys.FAILED) == []
    assert pages.client.post("/health/retry", data={}).status_code == 400


def test_a_viewer_sees_failed_jobs_and_cannot_try_again(redis: Redis, tmp_path: Path) -> None:
    pages = Pages(redis, tmp_path, BOARD_PASSWORD="act", BOARD_VIEWER_PASSWORD="look")
    redis.hset(keys.FAILED, "send:abc", '{"reason": "x", "at": 1}')
    form = {"csrf": pages.token("/sign-in"), "password": "look", "next": "/"}
    pages.client.post("/sign-in", data=form)

    html = pages.get("/health")
    assert "send:abc" in html
    assert "/health/retry" not in html
    with pages.client.session_transaction() as session:
        token = session["csrf"]
    assert pages.client.post("/health/retry", data={"csrf": token}).status_code == 403
    assert redis.hkeys(keys.FAILED) == ["send:abc"]


def test_hostile_text_is_inert(pages: Pages) -> None:
    pages.redis.hset(keys.FAILED, f"write:{HOSTILE}", '{"reason": "<script>alert(1)", "at": 1}')

    html = pages.get("/health")

    assert "<script>alert" not in html
    assert "<img src=x" not in html
