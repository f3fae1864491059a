"""Whether a provider is the service itself: one request would then call itself until nothing is left.

It happens by itself: the shipped row of llama.cpp is http://127.0.0.1:8080/v1, the service's own default address.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from router.dialects.shared.provider import Provider

_Address = IPv4Address | IPv6Address
_PORTS = {"http": 80, "https": 443}


def calls_itself(providers: Iterable[Provider], *, host: str, port: int) -> list[Provider]:
    """The providers whose base_url is the address that the service listens on. host, port: of the service.

    Names are resolved only where the port is the same.
    """
    return [one for one in providers if _port(one.base_url) == port and _is_here(one.base_url, host, port)]


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _is_here(url: str, host: str, port: int) -> bool:
    called = {_reached(one) for one in _addresses(urlsplit(url).hostname or "", port)}
    own = _addresses(host, port)
    if any(one.is_unspecified for one in own):
        return any(_is_of_this_machine(one) for one in called)
    return bool(called & own)


def _addresses(host: str, port: int) -> set[_Address]:
    """The addresses of a name; () for one that does not resolve."""
    try:
        return {ip_address(host.strip("[]"))}
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {ip_address(str(address[0]).partition("%")[0]) for *_, address in found}


def _reached(address: _Address) -> _Address:
    """Where a connection to an address goes: to connect to 0.0.0.0 is to connect to loopback."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_unspecified:
        return ip_address("127.0.0.1" if address.version == 4 else "::1")
    return address


def _is_of_this_machine(address: _Address) -> bool:
    """Only an address of this machine can be bound."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
