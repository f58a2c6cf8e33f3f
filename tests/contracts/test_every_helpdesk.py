"""Promises of every helpdesk in the registry, and of whatever is added to it.

A helpdesk brings `tests/helpdesks/<name>/samples/<case>/`: `body.json` (`body.txt` when it is not
JSON), `headers.json` (beside those that `sample` makes) and `expected.json`, a part of the
`Delivery` for account `acme`.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from requests.structures import CaseInsensitiveDict

from worker import settings as worker_settings
from worker.errors import Unreadable, Unverified
from worker.events import Delivery, EventKind
from worker.helpdesks.registry import HELPDESKS
from worker.settings import Settings
from worker.transport import Transport

NOW = datetime(2026, 11, 23, 10, 0, 30, tzinfo=UTC)
SECRET, OLD_SECRET = "new-secret-of-the-webhook", "old-secret-of-the-webhook"
SAMPLES = Path(__file__).parents[1] / "helpdesks"
CASES = [
    pytest.param(name, case, id=f"{name}-{case.name}")
    for name in HELPDESKS
    for case in sorted((SAMPLES / name / "samples").glob("*/"))
]

every_helpdesk = pytest.mark.parametrize("name", HELPDESKS)
every_sample = pytest.mark.parametrize(("name", "case"), CASES)


def body_of(case: Path) -> bytes:
    (path,) = case.glob("body.*")
    return path.read_bytes()


def a_body(name: str) -> bytes:
    """A sample that becomes an event."""
    for case in sorted((SAMPLES / name / "samples").glob("*/")):
        if json.loads((case / "expected.json").read_text()).get("event"):
            return body_of(case)
    pytest.fail(f"{name} has no sample that becomes an event")


def headers_for(name: str, body: bytes, secret: str = SECRET) -> dict[str, str]:
    return HELPDESKS[name].inbound.sample(body, secret=secret, now=NOW)


def read(name: str, body: bytes, headers: dict[str, str] | None = None, *secrets: str) -> Delivery:
    return HELPDESKS[name].inbound.read(
        CaseInsensitiveDict(headers_for(name, body) if headers is None else headers),
        body,
        account="acme",
        secrets=secrets or (SECRET,),
        now=NOW,
    )


def configured(name: str, url: str) -> Settings:
    """Settings in which this helpdesk is complete, whichever way it signs in."""
    values: dict[str, Any] = {f"{name}_url": url}
    for field in Settings.model_fields:
        if field.startswith(f"{name}_") and field != f"{name}_url":
            secret = field.upper() in worker_settings.SECRETS
            values[field] = SecretStr("x") if secret else "x"
    return Settings(**values)


def holds(part: Any, whole: Any) -> bool:
    """True when every value in `part` stands in `whole` too."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and holds(value, whole[key]) for key, value in part.items()
        )
    return bool(part == whole)


@every_helpdesk
def test_it_is_known_by_one_name(name: str) -> None:
    helpdesk = HELPDESKS[name]
    assert helpdesk.name == name
    assert helpdesk.title
    assert helpdesk.secret_variable in worker_settings.SECRETS


@every_helpdesk
def test_its_folder_has_the_same_files_as_the_others(name: str) -> None:
    folder = Path(str(importlib.import_module(f"worker.helpdesks.{name}").__file__)).parent
    for file in ("inbound.py", "client.py", "fields.py", "README.md"):
        assert (folder / file).is_file(), file
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert HELPDESKS[name].secret_variable in readme
    assert f"{name.upper()}_URL" in readme
    assert f"/webhooks/{name}" in readme


@every_helpdesk
def test_a_helpdesk_that_is_not_configured_has_no_account_and_no_secrets(name: str) -> None:
    assert HELPDESKS[name].account(Settings()) is None
    assert HELPDESKS[name].secrets(Settings()) == ()


@every_helpdesk
def test_an_account_is_the_first_label_or_host_and_port(name: str) -> None:
    for url, account in (
        (f"https://acme.{name}.com", "acme"),
        (f"https://ACME.{name}.com/", "acme"),
        (f"http://127.0.0.1:8100/{name}", "127.0.0.1:8100"),
    ):
        assert HELPDESKS[name].account(configured(name, url)) == account


@every_helpdesk
def test_two_secrets_are_in_force_while_one_is_rotated(name: str) -> None:
    variable = HELPDESKS[name].secret_variable.lower()
    both: dict[str, Any] = {variable: SecretStr(f"{SECRET}, {OLD_SECRET}")}
    assert HELPDESKS[name].secrets(Settings(**both)) == (SECRET, OLD_SECRET)
    body = a_body(name)
    for secret in (SECRET, OLD_SECRET):
        headers = headers_for(name, body, secret)
        assert read(name, body, headers, SECRET, OLD_SECRET) == read(name, body)


@every_helpdesk
def test_making_a_client_calls_nobody(name: str) -> None:
    class Silent(Transport):
        def request(self, *_: Any, **__: Any) -> Any:
            pytest.fail("a call was made")

    url = f"https://acme.{name}.com"
    client = HELPDESKS[name].client(configured(name, url), Silent())
    assert client.ticket_url("5158").startswith(f"{url}/")
    assert client.ticket_url("5158").endswith("/5158")


@every_helpdesk
def test_a_wrong_secret_is_refused(name: str) -> None:
    body = a_body(name)
    for wrong in ("wrong", SECRET + "x", SECRET[:-1], SECRET.upper()):
        with pytest.raises(Unverified) as refused:
            read(name, body, headers_for(name, body, wrong))
        assert_says_why_without_telling(refused.value)


@every_helpdesk
def test_a_webhook_without_proof_is_refused(name: str) -> None:
    for headers in ({}, {"Content-Type": "application/json"}):
        with pytest.raises(Unverified) as refused:
            read(name, a_body(name), headers)
        assert_says_why_without_telling(refused.value)


@every_helpdesk
def test_without_secrets_nothing_is_authentic(name: str) -> None:
    body = a_body(name)
    for secret in (SECRET, ""):
        with pytest.raises(Unverified):
            HELPDESKS[name].inbound.read(
                CaseInsensitiveDict(headers_for(name, body, secret)),
                body,
                account="acme",
                secrets=(),
                now=NOW,
            )


def assert_says_why_without_telling(refused: Unverified) -> None:
    assert refused.reason.isidentifier()
    assert str(refused)
    assert SECRET not in str(refused)


@every_helpdesk
def test_a_body_changed_by_one_byte_is_refused_or_the_readme_says_that_it_cannot(
    name: str,
) -> None:
    body = a_body(name)
    headers = headers_for(name, body)
    if headers == headers_for(name, body + b" "):
        folder = Path(str(importlib.import_module(f"worker.helpdesks.{name}").__file__)).parent
        assert "no signature" in (folder / "README.md").read_text(encoding="utf-8")
        return
    for place in range(0, len(body), 7):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(Unverified):
            read(name, changed, headers)


@every_helpdesk
def test_headers_are_read_in_any_letter_case(name: str) -> None:
    body = a_body(name)
    headers = {key.lower(): value for key, value in headers_for(name, body).items()}
    assert read(name, body, headers) == read(name, body)


@every_helpdesk
def test_the_same_bytes_are_the_same_delivery(name: str) -> None:
    body = a_body(name)
    first, again = read(name, body), read(name, body)
    assert first.seen_key == again.seen_key
    assert first.seen_key.startswith(f"{name}:")
    assert first.seen_for.total_seconds() > 0


@every_helpdesk
def test_another_account_is_another_delivery_and_another_ticket(name: str) -> None:
    body = a_body(name)
    ours = read(name, body)
    theirs = HELPDESKS[name].inbound.read(
        CaseInsensitiveDict(headers_for(name, body)),
        body,
        account="other",
        secrets=(SECRET,),
        now=NOW,
    )
    assert ours.event is not None
    assert theirs.event is not None
    assert ours.seen_key != theirs.seen_key
    assert ours.event.key.id == theirs.event.key.id
    assert theirs.event.key.account == "other"


@every_helpdesk
def test_broken_json_that_shows_a_ticket_id_is_a_touched_ticket(name: str) -> None:
    whole = a_body(name).rstrip()
    expected, broken = read(name, whole).event, read(name, whole[:-1]).event
    assert expected is not None
    assert broken is not None
    assert broken.kind is EventKind.TOUCHED
    assert broken.key == expected.key
    assert broken.ticket is None


@every_helpdesk
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"hello",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"1" * 10_000,
        b"NaN",
        b'{"id": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda body: body[:8].decode("latin-1"),
)
def test_an_authentic_body_without_a_ticket_is_unreadable(name: str, body: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read(name, body)
    assert str(refused.value)


@every_helpdesk
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=600))
def test_no_bytes_escape_as_another_error(name: str, body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read(name, body)


@every_helpdesk
@settings(max_examples=150, deadline=None)
@given(mutation=st.data())
def test_no_mutation_of_a_sample_escapes_as_another_error(name: str, mutation: Any) -> None:
    body = bytearray(a_body(name))
    for _ in range(mutation.draw(st.integers(1, 6))):
        place = mutation.draw(st.integers(0, len(body) - 1))
        body[place] = mutation.draw(st.integers(0, 255))
    try:
        delivery = read(name, bytes(body))
    except Unreadable:
        return
    assert delivery.event is None or delivery.event.key.helpdesk == name


@every_helpdesk
@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.text(max_size=50), min_size=6, max_size=6))
def test_no_headers_escape_as_another_error(name: str, values: list[str]) -> None:
    body = a_body(name)
    names = [*headers_for(name, body), "Authorization"]
    with pytest.raises(Unverified):
        read(name, body, dict(zip(names, values, strict=False)))


@every_helpdesk
def test_it_brings_samples(name: str) -> None:
    assert len([case for case in CASES if case.values[0] == name]) >= 2


@every_sample
def test_it_understands_its_own_samples(name: str, case: Path) -> None:
    body = body_of(case)
    headers = json.loads((case / "headers.json").read_text()) | headers_for(name, body)
    delivery = read(name, body, headers)
    expected = json.loads((case / "expected.json").read_text())
    told = delivery.model_dump(mode="json")
    assert holds(expected, told), told


@every_sample
def test_an_event_is_of_the_ticket_in_its_account(name: str, case: Path) -> None:
    event = read(name, body_of(case)).event
    if event is not None:
        assert (event.key.helpdesk, event.key.account) == (name, "acme")
        assert event.key.id.isdecimal()
        assert event.received_at == NOW
        assert event.id
        assert event.ticket is None or event.ticket.key == event.key
