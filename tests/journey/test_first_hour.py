"""An admin's first hour, typed: connect, start, a ticket, its explanation; no file is edited."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands.account import ROOT, Account, opened
from redis import Redis
from stack import until

from sandbox import settings as sandbox_settings

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
ANSWERS = {
    "zendesk": (
        sandbox_settings.ZENDESK_CLIENT_ID,
        sandbox_settings.ZENDESK_CLIENT_SECRET,
    ),
    "freshdesk": (sandbox_settings.FRESHDESK_API_KEY,),
}


@pytest.fixture
def account(tmp_path: Path, redis: Redis, redis_url: str) -> Iterator[Account]:
    with opened(tmp_path, redis_url) as found:
        (tmp_path / ".env").unlink()
        yield found


def minutehand(account: Account, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker", *words],
        input=given,
        capture_output=True,
        text=True,
        env=environment(account),
        cwd=account.folder,
        timeout=90,
        check=False,
    )


def environment(account: Account) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": str(account.port)}


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_from_nothing_to_the_first_real_ticket_in_three_commands(
    account: Account, helpdesk: str
) -> None:
    typed = [f"{account.url}/{helpdesk}", *ANSWERS[helpdesk], account.public_url, "y"]
    began = time.monotonic()
    first = minutehand(account, "connect", helpdesk, given="\n".join(typed) + "\n")
    assert first.returncode == 0, first.stdout + first.stderr

    with subprocess.Popen(
        [sys.executable, "-m", "worker", "up"],
        env=environment(account),
        cwd=account.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            until(account._web_answers, 60, "the web process")
            sent = {"helpdesk": helpdesk, "subject": "All down", "body": "All tills are down."}
            number = str(account.control("POST", "tickets", sent)["id"])

            def explained() -> Any:
                told = minutehand(account, "explain", helpdesk, number)
                return told if told.returncode == 0 else None

            shown = until(explained, 60, "the first ticket")
            took = time.monotonic() - began
            looked = minutehand(account, "doctor")
        finally:
            running.terminate()
            running.wait(40)

    assert "P1" in shown.stdout
    assert "mode observe" in shown.stderr
    assert took < 90, "fifteen minutes are allowed, with a person's typing"
    assert f"ok    {helpdesk}/127.0.0.1" in looked.stdout
    assert "Traceback" not in looked.stderr
    stranger = account.control("GET", f"requests?helpdesk={helpdesk}")["requests"]
    wrote = [
        one for one in stranger if one["method"] == "PUT" and f"/tickets/{number}" in one["path"]
    ]
    assert wrote == [], "observe writes nothing"
