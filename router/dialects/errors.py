"""Errors as each dialect writes them. All hold type, message and the offending field, each where its clients look."""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import RequestError
from router.types import Dialect, JsonObject

# google.rpc.Code by HTTP status; what is not here is INVALID_ARGUMENT below 500 and INTERNAL from there.
_GEMINI_STATUS = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


_PATHS = {
    "/v1/messages": Dialect.ANTHROPIC,
    "/anthropic": Dialect.ANTHROPIC,
    "/v1beta": Dialect.GEMINI,
    "/v1/chat": Dialect.OPENAI_CHAT,
    "/v1/responses": Dialect.OPENAI_RESPONSES,
}


def path_dialect(path: str) -> Dialect | None:
    """The dialect that a path belongs to, whether there is something behind it or not; None for a path of several.

    `/v1/models` is such a one.
    """
    if path.startswith("/v1/v1/"):
        path = path.removeprefix("/v1")
    return next((dialect for start, dialect in _PATHS.items() if f"{path}/".startswith(f"{start}/")), None)


def error_dialect(headers: Mapping[str, str], body: object = None) -> Dialect:
    """The dialect in which a caller will look for an error.

    headers: the request's, names in lower case.  body: decoded, as far as it got; None where it could not be.
    OpenAI's shape is the one for all who do not say otherwise.
    """
    if "anthropic-version" in headers:
        return Dialect.ANTHROPIC
    if "x-goog-api-key" in headers or (isinstance(body, dict) and "contents" in body):
        return Dialect.GEMINI
    return Dialect.OPENAI_CHAT


def render_error(error: RequestError, dialect: Dialect = Dialect.OPENAI_CHAT) -> JsonObject:
    """The body of an error's answer."""
    if dialect is Dialect.ANTHROPIC:
        return _anthropic(error)
    return _gemini(error) if dialect is Dialect.GEMINI else _openai(error)


def _openai(error: RequestError) -> JsonObject:
    return {"error": {"message": error.message, "type": error.type, "param": error.field, "code": error.code}}


def _anthropic(error: RequestError) -> JsonObject:
    details = {"error_code": error.code, "field": error.field}
    return {"type": "error", "error": {"type": error.type, "message": error.message, "details": details}}


def _gemini(error: RequestError) -> JsonObject:
    default = "INVALID_ARGUMENT" if error.status < 500 else "INTERNAL"
    body: JsonObject = {
        "code": error.status,
        "status": _GEMINI_STATUS.get(error.status, default),
        "message": error.message,
    }
    if error.field is not None:
        violation = {"field": error.field, "description": error.message, "reason": error.code}
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
    return {"error": body}
