"""The demo's stream, and the settings a sandbox is started with."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sandbox import stream
from sandbox.settings import FRESHDESK_API_KEY, Settings

if TYPE_CHECKING:
    from tests.sandbox.conftest import Build


def test_there_are_at_least_forty_stories_of_every_severity() -> None:
    stories = stream.stories()
    counted = Counter(story["severity"] for story in stories)

    assert len(stories) >= 40
    assert len({story["subject"] for story in stories}) == len(stories)
    assert set(counted) == {"P1", "P2", "P3", "P4"}
    assert min(counted.values()) >= 8


def test_an_answer_in_a_story_comes_from_an_agent_there_is() -> None:
    from sandbox.opening import AGENTS

    for story in stream.stories():
        assert ("answered" in story) == ("answer" in story) == ("agent" in story)
        assert story.get("agent", AGENTS[0]) in AGENTS


def test_the_same_seed_tells_the_same_stories_and_a_p1_comes_first() -> None:
    def subjects(seed: int) -> list[str]:
        return [story["subject"] for story in itertools.islice(stream.told(seed), 100)]

    assert subjects(1) == subjects(1)
    assert subjects(1) != subjects(2)
    assert subjects(1)[0] == subjects(2)[0]
    assert next(stream.told(3))["severity"] == "P1"


def test_the_stream_alternates_and_starts_at_once(build: Build) -> None:
    both = build(stream=True, stream_pace_seconds=0.05)

    time.sleep(0.4)
    tickets = both.control("GET", "tickets")["tickets"][::-1]

    assert len(tickets) >= 4
    assert [one["helpdesk"] for one in tickets[:2]] == ["zendesk", "freshdesk"]
    assert tickets[0]["subject"] == stream.stories()[0]["subject"]


def test_no_more_than_sixty_tickets_stay_open(build: Build) -> None:
    both = build()
    sandbox = both.app.extensions["sandbox"]
    told = stream.Stream(sandbox)
    for number, story in enumerate(itertools.islice(stream.told(1), 70)):
        told.tell(story, list(sandbox.desks.values())[number % 2])

    tickets = both.control("GET", "tickets")["tickets"]

    states = Counter(one["status"] == "closed" for one in tickets)
    assert states == {False: 60, True: 10}
    assert all(one["answered_at"] for one in tickets if one["status"] == "closed")


def test_settings_come_from_the_environment_and_empty_ones_keep_their_default() -> None:
    settings = Settings.from_environment(
        {
            "SANDBOX_MINUTEHAND_URL": "http://127.0.0.1:8000/",
            "SANDBOX_STREAM": "1",
            "SANDBOX_STREAM_PACE": "2.5",
            "SANDBOX_FRESHDESK_API_KEY": "",
            "SANDBOX_UPDATES_PER_MINUTE": "100",
        }
    )

    assert settings.minutehand_url == "http://127.0.0.1:8000"
    assert (settings.stream, settings.stream_pace_seconds) == (True, 2.5)
    assert (settings.freshdesk_api_key, settings.updates_per_minute) == (FRESHDESK_API_KEY, 100)


def test_every_unreadable_variable_is_named_at_once() -> None:
    wrong = {"SANDBOX_STREAM": "yes", "SANDBOX_TOKEN_SECONDS": "-1", "SANDBOX_STREAM_PACE": "nan"}

    with pytest.raises(ValueError, match="SANDBOX") as caught:
        Settings.from_environment(wrong)

    assert all(name in str(caught.value) for name in wrong)
