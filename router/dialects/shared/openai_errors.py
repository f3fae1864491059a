"""Errors for OpenAI's clients: both of its dialects write them alike."""

from __future__ import annotations

from router.dialects import conversation as c
from router.dialects.shared.failures import CLIENT_STATUS, client_message
from router.dialects.shared.openapi import STRING, object_of
from router.errors import RequestError
from router.types import JsonObject

ERROR: JsonObject = object_of(
    {
        "error": object_of(
            {
                "message": STRING,
                "type": STRING,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
            required=("message", "type"),
        )
    },
    required=("error",),
)
"""For the OpenAPI document."""

_WORDS: dict[c.FailureKind, tuple[str, str]] = {
    c.FailureKind.RATE_LIMITED: ("rate_limit_error", "rate_limit_exceeded"),
    c.FailureKind.QUOTA: ("insufficient_quota", "insufficient_quota"),
    c.FailureKind.OVERLOADED: ("upstream_error", "upstream_overloaded"),
    c.FailureKind.SERVER: ("upstream_error", "upstream_error"),
    c.FailureKind.TIMEOUT: ("upstream_error", "upstream_timeout"),
    c.FailureKind.CONNECTION: ("upstream_error", "upstream_disconnected"),
    c.FailureKind.AUTHENTICATION: ("upstream_error", "upstream_authentication"),
    c.FailureKind.NOT_FOUND: ("upstream_error", "upstream_not_found"),
    c.FailureKind.CONTEXT_TOO_LONG: ("invalid_request_error", "context_length_exceeded"),
    c.FailureKind.REFUSED_PARAMETER: ("invalid_request_error", "unsupported_parameter"),
    c.FailureKind.BAD_REQUEST: ("invalid_request_error", "invalid_value"),
    c.FailureKind.TOO_LARGE: ("invalid_request_error", "request_too_large"),
    c.FailureKind.BROKEN_ANSWER: ("upstream_error", "upstream_broken_answer"),
}


def failure_status(failure: c.UpstreamFailure) -> int:
    """The HTTP status that an OpenAI client expects for the failure."""
    return CLIENT_STATUS[failure.kind]


def write_failure(failure: c.UpstreamFailure) -> JsonObject:
    """A provider's failure: the body of an error answer, which is also the error frame of a chat stream."""
    kind, code = _WORDS[failure.kind]
    return _body(client_message(failure), kind, failure.parameter, code)


def write_error(error: RequestError) -> JsonObject:
    """An error of the router's own, as the body of an answer."""
    return _body(error.message, error.type, error.field, error.code)


def _body(message: str, kind: str, parameter: str | None, code: str | None) -> JsonObject:
    return {"error": {"message": message, "type": kind, "param": parameter, "code": code}}
