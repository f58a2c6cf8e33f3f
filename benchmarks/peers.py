"""What the edge is compared with, on the same server with the same threads.

`python -m benchmarks.peers hello|plain|ours PORT`: a Flask app that says hello and does nothing
else; the plain way: Flask checks the signature, reads the JSON and hands it to RQ; and our own app.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys

from flask import Flask, Response, abort, jsonify, request
from redis import Redis
from rq import Queue

from benchmarks.place import SECRET
from webhooks.__main__ import serve
from webhooks.wsgi import make_app
from worker.settings import Settings


def hello() -> Flask:
    """Says hello."""
    app = Flask(__name__)

    @app.post("/webhooks/zendesk")
    def say_hello() -> str:
        return "hello"

    return app


def plain() -> Flask:
    """What a tutorial would write: verified, not deduplicated."""
    app = Flask(__name__)
    queue = Queue(connection=Redis.from_url(os.environ["REDIS_URL"]))

    @app.post("/webhooks/zendesk")
    def receive() -> tuple[Response, int]:
        body = request.get_data()
        stamp = request.headers["X-Zendesk-Webhook-Signature-Timestamp"].encode()
        digest = hmac.new(SECRET.encode(), stamp + body, hashlib.sha256).digest()
        signature = request.headers["X-Zendesk-Webhook-Signature"].encode()
        if not hmac.compare_digest(base64.b64encode(digest), signature):
            abort(401)
        queue.enqueue("benchmarks.empty.job", json.loads(body))
        return jsonify(said="accepted"), 202

    return app


def ours() -> Flask:
    """What `minutehand web` serves."""
    return make_app(Settings.from_environment())


if __name__ == "__main__":
    serve(
        {"hello": hello, "plain": plain, "ours": ours}[sys.argv[1]](), "127.0.0.1", int(sys.argv[2])
    )
