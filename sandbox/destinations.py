"""Where webhooks may go: this machine and its private network, unless a setting says otherwise."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def refusal(url: str, *, anywhere: bool) -> str:
    """Why no webhook is sent to this URL; empty when one may be."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"{url!r} is not an http(s) URL"
    if anywhere:
        return ""
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except OSError:
        return f"host {parts.hostname!r} has no address"
    for *_, address in found:
        number = ipaddress.ip_address(str(address[0]).partition("%")[0])
        if not (number.is_loopback or number.is_private):
            return (
                f"{parts.hostname} is a public address; "
                "set SANDBOX_WEBHOOKS_ANYWHERE=1 to send webhooks there"
            )
    return ""
