"""E-mail over SMTP: to the channel's own addresses, or to the people whom an alert names.

https://docs.python.org/3/library/smtplib.html does the talking; what a server's answer means is in
https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1: 4yz may work later, 5yz will not. Port 587 is
for STARTTLS, 465 for TLS from the start: https://www.rfc-editor.org/rfc/rfc8314#section-3.3.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from worker.channels.base import Alert
from worker.channels.letter import letter
from worker.errors import MinutehandError, Permanent, Transient
from worker.transport import Transport, check_address

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""What is written to a server and into headers: nothing that could end a line or begin another."""
HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
LONGEST_ADDRESS = 254
PORTS = {"starttls": 587, "tls": 465, "none": 25}

FOLLOWS, GATHERS = False, True

log = structlog.get_logger()


class Options(BaseModel):
    """The mail server, and who writes to whom.

    `port` left out is 587 with STARTTLS, 465 with TLS. `security = "none"` is for a relay on this
    machine or network only. `to` may be empty where every alert brings its own recipients.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str
    port: int | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = Field(default=None, validate_default=True)
    sender: str
    to: tuple[str, ...] = ()

    @field_validator("host")
    @classmethod
    def _nameable(cls, host: str) -> str:
        if not HOST.fullmatch(host):
            raise ValueError("must be the name of a mail server, without a port")
        return host

    @field_validator("port")
    @classmethod
    def _possible(cls, port: int | None) -> int | None:
        if port is not None and not 0 < port < 65536:
            raise ValueError("must be a port, 1 to 65535")
        return port

    @field_validator("sender", "to")
    @classmethod
    def _addressable(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        addresses = (value,) if isinstance(value, str) else value
        if not all(is_address(address) for address in addresses):
            raise ValueError("must be plain e-mail addresses such as lead@example.com")
        return value

    @field_validator("security")
    @classmethod
    def _safe(cls, security: str, info: ValidationInfo) -> str:
        name = str(info.data.get("host", ""))
        if security == "none" and name:
            try:
                check_address(f"http://[{name}]" if ":" in name else f"http://{name}", what="host")
            except (Permanent, ValueError):
                raise ValueError('"none" is for a relay on this machine or network only') from None
        return security

    @field_validator("password")
    @classmethod
    def _together(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if (password is None) != (info.data.get("username") is None):
            raise ValueError("goes together with username: set both or neither")
        return password


@dataclass(frozen=True)
class Email:
    """One sender on one mail server."""

    name: str
    options: Options
    seconds: float = 10.0
    """For connecting, and for each answer of the server."""

    def send(self, alert: Alert, *, now: datetime) -> None:
        """Send one e-mail; recipients that the server refuses are left out and logged.

        Raises `Permanent` when it refuses all of them, the sender or the sign-in, `Transient` when
        it is worth trying again.
        """
        what = f"channel {self.name}"
        to = [address for address in alert.to or self.options.to if is_address(address)]
        if not to:
            raise Permanent(f"{what}: it has no e-mail address to send to; set `to`")
        ready = letter(alert, self.options.sender, to, now)
        try:
            refused = self._deliver(ready, to)
        except (smtplib.SMTPException, OSError, UnicodeError) as fault:
            raise self._meaning(what, fault) from None
        if refused:
            codes = sorted({code for code, _ in refused.values()})
            log.warning("e-mail refused for some", channel=self.name, count=len(refused), by=codes)

    def _deliver(self, ready: EmailMessage, to: list[str]) -> dict[str, tuple[int, bytes]]:
        server = self._connected()
        try:
            if self.options.username is not None and self.options.password is not None:
                server.login(self.options.username, self.options.password.get_secret_value())
            refused = server.send_message(ready, self.options.sender, to)
            with suppress(smtplib.SMTPException, OSError):
                server.quit()  # it has the e-mail: what goes wrong now must not send it again
        finally:
            server.close()
        return refused

    def _connected(self) -> smtplib.SMTP:
        options = self.options
        port = options.port or PORTS[options.security]
        ours = options.sender.rpartition("@")[2]  # or smtplib asks the DNS for our own name
        if options.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(options.host, port, ours, timeout=self.seconds, context=context)
        server = smtplib.SMTP(options.host, port, ours, timeout=self.seconds)
        if options.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _meaning(self, what: str, fault: Exception) -> MinutehandError:
        """What a fault is to us; the server's own words, which may say anything, are left out."""
        if isinstance(fault, smtplib.SMTPRecipientsRefused):
            codes = [code for code, _ in fault.recipients.values()]
            return _by_code(f"{what}: every recipient was refused", min(codes, default=550))
        if isinstance(fault, smtplib.SMTPAuthenticationError):
            return _by_code(f"{what}: user name or password was refused", fault.smtp_code)
        if isinstance(fault, smtplib.SMTPResponseException):
            return _by_code(f"{what}: the mail server refused", fault.smtp_code)
        if isinstance(fault, smtplib.SMTPServerDisconnected):
            return Transient(f"{what}: {self._cause(fault)}")
        if isinstance(fault, smtplib.SMTPException):  # its texts are smtplib's own
            return Permanent(f"{what}: the mail server cannot do it: {str(fault).rstrip('.')}")
        return Transient(f"{what}: {self._cause(fault)}")

    def _cause(self, fault: Exception) -> str:
        if isinstance(fault, TimeoutError) or isinstance(fault.__context__, TimeoutError):
            return f"no answer within {self.seconds:g} s"
        if isinstance(fault, ssl.SSLCertVerificationError):
            return "its TLS certificate could not be verified"
        if isinstance(fault, ssl.SSLError):
            return "no TLS connection came about; do port and security belong together?"
        if isinstance(fault, socket.gaierror | UnicodeError):
            return "its host name cannot be resolved"
        if isinstance(fault, ConnectionRefusedError):
            return "the connection was refused"
        return "the connection failed"


def build(name: str, options: Options, transport: Transport) -> Email:  # noqa: ARG001 every channel is built alike
    """An e-mail channel; makes no call yet."""
    return Email(name, options)


def is_address(text: str) -> bool:
    """Whether it is one plain address and can be nothing else to any mail server."""
    return len(text) <= LONGEST_ADDRESS and ADDRESS.fullmatch(text) is not None


def _by_code(text: str, code: int) -> MinutehandError:
    said = f"{text} ({code})"
    return Permanent(said, status=code) if code >= 500 else Transient(said)
