"""What the service asks of a connection and of a request before it reads the body: sizes, times, hosts and pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated

from router.checked.document import Table
from router.checked.kinds import Flag, Patience, Text, converted, fault, whole

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+/?")  # pages in desktop programs have schemes of their own


@dataclass(frozen=True, slots=True)
class Door:
    """The keys of DoorTable, checked."""

    keep_alive_s: float
    header_timeout_s: float
    body_timeout_s: float
    min_body_bytes_per_s: int
    max_header_bytes: int
    cors_origins: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    insecure: bool


def _origin(value: str) -> str:
    """An origin as browsers write it. Raises what `fault` makes."""
    if value != "*" and not _ORIGIN.fullmatch(value.lower()):
        raise fault(f'expected an origin such as "https://app.example", or "*", found {value[:100]!r}')
    return value.rstrip("/").lower()


def _host(value: str) -> str:
    """The name of a host, without a port. Raises what `fault` makes."""
    name = value.strip("[]").lower()
    if "/" in name or (":" in name and name.count(":") < 2):
        raise fault(
            f'expected the name of a host without scheme and port, such as "tierwise.lan", found {value[:100]!r}'
        )
    return name


Origin = Annotated[str, converted(_origin, "an origin", takes=Text)]
HostName = Annotated[str, converted(_host, "the name of a host", takes=Text)]


class DoorTable(Table):
    """What is asked of connections and requests before a body is read.

    keep_alive_s: how long an idle connection is kept; longer than load balancers keep theirs (60 s), so that they do
        not send into one that is being closed.
    header_timeout_s: a request's line and headers must be there within this time, else 408.
    body_timeout_s: the body must be there within this time, else 408.
    min_body_bytes_per_s: after the first header_timeout_s, a body must have come at least this fast, else 408; 0 for
        any speed.
    max_header_bytes: more bytes in a request's line and headers get 431.
    cors_origins: pages of these origins may call from a browser, such as "https://app.example"; "*" for every page.
    allowed_hosts: names, in addition to loopback's, under which clients reach a service without a key; others get 403.
    insecure: serve addresses beyond loopback without a key.
    """

    keep_alive_s: Patience = 75.0
    header_timeout_s: Patience = 10.0
    body_timeout_s: Patience = 300.0
    min_body_bytes_per_s: Annotated[int, whole(0, 1 << 30)] = 500
    max_header_bytes: Annotated[int, whole(8_192, 1 << 24)] = 65_536
    cors_origins: tuple[Origin, ...] = ()
    allowed_hosts: tuple[HostName, ...] = ()
    insecure: Flag = False

    @property
    def door(self) -> Door:
        """The keys as a value."""
        return Door(**{name: getattr(self, name) for name in DoorTable.model_fields})


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own for itself."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Whether a host means every address of this machine."""
    try:
        return ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return host == ""
