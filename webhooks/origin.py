"""Where a request comes from, and which addresses and paths are to be trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from flask import request

FORWARDING = ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_here() -> bool:
    """True when a browser on this machine asks us directly, by a name of this machine.

    A forwarding header means a proxy or tunnel; a foreign Host means a page elsewhere that had
    its own name resolved to this machine (DNS rebinding).
    """
    if any(name in request.headers for name in FORWARDING):
        return False
    host = urlsplit(f"//{request.host}").hostname or ""
    return is_loopback(request.remote_addr or "") and (host == "localhost" or is_loopback(host))


def is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def where_from(proxies: Collection[Network] = ()) -> str:
    """The address to throttle; of IPv6 its network, since one caller has all of a /64.

    Behind a trusted proxy it is the nearest address that is not a proxy's: what stands further
    left in the header is the caller's own word.
    """
    address = request.remote_addr or ""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    while hops and hops[-1] and is_in(address, proxies):
        address = hops.pop()
    return _network(address)


def _network(address: str) -> str:
    try:
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))


def local_path(target: str) -> str:
    """A path on this site, or `/`. Browsers read a backslash as a slash and skip tabs."""
    plain = all(" " < char != "\\" for char in target)
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"


def comes_from(networks: Collection[Network]) -> bool:
    """True when whoever holds the connection to us, a proxy, is in one of these networks."""
    return is_in(request.remote_addr or "", networks)


def is_in(address: str, networks: Collection[Network]) -> bool:
    """Whether an address lies in one of the networks; what is no address does not."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)
