"""The way of a request through routers, so that none goes round: a header that each adds its own id to.

x-tierwise-hops: 5f0c2a..., 91be07...
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from router.errors import RequestError
from router.providers.transport import GOES_ROUND, HOPS_HEADER

MOST_HOPS = 8
"""Routers that a request may pass; more are taken for a circle whose ids are lost on the way."""


class GoesRound(RequestError):
    """The request has been here before."""

    status = GOES_ROUND
    type = "api_error"
    headers: Mapping[str, str] = MappingProxyType({"x-should-retry": "false"})

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{HOPS_HEADER}: {what}. Correct the base_url of the provider that leads back here.",
            code="loop",
        )


def onward(headers: Mapping[str, str], own_id: str) -> str:
    """The header for the next router. headers: the request's.  own_id: of this service.  Raises GoesRound."""
    before = headers.get(HOPS_HEADER)
    if before is None:
        return own_id
    if not (before.isascii() and before.isprintable()):
        raise RequestError(f"{HOPS_HEADER}: expected printable ASCII.", field=HOPS_HEADER, code="invalid_header")
    ids = [part.strip() for part in before.split(",")]
    if own_id in ids:
        raise GoesRound("this request has come through this service before")
    if len(ids) >= MOST_HOPS:
        raise GoesRound(f"this request has come through {MOST_HOPS} routers")
    return f"{before}, {own_id}"
