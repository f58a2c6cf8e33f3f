"""doctor on a helpdesk account, over real HTTP: where each check is not well, and where it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from commands.account import Account
from redis import Redis

from worker import connected
from worker.doctor import helpdesk as doctors
from worker.doctor.check import Check, Verdict
from worker.doctor.helpdesk import of_traffic
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Settings
from worker.store.journal import Journal
from worker.transport import Transport

OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL
BOTH = pytest.mark.parametrize("name", ["zendesk", "freshdesk"])


def checked(
    account: Account, name: str, *, late: timedelta = timedelta(), **environment: str
) -> dict[str, Check]:
    """By name, without the account in front of it."""
    settings = Settings.from_environment({**account.values(), **environment})
    desk = HELPDESKS[name]
    path = connected.path_of(account.folder / "data", name)
    made = connected.load(path, desk.account(settings) or "").made
    one = doctors.Account(desk, desk.setup(settings, Transport()), settings, made)
    standing = one.standing()
    if isinstance(standing, Check):
        found = [standing]
    else:
        found = list(one.checks(standing, datetime.now(UTC) + late))
    return {check.name.partition(" ")[2]: check for check in found}


@BOTH
def test_an_account_that_was_connected_is_well_and_looking_changes_nothing(
    account: Account, name: str
) -> None:
    account.connected(name)
    account.control("DELETE", "requests")

    found = checked(account, name)

    hears = "webhook" if name == "zendesk" else "rule"
    assert set(found) == {"sign-in", "rights", "clock", "fields", hears}
    assert {check.verdict for check in found.values()} == {OK}
    assert account.changes(name) == []


@BOTH
def test_credentials_that_are_refused_fail_and_nothing_else_is_said(
    account: Account, name: str
) -> None:
    wrong = {"zendesk": "ZENDESK_CLIENT_SECRET", "freshdesk": "FRESHDESK_API_KEY"}[name]
    found = checked(account, name, **{wrong: "not-the-secret"})
    assert set(found) == {"sign-in"}
    assert found["sign-in"].verdict is FAIL
    assert ".env" in found["sign-in"].advice
    assert "not-the-secret" not in str(found)


@BOTH
def test_rights_that_are_missing_are_named_with_what_to_do(account: Account, name: str) -> None:
    account.turn(service_user_is_admin=False)
    found = checked(account, name)["rights"]
    assert found.verdict is WARN
    assert "Admin" in found.advice


@BOTH
@pytest.mark.parametrize(("seconds", "verdict"), [(0, OK), (20, WARN), (-300, FAIL)])
def test_a_clock_that_differs_from_the_helpdesks_is_said(
    account: Account, name: str, seconds: int, verdict: Verdict
) -> None:
    found = checked(account, name, late=timedelta(seconds=seconds))["clock"]
    assert found.verdict is verdict
    assert ("NTP" in found.advice) is (verdict is not OK)


@BOTH
@pytest.mark.parametrize(("mode", "verdict"), [("observe", WARN), ("live", FAIL)])
def test_missing_fields_matter_once_they_are_written(
    account: Account, name: str, mode: str, verdict: Verdict
) -> None:
    found = checked(account, name, MODE=mode)["fields"]
    assert found.verdict is verdict
    assert "SLA severity" in found.found
    assert f"minutehand connect {name}" in found.advice


@BOTH
def test_a_field_with_another_type_fails(account: Account, name: str) -> None:
    if name == "zendesk":
        sent = {"ticket_field": {"title": "SLA severity", "type": "text"}}
        account.zendesk("POST", "ticket_fields", sent)
    else:
        sent = {"label": "SLA severity", "type": "custom_text"}
        account.freshdesk("POST", "admin/ticket_fields", sent)
    found = checked(account, name)["fields"]
    assert found.verdict is FAIL
    assert "rename the field" in found.advice


def test_a_webhook_that_is_gone_switched_off_or_leads_elsewhere_fails(account: Account) -> None:
    account.connected("zendesk")
    (webhook,) = account.sandbox.zendesk.webhooks.kept.values()
    webhook.status = "inactive"
    off = checked(account, "zendesk")["webhook"]
    webhook.status, webhook.endpoint = "active", "https://elsewhere.example/webhooks/zendesk"
    elsewhere = checked(account, "zendesk")["webhook"]
    account.sandbox.zendesk.webhooks.kept.clear()
    gone = checked(account, "zendesk")["webhook"]
    assert [one.verdict for one in (off, elsewhere, gone)] == [FAIL] * 3
    assert "not active" in off.found
    assert "elsewhere" in elsewhere.found
    assert all("minutehand connect zendesk" in one.advice for one in (off, elsewhere, gone))


def test_a_webhook_that_an_admin_made_and_switched_off_fails_with_the_clicks(
    account: Account,
) -> None:
    account.connected("zendesk")
    connected.path_of(account.folder / "data", "zendesk").unlink()
    (webhook,) = account.sandbox.zendesk.webhooks.kept.values()
    webhook.status = "inactive"
    found = checked(account, "zendesk")["webhook"]
    assert found.verdict is FAIL
    assert "Admin Center" in found.advice


def test_a_rule_that_is_gone_or_carries_another_secret_fails(account: Account) -> None:
    account.connected("freshdesk")
    secret = checked(account, "freshdesk", FRESHDESK_WEBHOOK_SECRET="another-secret-of-ours")
    assert secret["rule"].verdict is FAIL
    assert "another secret" in secret["rule"].found
    account.sandbox.freshdesk.rules.kept[1].clear()
    assert checked(account, "freshdesk")["rule"].verdict is FAIL


def test_where_only_the_first_rule_runs_polling_is_a_warning(account: Account) -> None:
    account.turn(cascading_rules=False)
    found = checked(account, "freshdesk")["rule"]
    assert found.verdict is WARN
    assert "Execute all matching rules" in found.advice


@BOTH
def test_without_a_public_address_nothing_is_said_of_webhooks(account: Account, name: str) -> None:
    found = checked(account, name, PUBLIC_URL="")
    assert not {"webhook", "rule"} & set(found)


def test_polls_that_do_not_come_to_their_end_fail(redis: Redis) -> None:
    journal, now = Journal(redis), datetime.now(UTC)

    def found() -> Check:
        return next(of_traffic("zendesk/acme", journal, Settings(), now))

    never = found()
    journal.polled("zendesk/acme", now - timedelta(minutes=10))
    old = found()
    journal.polled("zendesk/acme", now)
    assert [never.verdict, old.verdict, found().verdict] == [WARN, FAIL, OK]
    assert "10 min" in old.found


def test_webhooks_that_never_came_are_warned_about(redis: Redis) -> None:
    journal, now = Journal(redis), datetime.now(UTC)
    settings = Settings(public_url="https://minutehand.example")

    def found() -> Check:
        return list(of_traffic("zendesk/acme", journal, settings, now))[1]

    never = found()
    journal.heard("zendesk/acme", now)
    assert [never.verdict, found().verdict] == [WARN, OK]
    assert "minutehand connect zendesk" in never.advice


def test_a_redis_that_is_away_does_not_stop_the_look_at_helpdesks() -> None:
    journal = Journal(Redis.from_url("redis://127.0.0.1:9"))
    assert list(of_traffic("zendesk/acme", journal, Settings(), datetime.now(UTC))) == []
