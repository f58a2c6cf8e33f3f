"""A bare helpdesk account on this machine, and an admin's folder from which it is connected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from stack import free_port, until
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox import settings as sandbox_settings
from sandbox.app import create_app
from sandbox.settings import Settings as SandboxSettings

ROOT = Path(__file__).parents[2]
FIVE = ["SLA severity", "First response due", "SLA state", "SLA review", "Meta dependency"]
SECRETS = (sandbox_settings.ZENDESK_CLIENT_SECRET, sandbox_settings.FRESHDESK_API_KEY)


class Account:
    """The sandbox over real HTTP, with none of our fields, and a folder with `.env`."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.redis_url = redis_url
        self.app = create_app(SandboxSettings())
        self.sandbox = self.app.extensions["sandbox"]
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.port = free_port()
        self.public_url = f"http://127.0.0.1:{self.port}"
        self.turn(fields_present=False)
        self.write_env()

    @property
    def env(self) -> str:
        path = self.folder / ".env"
        return path.read_text("utf-8") if path.exists() else ""

    def write_env(self, **variables: str) -> None:
        lines = {
            "PORT": str(self.port),
            "ZENDESK_URL": f"{self.url}/zendesk",
            "ZENDESK_CLIENT_ID": sandbox_settings.ZENDESK_CLIENT_ID,
            "ZENDESK_CLIENT_SECRET": sandbox_settings.ZENDESK_CLIENT_SECRET,
            "FRESHDESK_URL": f"{self.url}/freshdesk",
            "FRESHDESK_API_KEY": sandbox_settings.FRESHDESK_API_KEY,
            "PUBLIC_URL": self.public_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "k" * 40,
            **variables,
        }
        text = "# Ours, do not touch.\n" + "".join(f"{k}={v}\n" for k, v in lines.items())
        text += (
            "\n# Made by connect:\nZENDESK_WEBHOOK_SECRET=\nSTART_FROM=  # a moment\n# The end\n"
        )
        (self.folder / ".env").write_text(text)

    def write_line(self, name: str, value: str) -> None:
        """One more variable, as an admin adds it."""
        (self.folder / ".env").write_text(f"{self.env}{name}={value}\n")

    def values(self) -> dict[str, str]:
        lines = [line.partition("=") for line in self.env.splitlines() if "=" in line]
        return {name: value.partition(" #")[0] for name, _, value in lines if name[0] != "#"}

    def connect(self, helpdesk: str, *words: str, given: str = "") -> Any:
        """`minutehand connect`, as an admin types it; never a traceback, never a secret."""
        before = self.values()
        done = subprocess.run(
            [sys.executable, "-m", "worker", "connect", helpdesk, *words],
            input=given,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            cwd=self.folder,
            timeout=90,
            check=False,
        )
        told = done.stdout + done.stderr
        assert "Traceback" not in told, told
        for values in (before, self.values()):
            for name in ("ZENDESK_WEBHOOK_SECRET", "FRESHDESK_WEBHOOK_SECRET"):
                for secret in filter(None, values.get(name, "").split(",")):
                    assert secret not in told
        assert not [secret for secret in SECRETS if secret in told]
        return done

    def start(self, helpdesk: str) -> subprocess.Popen[bytes]:
        """`minutehand connect --yes`, to be killed."""
        return subprocess.Popen(
            [sys.executable, "-m", "worker", "connect", helpdesk, "--yes"],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def connected(self, helpdesk: str, *words: str) -> str:
        done = self.connect(helpdesk, "--yes", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    def turn(self, **dials: Any) -> None:
        self.control("PUT", "settings", dials)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.app.test_client().open(f"/sandbox/{path}", method=method, json=body)
        assert answer.status_code < 300, answer.text
        return answer.get_json() if answer.data else {}

    def written(self, helpdesk: str) -> list[tuple[str, str]]:
        """Every request that changed something, or tried to."""
        asked = self.control("GET", f"requests?helpdesk={helpdesk}")["requests"]
        return [(one["method"], one["path"]) for one in asked if "/api/v2/" in one["path"]]

    def changes(self, helpdesk: str) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.written(helpdesk) if method != "GET"]

    def state(self) -> str:
        """Everything that is set up on both accounts, to compare."""
        there, here = self.sandbox.zendesk, self.sandbox.freshdesk
        return json.dumps(
            [
                [vars(field) for desk in (there.desk, here.desk) for field in desk.fields.values()],
                there.forms,
                [vars(webhook) for webhook in there.webhooks.kept.values()],
                there.triggers,
                here.rules.kept,
            ],
            default=str,
            sort_keys=True,
        )

    def titles(self, helpdesk: str) -> list[str]:
        return [field.title for field in self.sandbox.desks[helpdesk].fields.values()]

    def creation_rules(self) -> list[dict[str, Any]]:
        rules = self.sandbox.freshdesk.rules.kept[1].values()
        return sorted(rules, key=lambda rule: int(rule["position"]))

    def zendesk(self, method: str, path: str, body: Any = None) -> Any:
        """The vendor's API, as the account's admin uses it."""
        token = self.sandbox.tokens.mint(600)
        return self._vendor("zendesk", method, path, body, {"Authorization": f"Bearer {token}"})

    def freshdesk(self, method: str, path: str, body: Any = None) -> Any:
        return self._vendor("freshdesk", method, path, body, {})

    def _vendor(self, name: str, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        answer = requests.request(
            method,
            f"{self.url}/{name}/api/v2/{path}",
            json=body,
            headers=headers,
            auth=None if headers else (sandbox_settings.FRESHDESK_API_KEY, "X"),
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}

    @contextmanager
    def web(self) -> Iterator[None]:
        """The web process, started in the admin's folder, reading its `.env`."""
        with (self.folder / "web.log").open("ab") as log:
            running = subprocess.Popen(
                [sys.executable, "-m", "worker", "web"],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        try:
            until(self._web_answers, 30, "the web process")
            yield
        finally:
            running.terminate()
            running.wait(20)

    def _web_answers(self) -> bool:
        try:
            return requests.get(f"{self.public_url}/healthz", timeout=1).ok
        except requests.RequestException:
            return False


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def opened(folder: Path, redis_url: str) -> Iterator[Account]:
    account = Account(folder, redis_url)
    thread = threading.Thread(target=account.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield account
    finally:
        account.server.shutdown()
        thread.join(5)
        account.server.server_close()
        account.sandbox.stop()
