"""Who may call a service without a key: programs on this machine, and no page that its operator happens to look at.

A browser lets any page send a POST to 127.0.0.1; it only hides the answer. And a page may give its own name the address
127.0.0.1 after it was loaded (DNS rebinding): then it reads the answer too. Browsers name the page in `Origin` and
`Sec-Fetch-Site`, and the name that was called in `Host`; programs send none of the first two.
"""

from __future__ import annotations

import re
from functools import lru_cache

from starlette.types import Scope

from router.errors import RequestError
from router.settings.door import Door, is_loopback, is_wildcard

_HOST = re.compile(rb"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
"""A host and a port as a Host header holds them: no user, no path."""


class ForeignPage(RequestError):
    """A page of another site calls."""

    status = 403
    type = "permission_error"

    def __init__(self) -> None:
        super().__init__(
            "a web page of another site may not call a service without a key. Name its origin in [server] "
            "cors_origins, or set [server] api_key_variable.",
            code="foreign_origin",
        )


class ForeignHost(RequestError):
    """The service was called by a name that is not its own."""

    status = 403
    type = "permission_error"

    def __init__(self) -> None:
        super().__init__(
            "the Host header is not a name of this service, which has no key. Call 127.0.0.1 or localhost, or name "
            "the host in [server] allowed_hosts, or set [server] api_key_variable.",
            code="foreign_host",
        )


class Guard:
    """Refuses pages of other sites."""

    def __init__(self, door: Door, host: str) -> None:
        """host: the address that the service listens on."""
        self._origins = frozenset(door.cors_origins)
        self._names = {name.lower() for name in (*door.allowed_hosts, host) if not is_wildcard(name)}
        # Beyond loopback without a key, meant so: it may be called by any name, unless the names are given.
        self._any_host = door.insecure and not is_loopback(host) and not door.allowed_hosts
        self._is_own = lru_cache(maxsize=256)(self._is_own_name)

    def refusal(self, scope: Scope) -> RequestError | None:
        """Why a request may not be served; None where it may."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host")
        if host is not None and sum(name == b"host" for name, _ in scope["headers"]) > 1:
            return ForeignHost()  # what is in front of us may have looked at another one than we do
        if host is not None and not (self._any_host or self._is_own(host)):
            return ForeignHost()
        if (origin := headers.get(b"origin")) is not None:
            return None if self._may_call(origin.decode("latin-1").lower(), host) else ForeignPage()
        if headers.get(b"sec-fetch-site", b"").lower() != b"cross-site":
            return None
        is_followed = headers.get(b"sec-fetch-mode") == b"navigate" and scope["method"] in ("GET", "HEAD")
        return None if is_followed else ForeignPage()

    def _may_call(self, origin: str, host: bytes | None) -> bool:
        if origin in self._origins or "*" in self._origins:
            return True
        scheme, _, name = origin.partition("://")
        if scheme not in ("http", "https"):
            return False
        called = name.encode("latin-1")
        return called == host if self._any_host else self._is_own(called)

    def _is_own_name(self, value: bytes) -> bool:
        """Whether a Host header, or the same part of an origin, names this service."""
        found = _HOST.fullmatch(value)
        if found is None:
            return False
        name = found[1].decode().strip("[]").lower()
        return name in self._names or is_loopback(name)
