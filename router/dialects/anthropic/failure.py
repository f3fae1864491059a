"""Anthropic's errors: a provider's, and the router's own for a client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.dialects import conversation as c
from router.dialects.shared.failures import (
    CLIENT_STATUS,
    TOO_LONG,
    ProviderError,
    agreed,
    client_message,
    error_of,
    failure_reader,
    kept,
    own_words,
    too_long_message,
)
from router.dialects.shared.fields import object_at, text_at
from router.errors import ContextTooLong, RequestError
from router.types import Dialect, JsonObject

_SAME = (
    *("temperature", "top_p", "top_k", "stop_sequences", "metadata", "metadata.user_id", "service_tier"),
    *("output_config", "output_config.effort", "output_config.format", "thinking", "context_management", "container"),
    *("tool_choice.disable_parallel_tool_use", "cache_control", "inference_geo", "speed", "diagnostics"),
)
PARAMETERS = {
    **{path: path for path in _SAME},
    "thinking.type": "thinking",
    "thinking.budget_tokens": "thinking",
    "effort": "output_config.effort",
    "structured outputs": "output_config.format",
    "disable_parallel_tool_use": "tool_choice.disable_parallel_tool_use",
}
"""The words for parameters that a request can do without, each with its path."""

_KIND = {
    "invalid_request_error": c.FailureKind.BAD_REQUEST,
    "authentication_error": c.FailureKind.AUTHENTICATION,
    "billing_error": c.FailureKind.QUOTA,
    "permission_error": c.FailureKind.AUTHENTICATION,
    "not_found_error": c.FailureKind.NOT_FOUND,
    "request_too_large": c.FailureKind.TOO_LARGE,
    "rate_limit_error": c.FailureKind.RATE_LIMITED,
    "api_error": c.FailureKind.SERVER,
    "timeout_error": c.FailureKind.TIMEOUT,
    "overloaded_error": c.FailureKind.OVERLOADED,
}
_TYPE = {
    c.FailureKind.RATE_LIMITED: "rate_limit_error",
    c.FailureKind.QUOTA: "rate_limit_error",
    c.FailureKind.OVERLOADED: "overloaded_error",
    c.FailureKind.TIMEOUT: "timeout_error",
    c.FailureKind.NOT_FOUND: "not_found_error",
    c.FailureKind.CONTEXT_TOO_LONG: "invalid_request_error",
    c.FailureKind.TOO_LARGE: "invalid_request_error",
    c.FailureKind.REFUSED_PARAMETER: "invalid_request_error",
    c.FailureKind.UNSUPPORTED: "invalid_request_error",
    c.FailureKind.FLAGGED: "invalid_request_error",
    c.FailureKind.BAD_REQUEST: "invalid_request_error",
}
"""The error type by kind; `api_error` for every other."""

_STATUS = {**CLIENT_STATUS, c.FailureKind.OVERLOADED: 529}


def read_error(document: JsonObject, status: int, headers: Mapping[str, str]) -> ProviderError:
    """The meaning of an error document. status: 0 inside a stream."""
    error = object_at(document, "error")
    message, word = text_at(error, "message"), text_at(error, "type")
    found = error_of(agreed(_KIND.get(word), status), message, PARAMETERS, status=status)
    return replace(found, own=own_words(Dialect.ANTHROPIC, error))


read_failure = failure_reader(read_error)


def failure_status(failure: c.UpstreamFailure) -> int:
    """The HTTP status that an Anthropic client expects for the failure."""
    return _STATUS[failure.kind]


def write_failure(failure: c.UpstreamFailure, *, request_id: str | None = None) -> JsonObject:
    """A provider's failure as an error for a client, as the body of an answer or inside a stream."""
    own = kept(failure, Dialect.ANTHROPIC)
    body = _body((own and own.type) or _TYPE.get(failure.kind, "api_error"), _message(failure))
    return body if request_id is None else {**body, "request_id": request_id}


def _message(failure: c.UpstreamFailure) -> str:
    """Claude Code compacts on these words; a message that says how far the window would allow it is not enough."""
    if failure.kind not in TOO_LONG:
        return client_message(failure)
    numbers = "prompt is too long: {asked} tokens > {most} maximum"
    return too_long_message(failure, numbers=numbers, plain="prompt is too long", known="^prompt is too long")


def write_error(error: RequestError) -> JsonObject:
    """An error of the router's own, as the body of an answer."""
    message = error.message
    if isinstance(error, ContextTooLong):
        message = _message(c.UpstreamFailure(c.FailureKind.CONTEXT_TOO_LONG, error.status, message))
    return _body(error.type, message, details={"error_code": error.code, "field": error.field})


def _body(kind: str, message: str, **more: JsonObject) -> JsonObject:
    return {"type": "error", "error": {"type": kind, "message": message, **more}}
