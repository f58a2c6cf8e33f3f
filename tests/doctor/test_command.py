"""`minutehand doctor` as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from commands.account import ROOT, Account


def doctor(account: Account, *words: str, **environment: str) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "worker", "doctor", *words],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        cwd=account.folder,
        timeout=60,
        check=False,
    )


def test_the_report_is_for_people_and_for_machines(account: Account) -> None:
    shown = doctor(account)
    assert shown.returncode == 1
    assert "Traceback" not in shown.stderr
    assert "fail  worker" in shown.stdout
    assert "-> start it" in shown.stdout
    assert "mode" in shown.stdout
    told = doctor(account, "--json")
    assert told.returncode == 1
    checks = json.loads(told.stdout)
    assert {"name", "verdict", "found", "advice"} == set(checks[0])
    assert {check["verdict"] for check in checks} <= {"ok", "warn", "fail"}
    assert all(bool(check["advice"]) is (check["verdict"] != "ok") for check in checks)
    assert len({check["name"] for check in checks}) == len(checks)


@pytest.mark.parametrize("without", ["REDIS_URL", "ZENDESK_URL", "FRESHDESK_URL"])
def test_what_is_away_does_not_stop_the_other_checks(account: Account, without: str) -> None:
    scheme = "redis" if without == "REDIS_URL" else "http"
    told = doctor(account, "--json", **{without: f"{scheme}://127.0.0.1:9"})
    names = {check["name"]: check["verdict"] for check in json.loads(told.stdout)}
    assert told.returncode == 1
    assert {"policy tests", "secret key", "PUBLIC_URL", "mode"} <= set(names)
    assert [name for name, verdict in names.items() if verdict == "ok" and "sign-in" in name]
    assert "Traceback" not in told.stderr


def test_before_anything_runs_and_with_a_broken_policy_all_else_is_looked_at(
    account: Account,
) -> None:
    (account.folder / "policy.toml").write_text('default_plan = "gold"\ntime_zone = "X/Y"\n')
    told = doctor(account, "--json", REDIS_URL="")
    checks = {check["name"]: check for check in json.loads(told.stdout)}
    assert told.returncode == 1
    assert checks["Redis"]["verdict"] == "fail"
    assert "minutehand up" in checks["Redis"]["advice"]
    assert checks["policy"]["verdict"] == "fail"
    assert "policy.toml:1: there is no plan" in checks["policy"]["found"]
    assert ", and 1 more" in checks["policy"]["found"]
    assert [name for name in checks if name.endswith("sign-in")]
    assert "worker" not in checks
