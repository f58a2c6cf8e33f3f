"""What README and docs say is true: links lead somewhere, settings and metrics exist."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from documents.words import PAGES, ROOT
from factories import a_ticket

from worker.channels.registry import CHANNELS
from worker.policy import Policy, read_policy
from worker.settings import _READERS, SECRETS
from worker.targets import start_timer
from worker.tickets import Decision, Severity
from worker.timer import Timer

LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")
TYPES = {name: channel.Options for name, channel in CHANNELS.items()}
OFFICE = """
[plans.pro]
hours = "office"
first_response = { P1 = "2h", P2 = "2h", P3 = "4h", P4 = "8h" }
[hours.office]
time_zone = "UTC"
weekdays = ["09:00-14:00", "15:00-18:00"]
"""
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def policy(text: str = "", **environment: str) -> Policy:
    return read_policy(text, name="p", environment=environment, channel_types=TYPES)


def timer(severity: str, created: datetime, rules: Policy) -> Timer:
    decision = Decision(severity=Severity(severity))
    found = start_timer(a_ticket(created_at=created), decision, rules)
    assert found
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_readme_is_one_page_and_names_every_other() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 150
    for page in (ROOT / "docs").rglob("*.md"):
        if page.parent.name != "decisions":
            assert f"({page.relative_to(ROOT)})" in text, page


def test_every_channel_and_helpdesk_has_a_page() -> None:
    pages = {page.stem for page in (ROOT / "docs/how-to").iterdir()}
    assert set(CHANNELS) - {"console"} <= pages
    assert {"zendesk", "freshdesk"} <= pages


def test_the_environment_page_names_every_variable_and_every_secret() -> None:
    text = (ROOT / "docs/reference/environment.md").read_text("utf-8")
    told = set(re.findall(r"`([A-Z_]{4,})`", text.partition("|---|")[2].rpartition("Any other")[0]))
    secrets = set(re.findall(r"`([A-Z_]+)` \*", text))
    assert {name.upper() for name in _READERS} <= told
    assert secrets == set(SECRETS)


def test_the_metrics_that_are_told_exist() -> None:
    told = re.findall(r"`minutehand_(\w+)`", (ROOT / "docs/reference/health.md").read_text("utf-8"))
    source = (ROOT / "webhooks/health.py").read_text("utf-8")
    assert len(told) >= 6
    for name in told:
        assert name.removeprefix("budget_") in source


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise
@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"console"}))
def test_the_policy_of_every_channels_page_is_read(name: str) -> None:
    text = (ROOT / f"docs/how-to/{name}.md").read_text("utf-8")
    values = {
        "PAGERDUTY_KEY": "k" * 32,
        "SMTP_PASSWORD": "secret",
        "TEAM_URL": "ntfys://ntfy.example.com/support",
        "LEAD_SECRET": "whsec_c2VjcmV0LW9mLXRoZS10ZXN0",
    }
    blocks = re.findall(r"^( *)```toml\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    assert blocks
    for indent, block in blocks:
        own = "\n".join(line.removeprefix(indent) for line in block.splitlines())
        for variable in re.findall(r"\$\{(\w+)\}", own):
            values.setdefault(variable, "https://hooks.example.com/services/T0/B0/X0")
        assert tomllib.loads(own)
        assert policy(own, **values).channels


def test_every_check_of_the_doctor_is_told() -> None:
    page = (ROOT / "docs/reference/doctor.md").read_text("utf-8")
    folder = ROOT / "worker/doctor"
    source = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r"(?:ok|warn|fail)\(\s*\"([^\"]+)\"", source))
    named |= set(re.findall(r'name(?:, \w+)? = "([^"]+)"', source))
    of_account = set(re.findall(r'f"\{(?:self\.name|account)\} ([\w-]+)"', source))
    assert len(named | of_account) >= 20
    assert not [name for name in named if f"`{name}`" not in page]
    assert not [name for name in of_account if f"`<account> {name}`" not in page]


@pytest.mark.parametrize(
    ("severity", "created", "due", "steps"),
    [
        ("P1", "16:40:00", "17:25:00", {"50%": "17:02:30", "75%": "17:13:45", "100%": "17:25:00"}),
        ("P2", "16:40:00", "18:40:00", {"50%": "17:40:00", "75%": "18:10:00"}),
    ],
)
def test_the_examples_around_the_clock_hold(
    severity: str, created: str, due: str, steps: dict[str, str]
) -> None:
    text = (ROOT / "docs/explanation/timers.md").read_text("utf-8")
    (row,) = [
        line for line in text.splitlines() if line.startswith(f"| {severity} created {created} |")
    ]
    found = timer(severity, datetime.fromisoformat(f"2026-11-23T{created}+00:00"), policy())
    moments = {step.label: f"{step.moment:%H:%M:%S}" for step in found.steps}
    assert f"{found.deadline:%H:%M:%S}" == due
    assert f"due {due}" in row
    for label, at in steps.items():
        assert moments[label] == at
        assert f"{label} at {at}" in row


@pytest.mark.parametrize(
    ("created", "at", "due"),
    [
        ("Monday 13:30", MONDAY + timedelta(hours=13.5), "due 16:30"),
        ("Monday 17:00", MONDAY + timedelta(hours=17), "due Tuesday 10:00"),
        ("Friday 17:30", MONDAY + timedelta(days=4, hours=17.5), "due Monday 10:30"),
        ("Saturday 12:00", MONDAY + timedelta(days=5, hours=12), "due Monday 11:00"),
    ],
)
def test_the_examples_in_business_hours_hold(created: str, at: datetime, due: str) -> None:
    text = (ROOT / "docs/explanation/timers.md").read_text("utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith(f"| created {created} |")]
    found = timer("P1", at, policy(OFFICE))
    assert f"{found.deadline:%A %H:%M}".endswith(due.removeprefix("due "))
    assert due in row
    for label, moment in re.findall(r"(\d+%)(?: \([^)]*\))? at (\d\d:\d\d)", row):
        steps = {step.label: f"{step.moment:%H:%M}" for step in found.steps}
        assert steps[label] == moment
