"""How connections to providers are made and kept. In a file of its own, so that settings load no HTTP client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from router.checked.kinds import Flag, Patience, Seconds, whole


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How connections are made and kept.

    connect_s: longest time to connect, TLS included.
    pool_s: how long a request waits where max_connections are in use; then, at once with 0, it gets 503.
    idle_s: how long an idle connection is kept. llama.cpp, uvicorn and Node close theirs after 5 s; above that, a
        request now and then meets a connection that is being closed.
    max_connections: most connections of a worker process.
    use_environment: whether HTTP_PROXY and similar variables, and SSL_CERT_FILE, are used.
    """

    connect_s: Patience = 5.0
    pool_s: Seconds = 0.0
    idle_s: Seconds = 4.0
    max_connections: Annotated[int, whole(1, 1_000_000)] = 10_000
    use_environment: Flag = False
