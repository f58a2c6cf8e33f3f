"""doctor on the environment: each check where it is not well, and where it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from worker.doctor.check import Check, Verdict
from worker.doctor.settings import of_settings
from worker.settings import Settings
from worker.transport import Transport

NOW = datetime.now(UTC)
ZENDESK = {
    "ZENDESK_URL": "https://acme.zendesk.com",
    "ZENDESK_CLIENT_ID": "an-id",
    "ZENDESK_CLIENT_SECRET": "a-secret-that-is-never-shown",
}
LONG = "long-enough-not-to-be-guessed"
OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL


def checked(environment: dict[str, str], now: datetime = NOW) -> dict[str, Check]:
    settings = Settings.from_environment(environment)
    return {check.name: check for check in of_settings(settings, Transport(), now)}


@pytest.mark.parametrize(
    ("name", "environment", "verdict", "advice"),
    [
        ("helpdesk", {"ZENDESK_URL": ""}, FAIL, ".env.example"),
        ("Zendesk webhook secret", {}, WARN, "ZENDESK_WEBHOOK_SECRET"),
        ("Zendesk webhook secret", {"PUBLIC_URL": "http://127.0.0.1:9"}, FAIL, "refused"),
        ("Zendesk webhook secret", {"ZENDESK_WEBHOOK_SECRET": "hunter2"}, WARN, "at least 16"),
        ("Zendesk webhook secret", {"ZENDESK_WEBHOOK_SECRET": f"{LONG},old"}, WARN, "at least 16"),
        ("Zendesk webhook secret", {"ZENDESK_WEBHOOK_SECRET": LONG}, OK, ""),
        ("Zendesk webhook secret", {"ZENDESK_WEBHOOK_SECRET": f"{LONG},{LONG}"}, OK, ""),
        ("secret key", {"REDIS_URL": "redis://127.0.0.1"}, FAIL, "SECRET_KEY"),
        ("secret key", {"SECRET_KEY": "hunter2"}, WARN, "by a program"),
        ("secret key", {"SECRET_KEY": LONG}, OK, ""),
        ("secret key", {}, OK, ""),
        ("mode", {}, WARN, "minutehand observed"),
        ("mode", {"MODE": "tag"}, OK, ""),
        ("PUBLIC_URL", {}, WARN, "https"),
        ("PUBLIC_URL", {"PUBLIC_URL": "http://example.com"}, FAIL, "TLS"),
        ("PUBLIC_URL", {"PUBLIC_URL": "http://127.0.0.1:9"}, FAIL, "DNS"),
        ("board password", {}, WARN, "BOARD_PASSWORD"),
        ("board password", {"BOARD_PASSWORD": "hunter2"}, WARN, "longer"),
        ("board password", {"BOARD_PASSWORD": LONG}, OK, ""),
        ("board password", {"BOARD_PASSWORD": "scrypt:x"}, OK, ""),
        ("API token", {}, OK, ""),
    ],
)
def test_each_setting_is_judged(
    name: str, environment: dict[str, str], verdict: Verdict, advice: str
) -> None:
    checks = checked({**ZENDESK, **environment})

    assert checks[name].verdict is verdict
    assert advice in checks[name].advice
    assert bool(checks[name].advice) is (verdict is not OK)
    assert "hunter2" not in str(checks)
    assert LONG not in str(checks)


def test_with_a_helpdesk_nothing_is_said_of_none() -> None:
    assert "helpdesk" not in checked(ZENDESK)


@pytest.mark.parametrize(("year", "verdict"), [(2026, WARN), (2028, FAIL)])
def test_api_tokens_are_warned_about_before_they_end(year: int, verdict: Verdict) -> None:
    environment = {
        "ZENDESK_URL": "https://acme.zendesk.com",
        "ZENDESK_EMAIL": "ann@example.com",
        "ZENDESK_API_TOKEN": "a-token-that-is-never-shown",
    }
    found = checked(environment, datetime(year, 11, 25, tzinfo=UTC))["API token"]
    assert found.verdict is verdict
    assert "2027-04-30" in found.found
    assert "ZENDESK_CLIENT_ID" in found.advice


def test_a_public_address_that_answers_is_well(web: Any) -> None:
    assert checked({**ZENDESK, "PUBLIC_URL": web.url})["PUBLIC_URL"].verdict is OK


def test_a_public_address_at_which_something_else_answers_fails(web: Any) -> None:
    web.status = 404
    found = checked({**ZENDESK, "PUBLIC_URL": web.url})["PUBLIC_URL"]
    assert found.verdict is FAIL
    assert "404" in found.found
