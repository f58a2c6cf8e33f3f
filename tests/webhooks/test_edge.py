"""The edge, one kind of bad input after the other: a clear refusal, and nothing kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from structlog.testing import capture_logs

from webhooks.app import create_app
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Settings
from worker.store import keys
from worker.wiring import build

SECRET = "the-signing-secret"
MEGABYTE = 1024 * 1024
ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1",
    "SECRET_KEY": "for-tests",
    "ZENDESK_URL": "https://acme.zendesk.com",
    "ZENDESK_CLIENT_ID": "id",
    "ZENDESK_CLIENT_SECRET": "client-secret",
    "ZENDESK_WEBHOOK_SECRET": f"old,{SECRET}",
    "FRESHDESK_URL": "https://acme.freshdesk.com",
    "FRESHDESK_API_KEY": "api-key",
    "FRESHDESK_WEBHOOK_SECRET": SECRET,
}
helpdesks = pytest.mark.parametrize("helpdesk", sorted(HELPDESKS))


def client_over(redis: Redis, **changed: str) -> FlaskClient:
    settings = Settings.from_environment(ENVIRONMENT | changed)
    return create_app(build(settings, redis=redis)).test_client()


@pytest.fixture
def client(redis: Redis) -> Iterator[FlaskClient]:
    return client_over(redis)


def a_body(helpdesk: str, **changed: Any) -> bytes:
    if helpdesk == "freshdesk":
        return json.dumps({"ticket_id": "5158", "event": "ticket_created"} | changed).encode()
    detail = {"id": "5158", "created_at": "2026-11-23T10:00:00Z", "subject": "Help"}
    return json.dumps(
        {
            "type": "zen:event-type:ticket.created",
            "id": "event-1",
            "account_id": 424242,
            "subject": "zen:ticket:5158",
            "detail": detail,
        }
        | changed
    ).encode()


def signed(
    helpdesk: str, body: bytes, secret: str = SECRET, at: datetime | None = None
) -> dict[str, str]:
    return HELPDESKS[helpdesk].inbound.sample(body, secret=secret, now=at or datetime.now(UTC))


def post(
    client: FlaskClient, helpdesk: str, body: bytes | None = None, **headers: Any
) -> tuple[int, dict[str, Any]]:
    sent = a_body(helpdesk) if body is None else body
    answer = client.post(
        f"/webhooks/{helpdesk}", data=sent, headers=headers.get("headers") or signed(helpdesk, sent)
    )
    return answer.status_code, answer.get_json()


def kept(redis: Redis) -> int:
    return redis.zcard(keys.DUE)


@helpdesks
def test_an_authentic_webhook_is_202_after_it_is_kept(
    client: FlaskClient, redis: Redis, helpdesk: str
) -> None:
    assert post(client, helpdesk)[0] == 202
    assert redis.zrange(keys.DUE, 0, -1) == [f"event:{helpdesk}/acme/5158"]
    assert redis.llen(keys.inbox(f"{helpdesk}/acme/5158")) == 1


@helpdesks
def test_the_same_bytes_again_are_202_without_effect(
    client: FlaskClient, redis: Redis, helpdesk: str
) -> None:
    post(client, helpdesk)

    status, said = post(client, helpdesk)

    assert status == 202
    assert "seen before" in said["said"]
    assert redis.llen(keys.inbox(f"{helpdesk}/acme/5158")) == 1


@helpdesks
def test_a_wrong_secret_is_401(client: FlaskClient, redis: Redis, helpdesk: str) -> None:
    body = a_body(helpdesk)

    assert post(client, helpdesk, body, headers=signed(helpdesk, body, "wrong"))[0] == 401
    assert kept(redis) == 0
    assert redis.hget(keys.COUNTERS, "webhook_refused_bad_signature") or redis.hget(
        keys.COUNTERS, "webhook_refused_bad_secret"
    )


@helpdesks
def test_no_signature_at_all_is_401(client: FlaskClient, redis: Redis, helpdesk: str) -> None:
    headers = {"Content-Type": "application/json"}

    assert post(client, helpdesk, headers=headers)[0] == 401
    assert kept(redis) == 0


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_stale_signature_is_401(client: FlaskClient, redis: Redis, minutes: int) -> None:
    body = a_body("zendesk")
    headers = signed("zendesk", body, at=datetime.now(UTC) + timedelta(minutes=minutes))

    assert post(client, "zendesk", body, headers=headers)[0] == 401
    assert kept(redis) == 0


def test_either_secret_is_good_while_one_is_rotated(client: FlaskClient) -> None:
    body = a_body("zendesk")

    assert post(client, "zendesk", body, headers=signed("zendesk", body, "old"))[0] == 202


def test_freshdesk_may_send_the_secret_as_a_basic_auth_password(client: FlaskClient) -> None:
    password = base64.b64encode(f"anybody:{SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {password}", "Content-Type": "application/json"}

    assert post(client, "freshdesk", headers=headers)[0] == 202


@helpdesks
def test_no_secret_configured_is_503_and_a_log_line_says_what_to_set(
    redis: Redis, helpdesk: str
) -> None:
    variable = HELPDESKS[helpdesk].secret_variable
    client = client_over(redis, **{variable: ""})

    with capture_logs() as logs:
        status, said = post(client, helpdesk)

    assert status == 503
    assert variable in said["said"]
    assert any(variable in entry["event"] for entry in logs)
    assert kept(redis) == 0


@helpdesks
def test_a_body_over_a_megabyte_is_413(client: FlaskClient, redis: Redis, helpdesk: str) -> None:
    body = a_body(helpdesk, padding="x" * MEGABYTE)

    assert post(client, helpdesk, body)[0] == 413
    assert kept(redis) == 0


@helpdesks
@pytest.mark.parametrize("body", [b"hello", b"", b"[]", b'{"a": 1}', b"\xff\xfe\x00"])
def test_an_authentic_body_without_any_ticket_id_is_400(
    client: FlaskClient, redis: Redis, helpdesk: str, body: bytes
) -> None:
    assert post(client, helpdesk, body)[0] == 400
    assert kept(redis) == 0


@helpdesks
def test_broken_json_that_shows_a_ticket_id_is_accepted(
    client: FlaskClient, redis: Redis, helpdesk: str
) -> None:
    assert post(client, helpdesk, b'{"ticket_id": "77", "subject": "a "quote""}')[0] == 202
    assert redis.zrange(keys.DUE, 0, -1) == [f"event:{helpdesk}/acme/77"]


@helpdesks
@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_another_method_is_405(client: FlaskClient, helpdesk: str, method: str) -> None:
    answer = getattr(client, method)(f"/webhooks/{helpdesk}")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_unknown_event_is_202_counted_and_ignored(client: FlaskClient, redis: Redis) -> None:
    body = a_body("zendesk", type="zen:event-type:ticket.csat_received")

    assert post(client, "zendesk", body)[0] == 202
    assert redis.hget(keys.COUNTERS, "webhook_ignored") == "1"
    assert kept(redis) == 0


def test_an_unknown_helpdesk_is_404_and_the_known_ones_are_named(client: FlaskClient) -> None:
    answer = client.post("/webhooks/jira", data=b"{}")

    assert answer.status_code == 404
    assert "zendesk" in answer.get_json()["said"]


def test_another_account_in_the_address_is_404(client: FlaskClient, redis: Redis) -> None:
    body = a_body("zendesk")

    answer = client.post("/webhooks/zendesk/other", data=body, headers=signed("zendesk", body))

    assert answer.status_code == 404
    assert kept(redis) == 0


def test_events_of_another_account_number_are_refused(client: FlaskClient, redis: Redis) -> None:
    post(client, "zendesk")

    status, _ = post(client, "zendesk", a_body("zendesk", id="event-2", account_id=1))

    assert status == 403
    assert redis.llen(keys.inbox("zendesk/acme/5158")) == 1


@helpdesks
def test_redis_down_is_503_with_a_time_to_try_again(helpdesk: str) -> None:
    nobody = Redis.from_url(
        "redis://127.0.0.1:1", decode_responses=True, socket_connect_timeout=0.3
    )
    client = client_over(nobody)
    body = a_body(helpdesk)

    answer = client.post(f"/webhooks/{helpdesk}", data=body, headers=signed(helpdesk, body))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"


@helpdesks
def test_no_answer_and_no_log_line_holds_the_secret(
    client: FlaskClient, redis: Redis, helpdesk: str
) -> None:
    body = a_body(helpdesk)
    bad = signed(helpdesk, body, "a-wrong-secret")

    with capture_logs() as logs:
        said = [post(client, helpdesk, body, headers=bad), post(client, helpdesk, b"nonsense")]

    assert SECRET not in str(said) + str(logs)
    assert "a-wrong-secret" not in str(said) + str(logs)


def test_health_says_alive_and_what_is_missing_for_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "no worker has ever run" in ready.get_json()["faults"]
