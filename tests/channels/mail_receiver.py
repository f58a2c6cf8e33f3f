"""A real SMTP server on 127.0.0.1 that answers as told and keeps what it was sent."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "minutehand", "the-mail-password!"


class Mailed(NamedTuple):
    """One e-mail as it came in."""

    sender: str
    to: list[str]
    message: EmailMessage
    raw: bytes
    encrypted: bool


class MailReceiver:
    """What a test knows of the server: its port, its next answers, what came in."""

    def __init__(self) -> None:
        self.port = 0
        self.mailed: list[Mailed] = []
        self.refuses: dict[str, str] = {}
        """A recipient -> the answer to it; `*` is everybody."""
        self.answers: dict[str, str] = {}
        """MAIL or DATA -> the answer to it; AUTH -> the answer to any password."""
        self.delay = 0.0
        """Seconds before EHLO is answered."""
        self.signed_in: list[bytes] = []
        self.greeted_by: list[str] = []

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, name: str, lines: list[str]
    ) -> list[str]:
        await asyncio.sleep(self.delay)
        session.host_name = name
        self.greeted_by.append(name)
        return lines

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.refuses.get(address) or self.refuses.get("*") or "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        raw = envelope.content or b""
        assert isinstance(raw, bytes)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert server.transport is not None
        encrypted = server.transport.get_extra_info("sslcontext") is not None
        sender = envelope.mail_from or ""
        self.mailed.append(Mailed(sender, list(envelope.rcpt_tos), message, raw, encrypted))
        return "250 kept"

    def sign_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        self.signed_in.append(login.login)
        good = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
        told = self.answers.get("AUTH")
        return AuthResult(success=good and not told, handled=False, message=told)


@contextmanager
def receiving_mail(
    *, tls: Path | None = None, from_the_start: bool = False
) -> Iterator[MailReceiver]:
    """With `tls`, a folder, it has a certificate for 127.0.0.1, which is in `tls/ours.pem`."""
    receiver = MailReceiver()
    context = _certified(tls) if tls else None
    loop = asyncio.new_event_loop()

    def a_session() -> SMTP:
        return SMTP(
            receiver,
            hostname="mail.example",
            tls_context=None if from_the_start else context,
            authenticator=receiver.sign_in,
            auth_require_tls=tls is not None and not from_the_start,
            decode_data=False,
            loop=loop,
        )

    listening = loop.create_server(
        a_session, "127.0.0.1", 0, ssl=context if from_the_start else None
    )
    server = loop.run_until_complete(listening)
    receiver.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        asyncio.run_coroutine_threadsafe(_closed(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _closed(server: asyncio.Server) -> None:
    """Nothing may be left running when the loop ends."""
    server.close()
    mine = asyncio.current_task()
    running = [task for task in asyncio.all_tasks() if task is not mine]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _certified(folder: Path) -> ssl.SSLContext:
    certificate, key = folder / "ours.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
