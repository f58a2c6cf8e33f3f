"""The project keeps its own promises: names that are written down exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from worker.__main__ import minutehand
from worker.channels.registry import CHANNELS
from worker.helpdesks.registry import HELPDESKS
from worker.queues import JOBS
from worker.settings import _READERS, SECRETS, Settings
from worker.store.keys import Kind

ROOT = Path(__file__).parent.parent
SOURCES = [
    path
    for folder in ("worker", "webhooks", "sandbox")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
HOP = re.compile(r"`((?:worker|webhooks)/[\w/]+\.py):(\w+)`")


def test_every_kind_of_member_has_a_job_and_every_job_exists() -> None:
    assert set(JOBS) == set(Kind)
    for path in JOBS.values():
        module, _, name = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_hop_that_the_readme_names_exists() -> None:
    hops = HOP.findall((ROOT / "README.md").read_text("utf-8"))

    assert len(hops) >= 6
    for file, name in hops:
        source = (ROOT / file).read_text("utf-8")
        assert re.search(rf"(def|class) {name}\b", source), f"{file} has no {name}"


def test_the_example_environment_names_every_variable_and_loads() -> None:
    example = dotenv_values(ROOT / ".env.example")

    assert set(example) == {name.upper() for name in _READERS}
    settings = Settings.from_environment({k: v or "" for k, v in example.items()})
    assert settings.mode == "observe"


def test_every_secret_is_a_setting() -> None:
    assert {name.lower() for name in SECRETS} <= set(_READERS)


def test_registries_name_what_is_there() -> None:
    for name, helpdesk in HELPDESKS.items():
        assert helpdesk.name == name
        assert (ROOT / "worker/helpdesks" / name / "README.md").exists()
    for name in CHANNELS:
        assert (ROOT / "worker/channels" / f"{name}.py").exists()


def test_the_procfile_runs_processes_that_exist() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()

    assert [line.split(":")[0] for line in lines] == ["web", "worker", "clock"]
    for line in lines:
        module, command = line.split()[-2:]
        assert module == "worker"
        assert command in minutehand.commands


def test_every_command_that_the_readme_names_exists() -> None:
    named = re.findall(r"`minutehand (\w+)", (ROOT / "README.md").read_text("utf-8"))

    assert len(set(named)) >= 6
    assert set(named) <= set(minutehand.commands)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_has_a_name_that_says_nothing(path: Path) -> None:
    banned = {"utils", "helpers", "manager", "data", "process", "misc", "common"}

    assert not banned & set(path.relative_to(ROOT).with_suffix("").parts)
