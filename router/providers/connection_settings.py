"""How connections to providers are made and kept. In a file of its own, so that settings load no HTTP client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How connections are made and kept.

    connect_s: to connect, TLS included.  pool_s: to wait until fewer than max_connections are in use.
    idle_s: that an idle connection is kept: less than the 5 s after which llama.cpp, uvicorn and Node close theirs, or
        a request now and then meets a connection that is being closed.
    use_environment: whether HTTP_PROXY and the like, and SSL_CERT_FILE, are used.
    """

    connect_s: float = 5.0
    pool_s: float = 5.0
    idle_s: float = 4.0
    max_connections: int = 1_000
    use_environment: bool = False
