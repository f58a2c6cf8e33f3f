"""Links that alerts carry: to a ticket's page here, and to acknowledge, signed. Pure.

`PUBLIC_URL` is their only source: never a request's own Host header.
"""

from __future__ import annotations

from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer

from worker.tickets import Moment, Noun, Target, TicketKey

SALT = "minutehand.acknowledge"


class Ask(Noun):
    """What an acknowledge link stands for."""

    key: TicketKey
    target: Target
    since: Moment
    """From when the timer runs: a later wait of the same ticket begins later and is another."""
    channel: str
    until: Moment
    """How long the link works."""


class Links:
    """Safe to share between threads."""

    def __init__(self, public_url: str | None, secret_key: str) -> None:
        self._public_url = public_url.rstrip("/") if public_url else None
        self._signer = URLSafeSerializer(secret_key, salt=SALT) if secret_key else None

    def page(self, key: TicketKey) -> str | None:
        """The ticket's page here, or None without PUBLIC_URL."""
        if self._public_url is None:
            return None
        return f"{self._public_url}/tickets/{key.helpdesk}/{key.id}"

    def acknowledge(self, ask: Ask) -> str | None:
        """A link that shows who is asked what; None without PUBLIC_URL or SECRET_KEY."""
        if self._public_url is None or self._signer is None:
            return None
        content = [
            str(ask.key),
            ask.target.value,
            int(ask.since.timestamp()),
            ask.channel,
            int(ask.until.timestamp()),
        ]
        return f"{self._public_url}/acknowledge/{self._signer.dumps(content)}"

    def read(self, token: str, now: datetime) -> Ask | None:
        """What a token stands for; None when it is forged, mangled or too old."""
        if self._signer is None:
            return None
        try:
            key, target, since, channel, until = self._signer.loads(token)
            ask = Ask(
                key=TicketKey.parse(key),
                target=target,
                since=_moment(since, now),
                channel=channel,
                until=_moment(until, now),
            )
        except (BadData, ValueError, TypeError):
            return None
        return ask if now <= ask.until else None


def _moment(seconds: float, now: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, now.tzinfo)
