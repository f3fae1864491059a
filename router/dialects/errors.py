"""Errors in the API format of the client: which one it expects, and the body."""

from __future__ import annotations

from collections.abc import Mapping

from router.dialects.table import clients
from router.errors import RequestError
from router.types import Dialect, JsonObject


def path_dialect(path: str) -> Dialect | None:
    """The dialect that a path belongs to, whether it exists or not; None for a path of several, as `/v1/models` is."""
    if path.startswith("/v1/v1/"):
        path = path.removeprefix("/v1")
    for dialect, row in clients().items():
        if any(f"{path}/".startswith(f"{prefix}/") for prefix in row.path_prefixes):
            return dialect
    return None


def error_dialect(headers: Mapping[str, str], body: object = None) -> Dialect:
    """The dialect in which a client expects an error; OpenAI's where neither headers nor body say.

    headers: the request's, names in lower case.  body: decoded, as far as it was read; None where it could not be.
    """
    for dialect, row in clients().items():
        if any(name in headers for name in row.error_headers):
            return dialect
    fields = body if isinstance(body, dict) else {}
    for dialect, row in clients().items():
        if any(name in fields for name in row.error_fields):
            return dialect
    return Dialect.OPENAI_CHAT


def render_error(error: RequestError, dialect: Dialect = Dialect.OPENAI_CHAT) -> JsonObject:
    """The body of an error's answer. dialect: a client's."""
    return clients().get(dialect, clients()[Dialect.OPENAI_CHAT]).write_error(error)
