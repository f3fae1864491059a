"""Our own key: accepted in every form that clients send one, and never passed on."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from fastapi import Request

from router.dialects.shared.secret import Secret
from router.errors import RequestError

KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key")


class WrongKey(RequestError):
    """The caller showed no key, or another one."""

    status = 401
    type = "authentication_error"

    def __init__(self) -> None:
        super().__init__(
            "the key is missing or wrong; send it as Authorization: Bearer, x-api-key, api-key or x-goog-api-key.",
            code="invalid_api_key",
        )


def check_key(request: Request, expected: Secret | None) -> None:
    """Raise WrongKey unless the request shows the key; None lets everybody in."""
    if expected is None:
        return
    wanted = expected.reveal().encode()
    # All are compared, in constant time each: which one is right says nothing by how long it takes.
    if not any([hmac.compare_digest(shown.encode(), wanted) for shown in _shown(request)]):
        raise WrongKey


def _shown(request: Request) -> Iterator[str]:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    for name in KEY_HEADERS:
        if (value := request.headers.get(name)) is not None:
            yield value.strip()
    if (value := request.query_params.get("key")) is not None:
        yield value
