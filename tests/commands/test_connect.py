"""connect: an account is set up, once, after the plan was shown, and exactly that is undone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands.account import FIVE, Account, opened
from redis import Redis
from stack import until

from sandbox import settings as sandbox_settings


@pytest.fixture
def account(tmp_path: Path, redis: Redis, redis_url: str) -> Iterator[Account]:
    with opened(tmp_path, redis_url) as found:
        yield found


# Both helpdesks


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_a_dry_run_shows_the_plan_and_writes_nothing(account: Account, helpdesk: str) -> None:
    before, env = account.state(), account.env
    done = account.connect(helpdesk, "--dry-run")
    assert done.returncode == 0, done.stderr
    for title in FIVE:
        assert f"make       ticket field '{title}'" in done.stdout
    assert "signed in as Minutehand <minutehand@sandbox.example>" in done.stdout
    assert "dry run: nothing was written" in done.stdout
    assert account.changes(helpdesk) == []
    assert (account.state(), account.env) == (before, env)
    assert not list(account.folder.glob("data/*"))


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_the_first_run_makes_everything_and_the_second_changes_nothing(
    account: Account, helpdesk: str
) -> None:
    said = account.connected(helpdesk)
    assert account.titles(helpdesk) == FIVE
    secret = account.values()[f"{helpdesk.upper()}_WEBHOOK_SECRET"]
    assert len(secret) >= 32
    assert "no test event: nothing answers at" in said
    before, env = account.state(), account.env
    account.control("DELETE", "requests")
    again = account.connected(helpdesk)
    assert "nothing to change: everything is as it has to be" in again
    assert account.changes(helpdesk) == []
    assert (account.state(), account.env) == (before, env)


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_remove_undoes_exactly_what_was_made(account: Account, helpdesk: str) -> None:
    before, env = account.state(), account.env
    account.connected(helpdesk)
    assert account.state() != before
    account.connected(helpdesk, "--remove")
    assert (account.state(), account.env) == (before, env)
    assert not list(account.folder.glob("data/*"))
    assert "nothing to remove" in account.connected(helpdesk, "--remove")


def test_the_env_file_keeps_its_lines_and_is_its_owners_alone(account: Account) -> None:
    (account.folder / ".env").chmod(0o644)
    before = account.env.splitlines()
    said = account.connected("zendesk")
    after = account.env.splitlines()
    assert (account.folder / ".env").stat().st_mode & 0o777 == 0o600
    changed = {"ZENDESK_WEBHOOK_SECRET=", "START_FROM=  # a moment"}
    assert [line for line in before if line not in changed] == [
        line for line in after if line in before
    ]
    assert len(after) == len(before) + 1
    (start,) = [line for line in after if line.startswith("START_FROM=")]
    assert start.endswith("Z  # a moment")
    password = account.values()["BOARD_PASSWORD"]
    assert said.count(password) == 1
    assert len(password) >= 16
    assert password not in account.connected("zendesk")
    (record,) = account.folder.glob("data/*")
    assert record.stat().st_mode & 0o777 == 0o600
    kept = record.read_text("utf-8")
    assert account.values()["ZENDESK_WEBHOOK_SECRET"] not in kept
    assert password not in kept


def test_what_serves_both_helpdesks_stays_until_the_last_is_removed(account: Account) -> None:
    env = account.env
    account.connected("zendesk")
    account.connected("freshdesk")
    assert "BOARD_PASSWORD stays" in account.connected("zendesk", "--remove")
    assert account.values()["BOARD_PASSWORD"]
    account.connected("freshdesk", "--remove")
    assert account.env == env


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_without_an_answer_nothing_is_done(account: Account, helpdesk: str) -> None:
    done = account.connect(helpdesk, given="n\n")
    assert done.returncode == 1
    assert account.changes(helpdesk) == []
    assert not list(account.folder.glob("data/*"))


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_without_a_public_address_only_polling_is_offered(account: Account, helpdesk: str) -> None:
    account.write_env(PUBLIC_URL="")
    said = account.connected(helpdesk)
    assert "PUBLIC_URL is not set, so no webhook" in said
    assert account.titles(helpdesk) == FIVE
    assert not account.sandbox.zendesk.webhooks.kept
    assert not account.creation_rules()
    assert not account.values().get(f"{helpdesk.upper()}_WEBHOOK_SECRET")


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_the_test_event_arrives_at_a_running_web_process(account: Account, helpdesk: str) -> None:
    account.connected(helpdesk)
    with account.web():
        said = account.connected(helpdesk)
        assert "the test event arrived" in said
        assert "nothing to change" in said
        assert "test event" not in account.connected(helpdesk).partition("nothing to change")[2]
    gone = [ticket.gone for ticket in account.sandbox.desks[helpdesk].tickets.values()]
    assert gone == (["deleted"] if helpdesk == "freshdesk" else [])


def test_a_web_process_with_another_secret_is_told_to_be_restarted(account: Account) -> None:
    with account.web():
        done = account.connect("zendesk", "--yes")
    assert done.returncode == 1
    assert "the test event did not arrive: PUBLIC_URL answered 503" in done.stdout
    assert "restart it" in done.stdout


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_a_field_of_an_admin_with_our_title_and_another_type_is_refused(
    account: Account, helpdesk: str
) -> None:
    if helpdesk == "zendesk":
        sent = {"ticket_field": {"title": "SLA severity", "type": "text"}}
        account.zendesk("POST", "ticket_fields", sent)
    else:
        sent = {"label": "SLA severity", "type": "custom_text"}
        account.freshdesk("POST", "admin/ticket_fields", sent)
    account.control("DELETE", "requests")
    done = account.connect(helpdesk, "--yes")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "the ticket field 'SLA severity'" in line
    assert "rename the field" in line
    assert account.changes(helpdesk) == []


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_fields_that_an_admin_made_are_used_and_never_removed(
    account: Account, helpdesk: str
) -> None:
    account.turn(fields_present=True)
    account.connected(helpdesk)
    account.connected(helpdesk, "--remove")
    assert account.titles(helpdesk) == FIVE


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_missing_rights_print_the_clicks_and_values(account: Account, helpdesk: str) -> None:
    account.turn(service_user_is_admin=False)
    done = account.connect(helpdesk, "--yes")
    assert done.returncode == 1
    assert "Ticket" in done.stdout
    assert "Fields" in done.stdout
    assert "P1" in done.stdout
    assert f"{account.public_url}/webhooks/{helpdesk}" in done.stdout
    assert "not finished" in done.stdout
    assert account.titles(helpdesk) == []
    hint = "signed in as an admin user" if helpdesk == "zendesk" else "Administrator"
    assert hint in done.stdout


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_a_run_that_failed_in_the_middle_names_what_is_made_and_the_next_goes_on(
    account: Account, helpdesk: str
) -> None:
    untouched, env = account.state(), account.env
    path = "/webhooks" if helpdesk == "zendesk" else "/automations/1"
    fault = {"helpdesk": helpdesk, "kind": "503", "method": "POST", "path": path}
    account.control("POST", "faults", fault)
    done = account.connect(helpdesk, "--yes")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "ticket field 'SLA severity'" in line
    assert "Run the same command again" in line
    account.control("DELETE", "faults")
    account.connected(helpdesk)
    assert account.titles(helpdesk) == FIVE
    account.connected(helpdesk, "--remove")
    assert (account.state(), account.env) == (untouched, env)


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
@pytest.mark.parametrize("words", [["--yes"], ["--yes", "--remove"]])
def test_what_was_made_while_the_answer_got_lost_is_found_again(
    account: Account, helpdesk: str, words: list[str]
) -> None:
    untouched = account.state()
    fault = {"helpdesk": helpdesk, "kind": "lost_answer", "method": "POST", "path": "ticket_fields"}
    account.control("POST", "faults", fault | {"times": 1, "seconds": 0})
    assert account.connect(helpdesk, "--yes").returncode == 1
    assert account.titles(helpdesk) == FIVE[:1]
    assert account.connect(helpdesk, *words).returncode == 0
    assert account.titles(helpdesk) == (FIVE if words == ["--yes"] else [])
    account.connected(helpdesk, "--remove")
    assert account.state() == untouched


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_a_run_that_was_killed_in_the_middle_is_completed_by_the_next(
    account: Account, helpdesk: str
) -> None:
    untouched, env = account.state(), account.env
    path = "/api/v2/webhooks" if helpdesk == "zendesk" else "/automations/1/rules"
    fault = {"helpdesk": helpdesk, "kind": "slow", "method": "POST", "path": path, "seconds": 1}
    account.control("POST", "faults", fault)
    running = account.start(helpdesk)
    until(lambda: account.control("GET", "faults")["faults"][0]["hits"], 30, "the slow request")
    running.kill()
    running.wait(10)
    account.control("DELETE", "faults")
    made = account.sandbox.zendesk.webhooks.kept if helpdesk == "zendesk" else None
    until(lambda: account.creation_rules() if made is None else made, 10, "what nobody heard of")
    account.connected(helpdesk)
    assert account.titles(helpdesk) == FIVE
    assert len(account.creation_rules() if made is None else made) == 1
    account.connected(helpdesk, "--remove")
    assert (account.state(), account.env) == (untouched, env)


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
@pytest.mark.parametrize("writes", [2, 5])
@pytest.mark.parametrize("then", ["go on", "undo"])
def test_a_run_that_was_killed_at_any_write_can_be_completed_or_undone(
    account: Account, helpdesk: str, writes: int, then: str
) -> None:
    untouched, env = account.state(), account.env
    fault = {"helpdesk": helpdesk, "kind": "slow", "path": "/api/v2/", "seconds": 0.4}
    for method in ("POST", "PUT"):
        account.control("POST", "faults", fault | {"method": method})

    def hits() -> int:
        return sum(one["hits"] for one in account.control("GET", "faults")["faults"])

    running = account.start(helpdesk)
    until(lambda: hits() >= writes, 30, "the write")
    running.kill()
    running.wait(10)
    account.control("DELETE", "faults")
    time.sleep(0.5)  # what was under way is done there, and nobody hears of it
    if then == "go on":
        account.connected(helpdesk)
        assert account.titles(helpdesk) == FIVE
        assert "nothing to change" in account.connected(helpdesk)
    account.connected(helpdesk, "--remove")
    assert (account.state(), account.env) == (untouched, env)


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_credentials_are_asked_for_and_kept_so_that_no_file_is_edited(
    account: Account, helpdesk: str
) -> None:
    values = account.values()
    names = {
        "zendesk": ("ZENDESK_URL", "ZENDESK_CLIENT_ID", "ZENDESK_CLIENT_SECRET"),
        "freshdesk": ("FRESHDESK_URL", "FRESHDESK_API_KEY"),
    }[helpdesk]
    (account.folder / ".env").unlink()
    typed = [values[name] for name in names]
    done = account.connect(helpdesk, given="\n".join([*typed, account.public_url, "y"]) + "\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: account.values()[name] for name in names} == dict(zip(names, typed, strict=True))
    account.connected(helpdesk, "--remove")
    assert not (account.folder / ".env").exists()


def test_a_dry_run_may_ask_and_keeps_nothing_of_the_answers(account: Account) -> None:
    env = f"ZENDESK_URL={account.url}/zendesk\n"
    (account.folder / ".env").write_text(env)
    typed = [sandbox_settings.ZENDESK_CLIENT_ID, sandbox_settings.ZENDESK_CLIENT_SECRET, ""]
    done = account.connect("zendesk", "--dry-run", given="\n".join(typed) + "\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "dry run: nothing was written" in done.stdout
    assert account.env == env


def test_wrong_credentials_are_one_clear_line(account: Account) -> None:
    account.write_env(ZENDESK_CLIENT_SECRET="wrong-one-of-an-admin", FRESHDESK_API_KEY="wrong")
    for helpdesk in ("zendesk", "freshdesk"):
        done = account.connect(helpdesk, "--yes")
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "sign-in" in done.stderr
        assert "wrong" not in done.stderr


def test_without_credentials_and_nobody_to_ask_it_says_what_to_set(account: Account) -> None:
    (account.folder / ".env").write_text("")
    done = account.connect("zendesk", "--yes")
    assert done.returncode == 1
    assert "ZENDESK_URL is not set" in done.stderr
    assert "OAuth client" in done.stderr


def test_the_record_of_another_account_is_not_taken_for_this_one(account: Account) -> None:
    (account.folder / "data").mkdir()
    record = account.folder / "data" / "connect-zendesk.json"
    record.write_text(json.dumps({"account": "acme", "made": [], "heard": True}))
    done = account.connect("zendesk", "--yes")
    assert done.returncode == 1
    assert "is the record of the account acme" in done.stderr
    assert account.changes("zendesk") == []


# Zendesk


def test_zendesk_fields_have_the_right_types_and_are_on_every_active_form(
    account: Account,
) -> None:
    account.zendesk("POST", "ticket_forms", {"ticket_form": {"name": "Outages"}})
    closed = {"ticket_form": {"name": "Old", "active": False}}
    account.zendesk("POST", "ticket_forms", closed)
    account.connected("zendesk")
    fields = {field.title: field for field in account.sandbox.zendesk.desk.fields.values()}
    assert list(fields["SLA severity"].options) == ["sla_p1", "sla_p2", "sla_p3", "sla_p4"]
    assert fields["First response due"].kind == "regexp"
    assert list(fields["SLA state"].options) == [
        "sla_on_track",
        "sla_near",
        "sla_breached",
        "sla_met",
    ]
    assert fields["SLA review"].tag == "sla_review"
    assert fields["Meta dependency"].tag == "meta_dependency"
    ids = [field.id for field in fields.values()]
    on_form = {
        form["name"]: form["ticket_field_ids"] for form in account.sandbox.zendesk.forms.values()
    }
    assert on_form == {"Default Ticket Form": [*range(1, 8), *ids], "Outages": ids, "Old": []}


def test_zendesk_webhook_hears_events_and_its_own_secret_is_kept(account: Account) -> None:
    account.connected("zendesk")
    (webhook,) = account.sandbox.zendesk.webhooks.kept.values()
    assert webhook.endpoint == f"{account.public_url}/webhooks/zendesk"
    assert "zen:event-type:ticket.created" in webhook.subscriptions
    assert account.values()["ZENDESK_WEBHOOK_SECRET"] == webhook.secret


def test_a_webhook_of_ours_that_was_switched_off_is_put_right(account: Account) -> None:
    account.connected("zendesk")
    (webhook,) = account.sandbox.zendesk.webhooks.kept.values()
    webhook.status, webhook.subscriptions = "inactive", webhook.subscriptions[:1]
    assert "change     webhook" in account.connected("zendesk")
    assert webhook.status == "active"
    assert len(webhook.subscriptions) > 5


def test_a_secret_that_was_there_before_stays_beside_the_new_one(account: Account) -> None:
    account.write_env(ZENDESK_WEBHOOK_SECRET="")
    path = account.folder / ".env"
    old = "an-older-secret-of-a-trigger"
    path.write_text(
        account.env.replace("ZENDESK_WEBHOOK_SECRET=\n", f"ZENDESK_WEBHOOK_SECRET={old}\n")
    )
    env = account.env
    account.connected("zendesk")
    (webhook,) = account.sandbox.zendesk.webhooks.kept.values()
    assert f"ZENDESK_WEBHOOK_SECRET={webhook.secret},{old}\n" in account.env
    account.connected("zendesk", "--remove")
    assert account.env == env


def test_triggers_that_our_writes_set_off_and_native_targets_that_differ_are_listed(
    account: Account,
) -> None:
    account.connected("zendesk")
    severity = next(iter(account.sandbox.zendesk.desk.fields))
    triggers = {
        "Page on urgent": [{"field": "priority", "operator": "is", "value": "urgent"}],
        "Severity watcher": [
            {"field": f"custom_fields_{severity}", "operator": "is", "value": "sla_p1"}
        ],
        "Greet": [{"field": "update_type", "operator": "is", "value": "Create"}],
        "Tell requester": [{"field": "comment_is_public", "operator": "is", "value": "true"}],
        "Assigned": [{"field": "assignee_id", "operator": "changed", "value": None}],
        "Everything": [{"field": "status", "operator": "less_than", "value": "solved"}],
    }
    for title, conditions in triggers.items():
        sent = {"title": title, "conditions": {"all": conditions}, "actions": [{"field": "x"}]}
        account.zendesk("POST", "triggers", {"trigger": sent})
    metrics = [
        {"priority": "urgent", "metric": "first_reply_time", "target": 60, "business_hours": False},
        {"priority": "high", "metric": "first_reply_time", "target": 120, "business_hours": False},
    ]
    policy = {"title": "Gold", "filter": {"all": []}, "policy_metrics": metrics}
    account.zendesk("POST", "slas/policies", {"sla_policy": policy})
    said = account.connected("zendesk")
    assert "'Page on urgent': it looks at the priority" in said
    assert "'Severity watcher': it looks at the field 'SLA severity'" in said
    assert "'Everything': it runs at every update" in said
    assert not [title for title in ("Greet", "Tell requester", "Assigned") if title in said]
    assert "'Gold': P1 within 1h; the policy: 45m (plan pro)" in said
    assert "P2 within" not in said


# Freshdesk


def a_rule(name: str) -> dict[str, object]:
    condition = {"resource_type": "ticket", "field_name": "source", "operator": "is", "value": 1}
    return {
        "name": name,
        "conditions": [{"name": "one", "match_type": "all", "properties": [condition]}],
        "actions": [{"field_name": "add_tag", "value": "x"}],
    }


def test_freshdesk_rule_is_the_last_and_carries_the_secret(account: Account) -> None:
    for name in ("Route", "Greet"):
        account.freshdesk("POST", "automations/1/rules", a_rule(name))
    account.connected("freshdesk")
    *others, ours = account.creation_rules()
    assert [rule["name"] for rule in others] == ["Route", "Greet"]
    (action,) = ours["actions"]
    assert action["url"] == f"{account.public_url}/webhooks/freshdesk"
    secret = account.values()["FRESHDESK_WEBHOOK_SECRET"]
    assert action["custom_headers"] == {"X-Minutehand-Secret": secret}


@pytest.mark.parametrize("dials", [{"cascading_rules": False}, {"cascading_rules_told": False}])
def test_no_rule_is_installed_where_only_the_first_runs_or_nobody_says(
    account: Account, dials: dict[str, bool]
) -> None:
    account.freshdesk("POST", "automations/1/rules", a_rule("Route"))
    account.turn(**dials)
    said = account.connected("freshdesk")
    assert [rule["name"] for rule in account.creation_rules()] == ["Route"]
    assert "Execute all matching rules" in said
    assert "Minutehand polls" in said
    assert account.titles("freshdesk") == FIVE
    assert "FRESHDESK_WEBHOOK_SECRET" not in account.env
    account.turn(cascading_rules=True, cascading_rules_told=True)
    account.connected("freshdesk")
    assert len(account.creation_rules()) == 2


def test_update_rules_that_our_writes_set_off_and_native_targets_are_listed(
    account: Account,
) -> None:
    rule = a_rule("Escalate") | {
        "performer": {"type": 3},
        "events": [{"field_name": "priority", "from": "--", "to": "--"}],
    }
    account.freshdesk("POST", "automations/4/rules", rule)
    asked = a_rule("By requester") | {"performer": {"type": 2}, "events": rule["events"]}
    account.freshdesk("POST", "automations/4/rules", asked)
    targets = {"priority_4": {"respond_within": 2700}, "priority_3": {"respond_within": 3600}}
    account.freshdesk("POST", "sla_policies", {"name": "Default", "sla_target": targets})
    said = account.connected("freshdesk", "--dry-run")
    assert "'Escalate': it runs when anybody changes the priority" in said
    assert "By requester" not in said
    assert "'Default': P2 within 1h; the policy: 2h (plan pro)" in said
    assert "P1 within" not in said
