"""Real parts behind the app. `minutehand web` serves it; so can any other WSGI server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from webhooks.app import create_app
from worker.logs import secrets_in, set_up_logs
from worker.reloading import PolicyWatch
from worker.settings import Settings
from worker.wiring import Held, build, open_redis

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

EDGE_REDIS_SECONDS = 0.4
"""With one more try, a hanging Redis holds a webhook up for less than 2 s."""


LOOK_SECONDS = 5.0


class App:
    """The app as it runs: Redis with short time-outs, logs without secrets, the policy of now."""

    def __init__(self, settings: Settings) -> None:
        """Raises `Misconfigured`."""
        self._held = Held(build(settings, redis=open_redis(settings, seconds=EDGE_REDIS_SECONDS)))
        channels = [rule.options for rule in self._held.parts.policy.channels.values()]
        set_up_logs(secrets_in(settings, channels))
        self._watch = PolicyWatch(self._held)
        self._app = create_app(self._held.parts)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._app(environ, start_response)

    def look(self) -> None:
        """Show and judge by the policy as it is now, when it has been edited."""
        if self._watch.look(datetime.now(UTC)):
            self._app = create_app(self._held.parts)

    def keep_looking(self) -> None:
        """In a thread that ends with the process."""
        threading.Thread(target=self._look_on, name="policy", daemon=True).start()

    def _look_on(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()


def make_app(settings: Settings) -> App:
    """The app, looking after its policy. Raises `Misconfigured`."""
    app = App(settings)
    app.keep_looking()
    return app
