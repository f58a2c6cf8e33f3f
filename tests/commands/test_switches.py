"""pause, resume and channel mute as a person types them, and what the web process shows of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from webhooks.app import create_app
from worker.__main__ import minutehand
from worker.settings import Settings
from worker.store import keys
from worker.wiring import build

POLICY = """
[channels.team]
type = "webhook"
url = "https://hooks.example.com/team"
otherwise = "oncall"

[channels.oncall]
type = "webhook"
url = "https://hooks.example.com/oncall"
"""


@pytest.fixture(autouse=True)
def environment(
    redis: Redis, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    for name, value in {
        "REDIS_URL": redis_url,
        "POLICY_FILE": str(tmp_path / "policy.toml"),
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": "for-tests",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)  # no .env of this checkout


@pytest.fixture
def client(redis: Redis) -> FlaskClient:
    settings = Settings.from_environment().model_copy(update={"demo": True})
    parts = build(settings, redis=redis)
    for process in ("worker a", "clock a"):
        parts.journal.beat(process, datetime.now(UTC))
    return create_app(parts).test_client()


def typed(*words: str) -> Result:
    return CliRunner().invoke(minutehand, list(words))


def gauge(client: FlaskClient, name: str) -> float:
    text = client.get("/metrics").get_data(as_text=True)
    families = {one.name: one for one in text_string_to_metric_families(text)}
    return families[name].samples[0].value


def test_a_pause_is_on_the_board_in_the_metrics_and_in_readyz_which_stays_ready(
    client: FlaskClient,
) -> None:
    assert client.get("/readyz").get_json()["paused"] is None
    assert gauge(client, "minutehand_paused") == 0

    assert "paused: within 5 seconds" in typed("pause", "--reason", "maintenance").output

    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["paused"]["reason"] == "maintenance"
    assert gauge(client, "minutehand_paused") == 1

    assert "resumed; 0 jobs had waited" in typed("resume").output
    assert client.get("/readyz").get_json()["paused"] is None
    assert "nothing was paused" in typed("resume").output


def test_the_board_shows_a_pause_with_its_reason(client: FlaskClient) -> None:
    typed("pause", "--reason", "maintenance until 6")

    said = client.get("/").get_data(as_text=True)

    assert "(maintenance until 6): nothing is written to the helpdesk" in said
    assert 'class="banner paused"' in said


def test_a_muted_channel_is_listed_and_a_warning_on_the_board(client: FlaskClient) -> None:
    said = typed("channel", "mute", "team", "--for", "2h").output

    assert "oncall is told instead, P1 too" in said
    team, oncall = typed("channel", "list").stdout.splitlines()[1:]
    assert team.split()[:4] == ["team", "webhook", "always", "oncall"]
    assert team.endswith("UTC")
    assert oncall.split() == ["oncall", "webhook", "always", "-", "-"]
    assert "Channel team is muted until" in client.get("/").get_data(as_text=True)
    assert gauge(client, "minutehand_channels_muted") == 1

    assert "not muted any more" in typed("channel", "unmute", "team").output
    assert "was not muted" in typed("channel", "unmute", "team").output


@pytest.mark.parametrize(
    "words",
    [
        ("channel", "mute", "tema", "--for", "2h"),
        ("channel", "mute", "team", "--for", "soon"),
        ("channel", "mute", "team", "--for", "365d"),
        ("channel", "mute", "team"),
        ("channel", "unmute", "tema"),
        ("undo", "--since", "soon"),
        ("undo", "--since", "2h", "--ticket", "jira", "5"),
        ("undo",),
        ("forget", "zendesk", "5"),
        ("forget", "jira", "5"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_switched(redis: Redis, words: tuple[str, ...]) -> None:
    assert typed(*words).exit_code != 0
    assert redis.hgetall(keys.MUTED) == {}


def test_nothing_to_undo_is_said() -> None:
    done = typed("undo", "--since", "2h", "--yes")

    assert done.exit_code == 0
    assert "0 tickets to put back" in done.output
