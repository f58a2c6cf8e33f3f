"""The environment, read once and checked at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import Misconfigured
from worker.settings import Mode, Settings, account_of, split_secrets


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def test_nothing_set_means_observe_on_loopback() -> None:
    settings = read()

    assert (settings.mode, settings.host, settings.port) == (Mode.OBSERVE, "127.0.0.1", 8000)


def test_every_fault_is_named_at_once_with_its_variable() -> None:
    with pytest.raises(Misconfigured) as caught:
        read(MODE="loud", PORT="99999", ZENDESK_URL="acme", START_FROM="yesterday")

    said = "\n".join(caught.value.faults)
    assert all(name in said for name in ("MODE", "PORT", "ZENDESK_URL", "START_FROM"))


def test_a_helpdesk_address_without_credentials_is_refused() -> None:
    with pytest.raises(Misconfigured, match="ZENDESK_CLIENT_ID"):
        read(ZENDESK_URL="https://acme.zendesk.com")
    with pytest.raises(Misconfigured, match="FRESHDESK_API_KEY"):
        read(FRESHDESK_URL="https://acme.freshdesk.com")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")

    settings = read(FRESHDESK_API_KEY_FILE=str(tmp_path / "key"))

    assert settings.freshdesk_api_key is not None
    assert settings.freshdesk_api_key.get_secret_value() == "from-file"


def test_a_secret_file_that_is_missing_is_named() -> None:
    with pytest.raises(Misconfigured, match="FRESHDESK_API_KEY_FILE"):
        read(FRESHDESK_API_KEY_FILE="/does/not/exist")


def test_no_secret_is_in_the_printed_settings() -> None:
    settings = read(SECRET_KEY="hunter2", ZENDESK_WEBHOOK_SECRET="hunter2,hunter3")

    assert "hunter" not in repr(settings)


def test_two_secrets_are_in_force_while_one_is_rotated() -> None:
    assert split_secrets(read(ZENDESK_WEBHOOK_SECRET="a, b").zendesk_webhook_secret) == ("a", "b")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MODE=tag\nPORT=9000\n")
    monkeypatch.setenv("MODE", "live")

    settings = Settings.from_environment(folder=tmp_path)

    assert (settings.mode, settings.port) == (Mode.LIVE, 9000)


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("https://acme.zendesk.com", "acme"),
        ("https://Acme.Freshdesk.com/", "acme"),
        ("http://127.0.0.1:8100/zendesk", "127.0.0.1:8100"),
        ("https://help.example.org", "help.example.org"),
    ],
)
def test_an_account_is_named_by_its_address(url: str, account: str) -> None:
    assert account_of(url) == account


def test_an_address_with_a_password_in_it_is_refused_without_showing_it() -> None:
    with pytest.raises(Misconfigured) as caught:
        read(FRESHDESK_URL="https://key:hunter2@acme.freshdesk.com", FRESHDESK_API_KEY="k")

    assert "hunter2" not in str(caught.value)


def test_a_proxys_user_header_needs_the_proxys_addresses() -> None:
    with pytest.raises(Misconfigured, match="BOARD_PROXIES is not"):
        read(BOARD_USER_HEADER="X-Forwarded-User")
    with pytest.raises(Misconfigured, match="must be the name of a header"):
        read(BOARD_USER_HEADER="X-User: x", BOARD_PROXIES="127.0.0.1")
    with pytest.raises(Misconfigured, match="must be addresses or networks"):
        read(BOARD_USER_HEADER="X-User", BOARD_PROXIES="proxy.example")
    settings = read(BOARD_USER_HEADER="X-User", BOARD_PROXIES="127.0.0.1, 10.1.2.3/8, ::1")
    assert [str(one) for one in settings.board_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert not settings.may_operate("ann")
