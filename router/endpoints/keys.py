"""The service's own key: accepted in every form that clients send one, and never passed on."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from fastapi import Request

from router.account import ANONYMOUS, Caller, caller_with
from router.dialects.shared.secret import Secret
from router.errors import RequestError

KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key")


class WrongKey(RequestError):
    """The request shows no key, or another one."""

    status = 401
    type = "authentication_error"

    def __init__(self) -> None:
        super().__init__(
            "the key is missing or wrong; send it as Authorization: Bearer, x-api-key, api-key or x-goog-api-key.",
            code="invalid_api_key",
        )


def check_key(request: Request, expected: Secret | None) -> Caller:
    """The caller. expected: the key to show; None where none is needed.  Raises WrongKey."""
    if expected is None:
        return ANONYMOUS
    wanted = expected.reveal().encode()
    # All are compared, in constant time each, so that the time taken does not depend on which one is right.
    if not any([hmac.compare_digest(shown.encode(), wanted) for shown in _shown(request)]):
        raise WrongKey
    return caller_with(expected)


def _shown(request: Request) -> Iterator[str]:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    for name in KEY_HEADERS:
        if (value := request.headers.get(name)) is not None:
            yield value.strip()
    if (value := request.query_params.get("key")) is not None:
        yield value
