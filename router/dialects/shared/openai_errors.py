"""Errors for OpenAI's clients: both of its dialects write them alike."""

from __future__ import annotations

from router.dialects import conversation as c
from router.dialects.shared.failures import CLIENT_STATUS, TOO_LONG, client_message, kept, too_long_message
from router.dialects.shared.openapi import STRING, object_of
from router.errors import ContextTooLong, RequestError
from router.types import Dialect, JsonObject

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
    c.FailureKind.TOO_LARGE: ("invalid_request_error", "context_length_exceeded"),
    c.FailureKind.UNSUPPORTED: ("invalid_request_error", "unsupported_value"),
    c.FailureKind.FLAGGED: ("invalid_request_error", "content_filter"),
    c.FailureKind.BROKEN_ANSWER: ("upstream_error", "upstream_broken_answer"),
    c.FailureKind.ROUTER_BUSY: ("api_error", "router_busy"),
    c.FailureKind.NO_KEY: ("api_error", "no_provider"),
}


def failure_status(failure: c.UpstreamFailure) -> int:
    """The HTTP status that an OpenAI client expects for the failure."""
    return CLIENT_STATUS[failure.kind]


def write_failure(failure: c.UpstreamFailure) -> JsonObject:
    """A provider's failure: the body of an error answer, which is also the error frame of a chat stream."""
    kind, code = _WORDS[failure.kind]
    own = kept(failure, Dialect.OPENAI_CHAT)
    if own is not None:
        kind, code = own.type or kind, own.code or code
    parameter = failure.parameter if own is None or own.param is None else own.param
    return _body(error_message(failure), kind, parameter, code)


def error_message(failure: c.UpstreamFailure) -> str:
    """The message for a client; of a prompt that is too long, in the words on which agents compact."""
    if failure.kind not in TOO_LONG:
        return client_message(failure)
    return too_long_message(
        failure,
        numbers="This model's maximum context length is {most} tokens. However, your messages resulted in {asked} "
        "tokens. Please reduce the length of the messages.",
        plain="Your input exceeds the context window of this model: it is longer than the maximum context length.",
        known="maximum context length",
    )


def write_error(error: RequestError) -> JsonObject:
    """An error of the router's own, as the body of an answer."""
    message = error.message
    if isinstance(error, ContextTooLong):
        message = error_message(c.UpstreamFailure(c.FailureKind.CONTEXT_TOO_LONG, error.status, message))
    return _body(message, error.type, error.field, error.code)


def _body(message: str, kind: str, parameter: str | None, code: str | None) -> JsonObject:
    return {"error": {"message": message, "type": kind, "param": parameter, "code": code}}
