from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask, g, session
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from webhooks.attempts import RecentAttempts
from webhooks.origin import local_path
from webhooks.sign_in import only_operators, protect
from worker.errors import Misconfigured
from worker.settings import Settings

KEY = "a key of thirty-two characters.."


class Attempts:
    def __init__(self) -> None:
        self.failures: list[str] = []
        self.open = True

    def allowed(self, address: str) -> bool:
        return self.open

    def failed(self, address: str) -> None:
        self.failures.append(address)


def an_app(attempts: Any = None, key: str = KEY, **facts: Any) -> Flask:
    secrets = {"board_password", "board_viewer_password"}
    values = {name: SecretStr(v) if name in secrets else v for name, v in facts.items()}
    app = Flask("webhooks")
    protect(app, Settings(**values), key, attempts)
    app.add_url_rule("/", "board.index", lambda: "the board")
    app.add_url_rule("/live/board", "content", lambda: {"open": []})
    app.add_url_rule("/metrics", "metrics", lambda: "figures")
    app.add_url_rule("/healthz", "healthz", lambda: "alive")
    app.add_url_rule("/readyz", "readyz", lambda: "ready")
    app.add_url_rule("/webhooks/<name>", "receive", lambda name: name, methods=["POST"])
    return app


def a_client(**facts: Any) -> FlaskClient:
    return an_app(**{"board_password": "open sesame", **facts}).test_client()


def token(client: FlaskClient, path: str = "/sign-in") -> str:
    found = re.search('name="csrf" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found[1]


def sign_in(client: FlaskClient, password: str = "open sesame", **form: str) -> TestResponse:
    return client.post(
        "/sign-in", data={"csrf": token(client), "password": password, "next": "/", **form}
    )


def test_without_a_password_the_pages_are_closed_and_say_why() -> None:
    client = an_app().test_client()
    for path in ("/", "/live/board", "/tickets/zendesk/1", "/nothing"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "BOARD_PASSWORD" in answer.get_data(as_text=True)


def test_without_a_password_figures_are_for_this_machine_alone() -> None:
    client = an_app().test_client()

    assert client.get("/metrics").status_code in {200, 404}
    assert client.get("/metrics", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 403


def test_webhooks_health_and_static_files_stay_open() -> None:
    for client in (an_app().test_client(), a_client()):
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
        assert client.post("/webhooks/zendesk").status_code == 200
        with client.get("/static/pages.css") as answer:
            assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/healthz/../", "/webhooksx", "/staticx", "//", "/sign-in/x"])
def test_only_those_stay_open(path: str) -> None:
    answer = an_app().test_client().get(path)
    assert answer.status_code in {403, 308}
    assert "the board" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_the_demo_is_open_on_this_machine(address: str) -> None:
    client = an_app(demo=True).test_client()
    assert client.get("/", environ_base={"REMOTE_ADDR": address}).text == "the board"


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"]
)
def test_the_demo_is_closed_behind_a_proxy(header: str) -> None:
    answer = an_app(demo=True).test_client().get("/", headers={header: "127.0.0.1"})
    assert answer.status_code == 403


@pytest.mark.parametrize("address", ["192.168.1.5", "203.0.113.7", "", "::ffff:203.0.113.7"])
def test_the_demo_is_closed_to_other_machines(address: str) -> None:
    client = an_app(demo=True).test_client()
    assert client.get("/", environ_base={"REMOTE_ADDR": address}).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil"])
def test_the_demo_is_closed_to_a_page_elsewhere_that_rebinds_its_name(host: str) -> None:
    assert an_app(demo=True).test_client().get("/", headers={"Host": host}).status_code == 403


def test_a_demo_with_a_password_asks_for_it() -> None:
    assert a_client(demo=True).get("/").status_code == 302


def test_a_page_leads_to_the_sign_in_and_back() -> None:
    client = a_client()
    away = client.get("/tickets/zendesk/5158?account=acme")
    assert away.status_code == 302
    assert away.location == "/sign-in?next=/tickets/zendesk/5158?account%3Dacme"
    form = client.get(away.location).get_data(as_text=True)
    assert 'name="next" value="/tickets/zendesk/5158?account=acme"' in form
    back = sign_in(client, next="/tickets/zendesk/5158?account=acme")
    assert (back.status_code, back.location) == (303, "/tickets/zendesk/5158?account=acme")
    assert client.get("/").text == "the board"
    assert client.get("/live/board").status_code == 200


def test_what_pages_poll_answers_401_to_strangers() -> None:
    answer = a_client().get("/live/board")
    assert answer.status_code == 401
    assert answer.json == {"said": "sign in first"}


@pytest.mark.parametrize("password", ["", "open sesam", "open sesame ", "x" * 100_000, "\u00e9"])
def test_a_wrong_password_is_refused_and_counted(password: str) -> None:
    attempts = Attempts()
    client = a_client(attempts=attempts)
    answer = sign_in(client, password)
    assert answer.status_code == 401
    assert "That is not the password." in answer.get_data(as_text=True)
    assert attempts.failures == ["127.0.0.1"]
    assert client.get("/").status_code == 302


def test_a_password_may_be_kept_as_a_scrypt_hash() -> None:
    hashed = generate_password_hash("open sesame", method="scrypt:1024:8:1")
    client = a_client(board_password=hashed)
    assert sign_in(client, hashed).status_code == 401
    assert sign_in(client).status_code == 303


@pytest.mark.parametrize("broken", ["scrypt:", "scrypt:3:8:1$salt$00", "scrypt:x:y:z$salt$00"])
def test_a_broken_hash_lets_nobody_in(broken: str) -> None:
    client = a_client(board_password=broken)
    for password in ("", broken, "00"):
        assert sign_in(client, password).status_code == 401


@pytest.mark.parametrize(("password", "role"), [("open sesame", "operator"), ("look", "viewer")])
def test_each_password_has_its_role(password: str, role: str) -> None:
    client = a_client(board_viewer_password="look")
    assert sign_in(client, password).status_code == 303
    with client:
        client.get("/")
        assert session["role"] == role


def test_a_viewer_password_alone_is_enough_to_look() -> None:
    client = an_app(board_viewer_password="look").test_client()
    assert sign_in(client, "").status_code == 401
    assert sign_in(client, "look").status_code == 303


def cookie_header(answer: TestResponse) -> str:
    (cookie,) = answer.headers.getlist("Set-Cookie")
    return cookie


def test_the_cookie_is_for_this_site_and_its_pages_only() -> None:
    cookie = cookie_header(sign_in(a_client()))
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    secure = cookie_header(sign_in(a_client(public_url="https://minutehand.example")))
    assert "Secure" in secure


def test_polling_sets_no_new_cookie() -> None:
    client = a_client()
    sign_in(client)
    assert "Set-Cookie" not in client.get("/live/board").headers


def test_a_cookie_signed_with_another_key_opens_nothing() -> None:
    client, stranger = a_client(), a_client(key="some other key")
    sign_in(stranger)
    forged = stranger.get_cookie("minutehand")
    assert forged
    client.set_cookie("minutehand", forged.value)
    assert client.get("/").status_code == 302


def test_a_viewer_cannot_make_an_operator_of_the_cookie() -> None:
    client = a_client(board_viewer_password="look")
    sign_in(client, "look")
    with client.session_transaction() as held:  # as if the key had signed it
        held["role"] = "operator"
    assert client.get("/").status_code == 302


def test_a_changed_password_signs_everybody_out() -> None:
    before, after = a_client(), a_client(board_password="new")
    sign_in(before)
    cookie = before.get_cookie("minutehand")
    assert cookie
    after.set_cookie("minutehand", cookie.value)
    assert after.get("/").status_code == 302


@pytest.mark.parametrize("sent", [{}, {"csrf": ""}, {"csrf": "guessed"}])
def test_a_form_from_elsewhere_signs_nobody_in(sent: dict[str, str]) -> None:
    client = a_client()
    for _ in range(2):  # without a cookie, then with the one that the answer set
        answer = client.post("/sign-in", data={"password": "open sesame", **sent})
        assert answer.status_code == 400
        assert client.get("/").status_code == 302


def test_signing_out_needs_the_form_and_works() -> None:
    client = a_client()
    sign_in(client)
    assert client.post("/sign-out").status_code == 400
    assert client.get("/").status_code == 200
    with client.session_transaction() as held:
        csrf = held["csrf"]
    answer = client.post("/sign-out", data={"csrf": csrf})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "",
        "tickets",
    ],
)
def test_the_way_back_never_leaves_this_site(target: str) -> None:
    assert local_path(target) == "/"
    assert sign_in(a_client(), next=target).location == "/"


def test_a_link_from_a_chat_bounces_so_that_the_strict_cookie_comes_along() -> None:
    client = a_client()
    answer = client.get("/tickets/zendesk/1", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0; url=/tickets/zendesk/1"' in answer.get_data(as_text=True)
    assert client.get("/x", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302


def test_five_wrong_passwords_a_minute_then_429() -> None:
    client = a_client()
    assert [sign_in(client, "wrong").status_code for _ in range(5)] == [401] * 5
    answer = sign_in(client)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    data = {"csrf": token(client), "password": "open sesame"}
    assert client.post("/sign-in", data=data, environ_base=elsewhere).status_code == 303


def test_all_of_an_ipv6_network_counts_as_one_caller() -> None:
    attempts = Attempts()
    client = a_client(attempts=attempts)
    for address in ("2001:db8::1", "2001:db8::2:0:0:1"):
        data = {"csrf": token(client), "password": "wrong"}
        client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": address})
    assert attempts.failures == ["2001:db8::/64"] * 2


def test_attempts_are_forgotten_after_a_minute_and_never_fill_memory() -> None:
    now = [0.0]
    attempts = RecentAttempts(addresses=3, clock=lambda: now[0])
    for _ in range(50):
        attempts.failed("a")
    assert not attempts.allowed("a")
    now[0] = 60.0
    assert attempts.allowed("a")
    for number in range(100):
        attempts.failed(str(number))
    assert list(attempts._failures) == ["97", "98", "99"]
    assert all(len(kept) <= 5 for kept in attempts._failures.values())


def test_metrics_take_basic_auth_with_any_name_and_either_password() -> None:
    client = a_client(board_viewer_password="look")
    answer = client.get("/metrics")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    for password in ("open sesame", "look"):
        assert client.get("/metrics", auth=("prometheus", password)).text == "figures"
    assert client.get("/", auth=("prometheus", "look")).status_code == 302
    sign_in(client)
    assert client.get("/metrics").text == "figures"


def test_metrics_are_no_way_around_the_throttle() -> None:
    attempts = Attempts()
    client = a_client(attempts=attempts)
    assert client.get("/metrics", auth=("x", "wrong")).status_code == 401
    assert len(attempts.failures) == 1
    attempts.open = False
    assert client.get("/metrics", auth=("x", "open sesame")).status_code == 429


def test_a_password_without_a_key_is_a_clear_fault() -> None:
    with pytest.raises(Misconfigured, match="SECRET_KEY is not set"):
        an_app(key="", board_password="open sesame")


def test_without_a_password_there_is_nothing_to_sign_in_to() -> None:
    client = an_app().test_client()
    assert client.get("/sign-in").location == "/"
    assert client.post("/sign-in").location == "/"
    assert client.post("/sign-out").status_code == 403


# A reverse proxy that signs people in ---------------------------------------------------------

PROXY = {"REMOTE_ADDR": "10.0.0.5"}
PROXIED = {
    "board_user_header": "X-Forwarded-User",
    "board_proxies": (ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
    "board_operators": ("ann@acme.example",),
}


def a_proxied_app(**facts: Any) -> Flask:
    app = an_app(**{**PROXIED, **facts})
    app.add_url_rule("/who", "who", lambda: f"{g.role} {g.user}")
    app.add_url_rule("/act", "act", lambda: f"{only_operators()} acted", methods=["POST"])
    return app


@pytest.mark.parametrize(
    ("user", "who"),
    [
        ("ann@acme.example", "operator ann@acme.example"),
        ("bob@acme.example", "viewer bob@acme.example"),
        ("ANN@acme.example", "viewer ANN@acme.example"),
    ],
)
def test_a_trusted_proxy_names_who_it_is_and_the_setting_who_may_act(user: str, who: str) -> None:
    client = a_proxied_app().test_client()

    answer = client.get("/who", headers={"X-Forwarded-User": user}, environ_base=PROXY)

    assert answer.text == who


def test_with_a_star_every_user_of_the_proxy_may_act() -> None:
    client = a_proxied_app(board_operators=("*",)).test_client()
    headers = {"X-Forwarded-User": "bob"}

    assert client.get("/who", headers=headers, environ_base=PROXY).text == "operator bob"


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7", "11.0.0.5", "fe80::1", ""])
def test_nobody_else_can_send_that_header(address: str) -> None:
    client = a_proxied_app().test_client()
    headers = {"X-Forwarded-User": "ann@acme.example"}

    answer = client.get("/who", headers=headers, environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-User": ""}, {"X-Forwarded-User": "  "}])
def test_a_proxy_that_names_nobody_lets_nobody_in(headers: dict[str, str]) -> None:
    client = a_proxied_app().test_client()

    assert client.get("/who", headers=headers, environ_base=PROXY).status_code == 403


def test_the_header_is_off_until_it_is_configured() -> None:
    client = an_app(board_proxies=PROXIED["board_proxies"]).test_client()
    headers = {"X-Forwarded-User": "ann@acme.example"}

    assert client.get("/", headers=headers, environ_base=PROXY).status_code == 403


def test_passwords_work_beside_the_proxy() -> None:
    client = a_proxied_app(board_password="open sesame").test_client()
    assert client.get("/who", environ_base=PROXY).status_code == 302
    sign_in(client)
    assert client.get("/who").text == "operator None"


def test_a_proxied_form_needs_its_token_and_an_operator() -> None:
    client = a_proxied_app().test_client()
    ann, bob = ({"X-Forwarded-User": name} for name in ("ann@acme.example", "bob"))

    assert client.post("/act", headers=ann, environ_base=PROXY).status_code == 400
    client.get("/who", headers=ann, environ_base=PROXY)
    with client.session_transaction() as held:
        form = {"csrf": held["csrf"]}
    assert client.post("/act", headers=ann, data=form, environ_base=PROXY).text == "None acted"
    assert client.post("/act", headers=bob, data=form, environ_base=PROXY).status_code == 403


def test_behind_a_proxy_the_caller_is_throttled_and_not_the_proxy() -> None:
    attempts = Attempts()
    app = a_proxied_app(attempts=attempts, board_password="open sesame")
    client = app.test_client()
    for said in ("198.51.100.1", "6.6.6.6, 198.51.100.1", "198.51.100.1, 10.1.1.1", "nonsense"):
        data = {"csrf": token(client), "password": "wrong"}
        headers = {"X-Forwarded-For": said}
        client.post("/sign-in", data=data, headers=headers, environ_base=PROXY)
    data = {"csrf": token(client), "password": "wrong"}
    client.post(
        "/sign-in",
        data=data,
        headers={"X-Forwarded-For": "6.6.6.6"},
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
    )

    assert attempts.failures == ["198.51.100.1"] * 3 + ["", "203.0.113.7"]


def test_the_cookie_is_only_for_https_where_the_service_is() -> None:
    https, http = (
        sign_in(a_client(public_url=url)).headers["Set-Cookie"]
        for url in ("https://minutehand.example", "http://127.0.0.1:8000")
    )

    assert "Secure" in https
    assert "Secure" not in http
    for cookie in (https, http):
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
