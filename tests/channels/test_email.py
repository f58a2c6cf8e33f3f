"""E-mail to a real SMTP server: what arrives, to whom, and what each of its answers means."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from email.headerregistry import Address
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from channels.mail_receiver import PASSWORD, USER, Mailed, MailReceiver, receiving_mail
from channels.receiver import HOSTILE, NOW, a_digest, a_hostile_alert, an_alert
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from worker.channels.base import Alert
from worker.channels.email import Email, Options, is_address
from worker.channels.letter import letter
from worker.channels.wording import COLOURS
from worker.errors import Permanent, Transient
from worker.tickets import Severity, Target

SENDER, LEAD, TAM = "minutehand@acme.example", "lead@acme.example", "tam@acme.example"


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with receiving_mail() as found:
        yield found


def a_channel(mail: MailReceiver, **options: Any) -> Email:
    keys = {"host": "127.0.0.1", "port": mail.port, "security": "none", "sender": SENDER}
    return Email("lead", Options(**{**keys, "to": [LEAD], **options}), seconds=5)


def send(mail: MailReceiver, alert: Alert, **options: Any) -> Mailed:
    a_channel(mail, **options).send(alert, now=NOW)
    return mail.mailed[-1]


def part(mailed: Mailed, kind: str) -> str:
    found = mailed.message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


class Page(HTMLParser):
    """What a mail program would see of the HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: dict[str, str] = {}
        self.text = ""
        self._link = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._link = dict(attrs).get("href") or "" if tag == "a" else self._link

    def handle_endtag(self, tag: str) -> None:
        self._link = "" if tag == "a" else self._link

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._link:
            self.links[data] = self._link


def test_an_e_mail_says_what_how_bad_until_when_and_why(mail: MailReceiver) -> None:
    url = "https://m.example/ack?a=1&b=2"
    alert = an_alert(time_zone="Europe/Madrid", acknowledge_url=url, target=Target.RESOLUTION)
    mailed = send(mail, alert)
    subject = "P1 Urgent: resolution due in 11m 15s: Nobody can log in"
    assert mailed.message["Subject"] == subject
    assert part(mailed, "plain") == (
        "P1 Urgent: resolution due in 11m 15s\n\n"
        "Nobody can log in\n\n"
        "Severity: P1 Urgent\n"
        "Step: 75%\n"
        "Resolution due: 2026-11-23 11:45:00 CET\n"
        "Time: due in 11m 15s\n"
        "Plan: pro\n"
        "Ticket: zendesk 123\n\n"
        'Why:\n- everyone is affected: "nobody can log in"\n\n'
        "Open zendesk ticket 123: https://acme.zendesk.com/agent/tickets/123\n"
        f"Acknowledge: {url}\n"
    )


def test_the_html_says_the_same_with_plain_links(mail: MailReceiver) -> None:
    url = "https://m.example/ack?a=1&b=2"
    page = Page(part(send(mail, an_alert(acknowledge_url=url)), "html"))
    for words in ("P1 Urgent: first response due", "75%", "everyone is affected", "Plan"):
        assert words in page.text
    assert page.links == {
        "Open zendesk ticket 123": "https://acme.zendesk.com/agent/tickets/123",
        "Acknowledge": url,
    }
    assert not {"img", "script", "link", "form", "iframe"} & set(page.tags)


@pytest.mark.parametrize("severity", Severity)
def test_the_colour_goes_with_the_words(mail: MailReceiver, severity: Severity) -> None:
    mailed = send(mail, an_alert(severity=severity))
    assert COLOURS[severity] in part(mailed, "html")
    assert f"{severity} " in part(mailed, "html")
    assert ("Importance" in mailed.message) == (severity is Severity.P1)


def test_an_e_mail_asks_for_no_automatic_answer(mail: MailReceiver) -> None:
    message = send(mail, an_alert()).message
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Date"].datetime == NOW
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message.get_content_type() == "multipart/alternative"


def test_the_same_alert_has_the_same_message_id_and_another_has_another(
    mail: MailReceiver,
) -> None:
    first, again, other = (
        send(mail, an_alert(id=one)).message["Message-ID"] for one in ("a1", "a1", "b2")
    )
    assert first == again == "<a1@acme.example>"
    assert other != first


def test_e_mails_about_one_ticket_form_one_thread(mail: MailReceiver) -> None:
    one, two = (send(mail, an_alert(id=x, step=x)).message["References"] for x in ("50%", "75%"))
    other = send(mail, an_alert(ticket={"id": "124"})).message
    assert one == two
    assert re.fullmatch(r"<[0-9a-f]{32}@acme\.example>", one)
    assert other["References"] != one
    assert other["In-Reply-To"] == other["References"]


def test_an_alert_with_recipients_of_its_own_goes_to_them_only(mail: MailReceiver) -> None:
    mailed = send(mail, an_alert(to=(TAM, "second@acme.example")))
    assert mailed.to == [TAM, "second@acme.example"]
    assert LEAD not in mailed.raw.decode()
    assert mailed.sender == SENDER


def test_a_channel_without_recipients_says_what_to_set(mail: MailReceiver) -> None:
    with pytest.raises(Permanent, match="channel lead: it has no e-mail address to send to; set"):
        send(mail, an_alert(), to=[])
    assert send(mail, an_alert(to=(TAM,)), to=[]).to == [TAM]


@pytest.mark.parametrize(
    "address", [f"{TAM}\r\nBcc: evil@b.example", f"{TAM}, evil@b.example", "<a@b>", "a b@c.example"]
)
def test_an_address_that_is_more_than_one_is_sent_nothing(mail: MailReceiver, address: str) -> None:
    with pytest.raises(Permanent, match="no e-mail address"):
        send(mail, an_alert(to=(address,)))
    assert send(mail, an_alert(to=(address, TAM))).to == [TAM]


def test_a_hostile_subject_adds_no_header_and_no_recipient(mail: MailReceiver) -> None:
    subject = "help\r\nBcc: evil@b.example\r\n\r\n<script>alert(1)</script>"
    mailed = send(mail, an_alert(ticket={"subject": subject}))
    assert mailed.to == [LEAD]
    assert "Bcc" not in mailed.message
    assert "script" not in Page(part(mailed, "html")).tags
    assert [line for line in mailed.raw.split(b"\r\n") if line.startswith(b"Bcc")] == []


def test_hostile_text_is_text_in_the_html_too(mail: MailReceiver) -> None:
    mailed = send(mail, a_hostile_alert(plan="<b onload=x>", instead_of='"><img src=x>'))
    page = Page(part(mailed, "html"))
    assert HOSTILE[:30] in page.text
    assert {"img", "b"} & set(page.tags) == set()
    assert page.links == {"Open zendesk ticket 123": "https://a.example/%3Cx%7Cy%3E?a=1&b=2%20c"}
    assert len(mailed.raw) < 100_000
    assert all(len(line) <= 998 for line in mailed.raw.split(b"\r\n"))


@settings(deadline=None)
@given(st.text(), st.text(min_size=1))
def test_whatever_a_ticket_says_makes_an_e_mail_of_the_same_headers(
    subject: str, ticket_id: str
) -> None:
    alert = an_alert(ticket={"subject": subject, "id": ticket_id})
    plain = letter(an_alert(), SENDER, [LEAD], NOW)
    found = letter(alert, SENDER, [LEAD], NOW)
    raw = found.as_bytes().partition(b"\r\n\r\n")[0]
    assert found.keys() == plain.keys()
    assert len(re.findall(rb"^[^\s:]+:", raw, re.MULTILINE)) == len(plain.keys())


def test_a_digest_is_a_list_of_tickets_with_their_links(mail: MailReceiver) -> None:
    mailed = send(mail, a_digest(50, "Printer jams", instead_of="team"))
    assert mailed.message["Subject"] == "P4 Low: digest of 50 tickets"
    assert "References" not in mailed.message
    page = Page(part(mailed, "html"))
    assert page.tags.count("li") == 40
    assert len(page.links) == 40
    for text in (part(mailed, "plain"), page.text):
        assert "and 10 more" in text
        assert "resolution, 90%, due 2026-11-23 10:45:00 UTC (in 11m 15s)" in text
        assert "Told in the place of team" in text
    assert "https://a.example/39" in part(mailed, "plain")


def test_recipients_that_are_refused_do_not_stop_the_others(mail: MailReceiver) -> None:
    mail.refuses[TAM] = "550 no such user"
    with capture_logs() as logs:
        mailed = send(mail, an_alert(to=(TAM, LEAD)))
    assert mailed.to == [LEAD]
    assert [(line["event"], line["count"], line["by"]) for line in logs] == [
        ("e-mail refused for some", 1, [550])
    ]


@pytest.mark.parametrize(
    ("codes", "kind"), [((550, 551), Permanent), ((550, 450), Transient), ((450, 450), Transient)]
)
def test_when_all_are_refused_the_mildest_code_decides(
    mail: MailReceiver, codes: tuple[int, int], kind: type[Exception]
) -> None:
    mail.refuses = {TAM: f"{codes[0]} no", LEAD: f"{codes[1]} no"}
    with pytest.raises(kind, match=rf"^channel lead: every recipient was refused \({min(codes)}\)"):
        send(mail, an_alert(to=(TAM, LEAD)))
    assert mail.mailed == []


@pytest.mark.parametrize("when", ["MAIL", "DATA"])
@pytest.mark.parametrize(("code", "kind"), [(451, Transient), (554, Permanent)])
def test_a_refusal_at_any_point_means_what_its_code_means(
    mail: MailReceiver, when: str, code: int, kind: type[Exception]
) -> None:
    mail.answers[when] = f"{code} go away, {PASSWORD}"
    with pytest.raises(kind) as caught:
        send(mail, an_alert())
    assert str(caught.value) == f"channel lead: the mail server refused ({code})"


def test_it_introduces_itself_by_the_senders_domain(mail: MailReceiver) -> None:
    send(mail, an_alert())
    assert mail.greeted_by == ["acme.example"]


def test_it_signs_in_when_it_has_a_name_and_a_password(mail: MailReceiver) -> None:
    send(mail, an_alert(), username=USER, password=PASSWORD)
    assert mail.signed_in == [USER.encode()]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [(None, Permanent, 535), ("454 4.7.0 Temporary failure", Transient, 454)],
)
def test_a_refused_sign_in_is_permanent_unless_it_is_said_to_pass(
    mail: MailReceiver, answer: str | None, kind: type[Exception], code: int
) -> None:
    if answer:
        mail.answers["AUTH"] = answer
    with pytest.raises(kind) as caught:
        send(mail, an_alert(), username=USER, password="the-wrong-one")
    assert str(caught.value) == f"channel lead: user name or password was refused ({code})"


def test_a_server_without_starttls_gets_no_e_mail(mail: MailReceiver) -> None:
    with pytest.raises(Permanent) as caught:
        send(mail, an_alert(), security="starttls", username=USER, password=PASSWORD)
    assert str(caught.value).startswith("channel lead: the mail server cannot do it: STARTTLS")
    assert mail.signed_in == mail.mailed == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_with_a_trusted_certificate_is_spoken_to_in_tls(
    tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving_mail(tls=tmp_path, from_the_start=security == "tls") as mail:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ours.pem"))
        mailed = send(mail, an_alert(), security=security, username=USER, password=PASSWORD)
        assert mailed.encrypted
        assert mail.signed_in == [USER.encode()]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    tmp_path: Path, security: str
) -> None:
    with receiving_mail(tls=tmp_path, from_the_start=security == "tls") as mail:
        with pytest.raises(Transient) as caught:
            send(mail, an_alert(), security=security, username=USER, password=PASSWORD)
        assert str(caught.value) == "channel lead: its TLS certificate could not be verified"
        assert mail.signed_in == []


def test_tls_on_a_port_without_it_is_explained(mail: MailReceiver) -> None:
    with pytest.raises(Transient, match="do port and security belong together"):
        send(mail, an_alert(), security="tls")


def test_a_server_that_hangs_up_after_taking_it_has_it() -> None:
    """Else it would be sent again."""
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=take_one_and_hang_up, args=(listening, said))
        thread.start()
        receiver = MailReceiver()
        receiver.port = listening.getsockname()[1]
        a_channel(receiver).send(an_alert(), now=NOW)
        thread.join(5)
    assert said[-1].upper() == b"QUIT\r\n"


def take_one_and_hang_up(listening: socket.socket, said: list[bytes]) -> None:
    caller, _ = listening.accept()
    with caller, caller.makefile("rb") as lines:
        caller.sendall(b"220 hello\r\n")
        in_message = False
        for line in lines:
            said.append(line)
            if in_message:
                in_message = line != b".\r\n"
                answer = b"" if in_message else b"250 kept\r\n"
            elif line.upper().startswith(b"DATA"):
                in_message, answer = True, b"354 go on\r\n"
            elif line.upper().startswith(b"QUIT"):
                return
            else:
                answer = b"250 OK\r\n"
            caller.sendall(answer)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"security": "none"}, "is for a relay on this machine or network only"),
        ({"security": "ssl"}, "starttls"),
        ({"host": "mail.example\r\nX"}, "the name of a mail server"),
        ({"host": "smtp://mail.example"}, "the name of a mail server"),
        ({"port": 70000}, "must be a port"),
        ({"username": USER}, "set both or neither"),
        ({"password": "hunter22"}, "set both or neither"),
        ({"sender": "Minutehand"}, "plain e-mail addresses"),
        ({"sender": f"{SENDER}\r\nX: y"}, "plain e-mail addresses"),
        ({"to": [LEAD, "lead"]}, "plain e-mail addresses"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        Options(**{"host": "mail.example", "sender": SENDER, **options})
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "10.0.0.5", "postfix"])
def test_a_relay_nearby_may_be_spoken_to_without_tls(host: str) -> None:
    assert Options(host=host, sender=SENDER, security="none").host == host


@given(st.emails())
def test_the_python_library_agrees_that_an_address_is_one(text: str) -> None:
    if is_address(text):
        assert Address(addr_spec=text).addr_spec == text
