"""What is shipped for deployment fits the product: files exist, nothing is root, Redis keeps."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis

from worker.__main__ import minutehand
from worker.doctor.check import Verdict
from worker.doctor.store import of_store
from worker.embedded import find_server, server_command, socket_folder, wait_for
from worker.settings import Settings

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "deploy/systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [
        (word.upper(), rest.strip())
        for word, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")
    ]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


@contextmanager
def running(command: list[str], socket: Path) -> Iterator[Redis]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"unix://{socket}/redis.sock"
            wait_for(url, 20)
            with Redis.from_url(url, decode_responses=True) as client:
                yield client
        finally:
            server.kill()


@pytest.fixture
def socket() -> Iterator[Path]:
    folder = socket_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


# The image


def test_every_file_that_the_image_copies_is_there_and_reaches_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = [line[1:] for line in lines if line.startswith("!")]
    copied = [rest for word, rest in instructions() if word == "COPY" and "--from=" not in rest]
    assert "*" in lines
    assert len(copied) >= 5
    for one in copied:
        source = one.split()[0]
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in let_in), source


def test_the_image_runs_our_command_and_never_as_root() -> None:
    last_stage = [word for word, _ in instructions()].index("FROM", 1)
    final = instructions()[last_stage:]
    said = dict(final)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", said["USER"])
    assert said["ENTRYPOINT"] == '["minutehand"]'
    assert said["CMD"] == '["up"]'
    after = [word for word, _ in final][[word for word, _ in final].index("USER") :]
    assert not {"RUN", "COPY", "ADD"} & set(after)


def test_the_image_is_made_of_named_versions_and_holds_no_secret() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert all(re.search(r":\d", base) for base in bases)
    variables = dict(re.findall(r"(\w+)=(\S+)", dict(instructions())["ENV"]))
    known = {"HOST", "DATA_DIR", "POLICY_FILE"}
    assert known <= set(variables)
    assert set(variables) - known == {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    Settings.from_environment(variables)


def test_the_policy_that_the_image_reads_is_the_one_that_it_copies() -> None:
    variables = dict(re.findall(r"(\w+)=(\S+)", dict(instructions())["ENV"]))
    assert ("COPY", f"policy.toml {variables['POLICY_FILE']}") in instructions()


# Compose


@pytest.mark.parametrize("name", ["redis", "web", "worker", "clock"])
def test_every_service_may_do_as_little_as_possible(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service.get("user", "10001") not in {"root", "0"}
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_the_services_run_commands_that_exist_with_settings_that_exist() -> None:
    services = compose()["services"]
    for name, command in (("web", "web"), ("worker", "work"), ("clock", "clock")):
        assert services[name]["command"] == [command]
        assert command in minutehand.commands
        environment = {**services[name]["environment"], "SECRET_KEY": "k" * 40, "MODE": "tag"}
        assert Settings.from_environment(environment).redis_url is not None
        sources = [one.split(":")[0] for one in services[name]["volumes"]]
        for source in sources:
            assert source in compose()["volumes"] or (ROOT / source).exists()


def test_the_redis_of_compose_keeps_what_it_is_given(tmp_path: Path, socket: Path) -> None:
    program, *options = compose()["services"]["redis"]["command"]
    assert program == "redis-server"
    here = ["--port", "0", "--unixsocket", f"{socket}/redis.sock", "--dir", str(tmp_path)]
    with running([find_server(), *options, *here], socket) as redis:
        checks = {check.name: check for check in of_store(redis, datetime.now(UTC))}
    assert checks["Redis persistence"].verdict is Verdict.OK
    assert checks["Redis eviction"].verdict is Verdict.OK


# systemd


def test_the_units_run_commands_that_exist_as_a_user_without_rights() -> None:
    assert [unit.stem for unit in SERVICES] == [
        "minutehand-clock",
        "minutehand-web",
        "minutehand-worker",
    ]
    for unit in SERVICES:
        said = dict(re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE))
        assert said["ExecStart"].split()[-1] in minutehand.commands
        assert said["User"] == "minutehand"
        assert said["NoNewPrivileges"] == "yes"
        assert said["ProtectSystem"] == "strict"
        assert said["CapabilityBoundingSet"] == ""
        assert said["Restart"] == "always"
        assert said["WorkingDirectory"] == f"/var/lib/{said['StateDirectory']}"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/minutehand/.venv/bin/minutehand", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "minutehand" not in done.stderr


# The backup that docs/deploying.md describes


def test_a_backup_of_a_running_redis_is_restored(tmp_path: Path, socket: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    with running(server_command(find_server(), socket, here / "data"), socket) as redis:
        for number in range(1000):
            redis.zadd("mh:due", {f"step:zendesk/acme/{number}": number})
        with tarfile.open(tmp_path / "backup.tgz", "w:gz") as backup:
            backup.add(here / "data", "data")
        redis.flushall()
    (socket / "redis.sock").unlink(missing_ok=True)
    with tarfile.open(tmp_path / "backup.tgz") as backup:
        backup.extractall(there, filter="data")
    with running(server_command(find_server(), socket, there / "data"), socket) as redis:
        assert redis.zcard("mh:due") == 1000
