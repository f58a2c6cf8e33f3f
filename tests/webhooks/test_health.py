"""What machines read: /readyz and /metrics."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from webhooks.app import create_app
from worker.helpdesks.spending import ALL, Said
from worker.settings import Settings
from worker.store.keys import Kind, Member
from worker.wiring import Parts, build


@pytest.fixture
def parts(redis: Redis) -> Parts:
    environment = {
        "REDIS_URL": "redis://unused",
        "SECRET_KEY": "for-tests",
        "BOARD_PASSWORD": "open-sesame",
    }
    return build(Settings.from_environment(environment), redis=redis)


@pytest.fixture
def client(parts: Parts) -> FlaskClient:
    return create_app(parts).test_client()


def test_ready_when_worker_and_clock_have_just_been_seen(parts: Parts, client: FlaskClient) -> None:
    now = datetime.now(UTC)
    parts.journal.beat("worker a", now)
    parts.journal.beat("clock a", now)

    assert client.get("/readyz").status_code == 200


def test_not_ready_when_the_clock_was_last_seen_a_minute_ago(
    parts: Parts, client: FlaskClient
) -> None:
    now = datetime.now(UTC)
    parts.journal.beat("worker a", now)
    parts.journal.beat("clock a", now - timedelta(minutes=1))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "no clock for 60 s" in str(answer.get_json())


def test_metrics_read_as_prometheus_text_and_count_what_happened(
    parts: Parts, client: FlaskClient
) -> None:
    parts.journal.count("alert_sent", 3)
    credentials = base64.b64encode(b"prometheus:open-sesame").decode()

    answer = client.get("/metrics", headers={"Authorization": f"Basic {credentials}"})

    families = {f.name: f for f in text_string_to_metric_families(answer.get_data(as_text=True))}
    assert families["minutehand_redis_up"].samples[0].value == 1
    counted = {s.labels["what"]: s.value for s in families["minutehand_events"].samples}
    assert counted["alert_sent"] == 3


def test_metrics_tell_what_is_left_of_each_accounts_budget(
    parts: Parts, client: FlaskClient
) -> None:
    account = "zendesk/acme"
    parts.budget.answered(account, {ALL: Said(400, 400, 60), "updates": Said(100, 100, 60)})
    parts.budget.pause(account, 30, part="updates")
    credentials = base64.b64encode(b"prometheus:open-sesame").decode()

    answer = client.get("/metrics", headers={"Authorization": f"Basic {credentials}"})

    families = {f.name: f for f in text_string_to_metric_families(answer.get_data(as_text=True))}
    told = {
        name: {s.labels["part"]: s.value for s in families[f"minutehand_budget_{name}"].samples}
        for name in ("limit", "left", "paused", "down")
    }
    assert told["limit"] == {"requests": 400, "updates": 100}
    assert told["left"]["requests"] == 50
    assert 29 < told["paused"]["updates"] <= 30
    assert set(told["down"].values()) == {0}


def test_metrics_are_closed_to_strangers(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 401


def test_readiness_tells_how_it_does_without_naming_an_account(
    parts: Parts, client: FlaskClient
) -> None:
    now = datetime.now(UTC)
    parts.journal.polled("zendesk/acme", now - timedelta(seconds=90))
    parts.journal.heard("zendesk/acme", now - timedelta(seconds=700))
    parts.budget.saw_clock("zendesk/acme", -3.0)
    parts.due.arm(Member(Kind.EVENT, "zendesk/acme/1"), now - timedelta(seconds=300))
    parts.due.arm(Member(Kind.STEP, "zendesk/acme/2"), now - timedelta(seconds=40))

    answer = client.get("/readyz")

    told = answer.get_json()["figures"]
    assert 90 <= told["poll_lag_seconds"] < 95
    assert 700 <= told["webhook_silence_seconds"] < 705
    assert 40 <= told["oldest_unsent_step_seconds"] < 45
    assert (told["clock_skew_seconds"], told["failed"], told["queue_seconds"]) == (3, 0, 0)
    assert "acme" not in answer.get_data(as_text=True)


def test_metrics_tell_lag_silence_and_skew_of_each_account(
    parts: Parts, client: FlaskClient
) -> None:
    parts.journal.polled("zendesk/acme", datetime.now(UTC) - timedelta(seconds=90))
    parts.journal.missed("zendesk/acme", 2)
    parts.budget.saw_clock("zendesk/acme", 7.5)
    credentials = base64.b64encode(b"prometheus:open-sesame").decode()

    answer = client.get("/metrics", headers={"Authorization": f"Basic {credentials}"})

    families = {f.name: f for f in text_string_to_metric_families(answer.get_data(as_text=True))}
    (lag,) = families["minutehand_poll_lag_seconds"].samples
    assert 90 <= lag.value < 95
    assert lag.labels == {"account": "zendesk/acme"}
    assert families["minutehand_webhooks_missed"].samples[0].value == 2
    assert families["minutehand_clock_skew_seconds"].samples[0].value == 7.5
