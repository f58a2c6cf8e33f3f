"""`python -m webhooks`: the app on waitress, as `minutehand web` starts it.

waitress reads a whole request before it takes a thread, so a caller who sends slowly, or never
ends, holds up nobody else (docs/decisions/0008).
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

from waitress.server import create_server

from webhooks.inbox import LONGEST_BODY
from webhooks.wsgi import make_app
from worker.errors import MinutehandError
from worker.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

THREADS = 8
IDLE_SECONDS = 60
"""A connection without a byte for this long is closed; below it, keep-alive."""
SPARE = 64 * 1024
"""Bytes above our own limit that still reach the app, which says 413 in its own words."""


def main() -> None:
    """Serve until SIGTERM or SIGINT; what is being answered is finished."""
    try:
        settings = Settings.from_environment()
        app = make_app(settings)
    except MinutehandError as fault:
        sys.exit(f"minutehand: {fault}")
    signal.signal(signal.SIGTERM, _end)
    serve(app, settings.host, settings.port)


def serve(app: WSGIApplication, host: str, port: int) -> None:
    """Serve an app until an exception ends it."""
    # It warns of every request that has to wait for a thread: in a storm, when nobody has the time.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(
        app,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        channel_timeout=IDLE_SECONDS,
        connection_limit=1000,
        max_request_body_size=LONGEST_BODY + SPARE,
        clear_untrusted_proxy_headers=False,
        asyncore_use_poll=True,
    )
    gc.collect()
    gc.freeze()  # what is there now stays; garbage is looked for only among what comes
    server.run()


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
