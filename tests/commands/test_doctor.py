"""doctor: what is wrong, and what to do about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands.test_look import minutehand
from redis import Redis

from worker.channels.registry import CHANNELS
from worker.doctor.check import Check, Verdict
from worker.doctor.policy import of_channels, of_policy
from worker.doctor.settings import of_settings
from worker.doctor.store import of_store
from worker.helpdesks.spending import ALL, Said
from worker.policy import Policy, read_policy
from worker.settings import Settings
from worker.severity import Rubric
from worker.store import keys
from worker.store.budget import FAILURES, Budget
from worker.transport import Transport

NOW = datetime.now(UTC)
ZENDESK = {
    "ZENDESK_URL": "https://acme.zendesk.com",
    "ZENDESK_CLIENT_ID": "an-id",
    "ZENDESK_CLIENT_SECRET": "a-secret-that-is-never-shown",
}


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def settings_of(**environment: str) -> dict[str, Check]:
    settings = Settings.from_environment({**ZENDESK, **environment})
    return by_name(list(of_settings(settings, Transport(), NOW)))


def a_policy(text: str) -> Policy:
    types = {name: channel.Options for name, channel in CHANNELS.items()}
    return read_policy(text, name="policy.toml", environment={}, channel_types=types)


def test_without_a_webhook_secret_only_polls_find_tickets() -> None:
    found = settings_of()["Zendesk webhook secret"]
    assert found.verdict is Verdict.WARN
    assert "ZENDESK_WEBHOOK_SECRET" in found.advice


def test_a_short_secret_is_warned_about_and_never_shown() -> None:
    checks = settings_of(ZENDESK_WEBHOOK_SECRET="hunter2")
    assert checks["Zendesk webhook secret"].verdict is Verdict.WARN
    assert "hunter2" not in str(checks)


def test_a_public_address_without_tls_fails() -> None:
    assert settings_of(PUBLIC_URL="http://example.com")["PUBLIC_URL"].verdict is Verdict.FAIL


def test_api_tokens_are_warned_about_before_they_end() -> None:
    environment = {
        "ZENDESK_URL": "https://acme.zendesk.com",
        "ZENDESK_EMAIL": "ann@example.com",
        "ZENDESK_API_TOKEN": "a-token-that-is-never-shown",
    }
    settings = Settings.from_environment(environment)
    early = datetime(2026, 11, 25, tzinfo=UTC)
    late = datetime(2027, 5, 1, tzinfo=UTC)
    found = [by_name(list(of_settings(settings, Transport(), at))) for at in (early, late)]
    assert [one["API token"].verdict for one in found] == [Verdict.WARN, Verdict.FAIL]


def test_an_account_whose_api_does_not_answer_is_warned_about(redis: Redis) -> None:
    budget = Budget(redis)
    budget.answered("zendesk/acme", {ALL: Said(400, 400, 60)})
    before = by_name(list(of_store(redis, NOW)))["zendesk/acme requests"]
    for _ in range(FAILURES):
        budget.failed("zendesk/acme")

    after = by_name(list(of_store(redis, NOW)))["zendesk/acme requests"]

    assert before.verdict is Verdict.OK
    assert "50 of 50 calls left, 400 a minute" in before.found
    assert after.verdict is Verdict.WARN


def test_a_store_that_may_drop_timers_fails(redis: Redis) -> None:
    before = redis.config_get("maxmemory-policy")["maxmemory-policy"]
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = by_name(list(of_store(redis, NOW)))["Redis eviction"]
    finally:
        redis.config_set("maxmemory-policy", before)
    assert found.verdict is Verdict.FAIL
    assert "noeviction" in found.advice


def test_processes_that_never_ran_are_named(redis: Redis) -> None:
    found = by_name(list(of_store(redis, NOW)))
    assert found["worker"].verdict is Verdict.FAIL
    assert found["clock"].verdict is Verdict.FAIL
    redis.hset(keys.HEARTBEATS, "clock here-1", str(datetime.now(UTC).timestamp()))
    assert by_name(list(of_store(redis, NOW)))["clock"].verdict is Verdict.OK


def test_many_tickets_without_a_known_plan_are_warned_about(redis: Redis) -> None:
    redis.hset(keys.COUNTERS, mapping={"ticket_decided_P1": 10, "ticket_plan_unknown": 1})
    assert by_name(list(of_store(redis, NOW)))["unknown plan"].verdict is Verdict.WARN


def test_a_policy_test_that_does_not_hold_fails(rubric: Rubric) -> None:
    text = '[[tests]]\nsubject = "Everything is down, nobody can log in"\nseverity = "P4"\n'
    found = by_name(list(of_policy(a_policy(text), rubric)))
    assert found["policy tests"].verdict is Verdict.FAIL
    assert found["P1 alerts"].verdict is Verdict.FAIL


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return Rubric.built_in()


def test_a_channel_that_cannot_be_reached_fails_without_its_address() -> None:
    text = '[channels.oncall]\ntype = "webhook"\nurl = "http://127.0.0.1:9/T0SECRETPATH"\n'
    (found,) = of_channels(a_policy(text))
    assert found.verdict is Verdict.FAIL
    assert "T0SECRETPATH" not in str(found)


def run(folder: Path, *words: str, **environment: str) -> Any:
    return minutehand("doctor", *words, folder=folder, environment=environment)


def test_the_report_is_for_people_and_for_machines(tmp_path: Path, redis_url: str) -> None:
    shown = run(tmp_path, REDIS_URL=redis_url, SECRET_KEY="k" * 40)
    assert shown.returncode == 1
    assert "fail  helpdesk" in shown.stdout
    assert "->" in shown.stdout
    told = run(tmp_path, "--json", REDIS_URL=redis_url, SECRET_KEY="k" * 40)
    assert told.returncode == 1
    checks = json.loads(told.stdout)
    assert {"name", "verdict", "found", "advice"} == set(checks[0])
    assert {check["verdict"] for check in checks} <= {"ok", "warn", "fail"}
