"""Every command in README and docs is typed here, into a shell, on a desk that is connected."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from channels.receiver import Receiver, receiving
from commands.account import Account, opened
from documents.reference import render
from documents.words import ROOT, typed
from jobs.world import drain
from redis import Redis
from stack import free_port, until

from worker import wiring
from worker.__main__ import minutehand
from worker.settings import Settings
from worker.tickets import TicketKey

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]
TYPED = typed()
STAY = {"up", "demo", "web", "work", "clock", "sandbox"}
AS_ROOT = ("useradd ", "git clone ", "install ", "systemctl ", "make -C ", "sudo ")
CHANNELS = "".join(
    f'[channels.{name}]\ntype = "webhook"\nurl = "${{RECEIVER_URL}}/{name}"\n'
    for name in ("team", "oncall", "lead", "mail")
)


def ours(line: str) -> list[str]:
    """The words after `minutehand`, or none."""
    words = line.split()
    while words and "=" in words[0]:
        words = words[1:]
    return words[1:] if words[:1] == ["minutehand"] else []


def lines(*, stay: bool) -> list[str]:
    """Our commands, those that undo the set-up last."""
    found = [line for line in TYPED if ours(line) and (ours(line)[0] in STAY) is stay]
    return sorted(found, key=lambda line: "--remove" in line)


class Desk:
    """An account that was connected, with a web process and a ticket on each helpdesk."""

    def __init__(self, account: Account, receiver: Receiver, folder: Path) -> None:
        self.account = account
        self.bin = folder / "bin"
        self.bin.mkdir()
        shim = self.bin / "minutehand"
        shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m worker "$@"\n')
        shim.chmod(0o755)
        self.environment = {
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "RECEIVER_URL": receiver.url,
        }
        self.ids: dict[str, str] = {}

    def type(self, line: str, folder: Path | None = None) -> Any:
        """One line into a shell; whatever asks is answered with yes."""
        return subprocess.run(
            ["bash", "-c", line],
            input="y\n",
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=folder or self.account.folder,
            timeout=60,
            check=False,
        )

    def begin(self) -> None:
        """A ticket on each helpdesk, taken in as the worker would."""
        for helpdesk in ("zendesk", "freshdesk"):
            sent = {"helpdesk": helpdesk, "subject": "All down", "body": "All tills are down."}
            self.ids[helpdesk] = str(self.account.control("POST", "tickets", sent)["id"])
        variables = self.account.values() | self.environment
        policy = {"POLICY_FILE": str(self.account.folder / "policy.toml")}
        parts = wiring.build(Settings.from_environment(variables | policy))
        wiring.use(parts)
        keys = [
            TicketKey(name, account.name, self.ids[name])
            for name, account in ((one.helpdesk, one) for one in parts.accounts.values())
        ]

        def known() -> bool:
            drain(parts)
            return all(parts.records.load(key)[0] for key in keys)

        until(known, 30, "the tickets")


@pytest.fixture(scope="module")
def desk(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    Redis.from_url(redis_url).flushall()
    with receiving() as receiver, opened(folder, redis_url) as account:
        account.sandbox.dials.job_seconds = 0.0
        found = Desk(account, receiver, folder)
        (folder / "policy.toml").write_text(CHANNELS)
        exports = ROOT / "tests/backtest/exports"
        shutil.copy(exports / "zendesk.csv", folder / "tickets.csv")
        (folder / "body.json").write_text(
            json.dumps({"ticket_id": "1", "at": str(datetime.now(UTC))})
        )
        for helpdesk in ("zendesk", "freshdesk"):
            done = found.type(f"minutehand connect {helpdesk} --yes")
            assert done.returncode == 0, done.stdout + done.stderr
        account.write_line("RECEIVER_URL", receiver.url)
        with account.web():
            found.begin()
            yield found


@pytest.mark.parametrize("line", lines(stay=False))
def test_a_command_does_what_it_is_shown_to_do(desk: Desk, line: str) -> None:
    words = ours(line)
    if len(words) == 1 and _needs_more(words[0]):
        assert words[0] in minutehand.commands  # the prose names the command, no more
        return
    helpdesk = "freshdesk" if "freshdesk" in words else "zendesk"
    done = desk.type(line.replace("5158", desk.ids[helpdesk]))
    told = done.stdout + done.stderr
    assert done.returncode in ({0, 1} if words[0] == "doctor" else {0}), told
    assert "Traceback" not in told


def _needs_more(name: str) -> bool:
    command = minutehand.commands[name]
    arguments = [one for one in command.params if one.required]
    return bool(arguments) or isinstance(command, click.Group)


@pytest.mark.parametrize("line", [*lines(stay=True), "make run"])
def test_what_stays_begins_and_ends_when_told(
    desk: Desk, line: str, tmp_path: Path, redis_url: str
) -> None:
    port, other = free_port(), free_port()
    words = ["up"] if line == "make run" else ours(line)
    variables = desk.environment | {
        "SECRET_KEY": "k" * 40,
        "PORT": str(port),
        "SANDBOX_PORT": str(other),
        **({} if words[0] in {"up", "demo"} else {"REDIS_URL": redis_url}),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "worker", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=variables,
        cwd=tmp_path,
    ) as running:
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(running.stdout or ()), daemon=True)
        reader.start()
        signs = {"up": "ready", "demo": "ready", "work": "running", "clock": "running"}
        sign = signs.get(words[0])
        at = other if words[0] == "sandbox" else port

        def begun() -> bool:
            return sign in "".join(said) if sign else _listens(at)

        try:
            until(begun, 60, f"{line}: {said}")
        finally:
            running.terminate()
            code = running.wait(40)
            reader.join(10)
        assert code in {0, -15}, said


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("line", [one for one in TYPED if one.startswith(("make ", "docker "))])
def test_what_is_not_ours_names_targets_and_services_that_exist(line: str) -> None:
    words = line.split()
    if words[0] == "make" and words[1] != "-C":
        done = subprocess.run(
            ["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, timeout=20, check=False
        )
        assert done.returncode == 0, done.stderr
    if words[0] == "docker":
        services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
        assert words[1] == "compose"
        assert words[2] in {"build", "run", "up", "exec", "restart", "down"}
        if words[2] in {"run", "exec"}:
            bare = [word for word in words[3:] if not word.startswith("-")]
            assert bare[0] in services
            command = bare[2] if words[2] == "exec" else bare[1]
            assert command in minutehand.commands
        scaled = re.search(r"--scale (\w+)=", line)
        assert scaled is None or scaled[1] in services


def test_a_machine_is_set_up_for_systemd_by_the_lines_that_are_shown(
    desk: Desk, tmp_path: Path
) -> None:
    """With another root, and without the two that need the real one."""
    source = tmp_path / "source"
    wanted = ["Makefile", "policy.toml", "deploy", "requirements.txt", "pyproject.toml"]
    source.mkdir()
    for name in wanted:
        kind = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        kind(ROOT / name, source / name)
    subprocess.run(
        "git init -q && git add . && git -c user.name=a -c user.email=a@b.test commit -qm all",
        shell=True,
        cwd=source,
        check=True,
        timeout=20,
    )
    shown = [line for line in TYPED if line.startswith(AS_ROOT)]
    assert len(shown) == 7
    for line in shown:
        if line.startswith(("useradd ", "systemctl ")):
            continue
        if line.startswith("sudo "):
            assert line.split()[-2] in minutehand.commands
            continue
        there = re.sub(r" /", f" {tmp_path}/", line)
        there = there.replace("make -C", "make -n -C")
        (tmp_path / "etc/systemd/system").mkdir(parents=True, exist_ok=True)
        done = desk.type(there, folder=source)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert (tmp_path / "etc/minutehand/policy.toml").exists()
    assert (tmp_path / "etc/systemd/system/minutehand.target").exists()
    assert (tmp_path / "opt/minutehand/Makefile").exists()


def test_secrets_that_are_made_as_shown_are_long_enough(desk: Desk, tmp_path: Path) -> None:
    (line,) = [one for one in TYPED if one.startswith("printf ")]
    assert desk.type(line, folder=tmp_path).returncode == 0
    settings = Settings.from_environment(folder=tmp_path)
    assert settings.secret_key is not None
    assert len(settings.secret_key.get_secret_value()) >= 40
    for line in [one for one in TYPED if one.startswith("python3 ")]:
        assert len(desk.type(line).stdout.strip()) >= 40


def test_a_backup_is_made_as_shown(desk: Desk) -> None:
    (line,) = [one for one in TYPED if one.startswith("tar ")]
    assert desk.type(line).returncode == 0
    assert (desk.account.folder / "minutehand-backup.tgz").stat().st_size > 200


def test_nothing_that_is_shown_is_left_out_here() -> None:
    kinds = ("make ", "docker ", "python3 ", "printf ", "tar ", "echo ", *AS_ROOT)
    assert not [line for line in TYPED if not ours(line) and not line.startswith(kinds)]


def test_the_reference_is_what_the_commands_say() -> None:
    shown = (ROOT / "docs/reference/commands.md").read_text("utf-8")
    assert shown == render(), "run `make reference`"
