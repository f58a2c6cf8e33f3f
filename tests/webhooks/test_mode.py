"""Every page says which mode it is in."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from webhooks.app import create_app
from worker.settings import Mode, Settings
from worker.wiring import build


def client(redis: Redis, mode: Mode, **more: str) -> Any:
    environment = {"MODE": mode.value, "SECRET_KEY": "k" * 40, **more}
    app = create_app(build(Settings.from_environment(environment), redis=redis))
    return app.test_client()


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    "path", ["/", "/tickets/zendesk/1", "/sign-in", "/acknowledge/not-a-token"]
)
def test_every_page_says_its_mode(redis: Redis, mode: Mode, path: str) -> None:
    closed = client(redis, mode).get(path, follow_redirects=True)
    asked = client(redis, mode, BOARD_PASSWORD="hunter2hunter2").get(path, follow_redirects=True)
    signed_in = client(redis, mode, MINUTEHAND_DEMO="1").get(path, follow_redirects=True)
    for answer in (closed, asked, signed_in):
        assert answer.mimetype == "text/html", answer.text
        assert f"Mode {mode}: {mode.words}." in answer.text
