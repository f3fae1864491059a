"""Anthropic's errors <-> UpstreamFailure."""

from __future__ import annotations

from collections.abc import Mapping

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.failing import (
    client_message,
    error_document,
    kind_of_refusal,
    kind_of_status,
    lower_keys,
    retry_after_s,
    shown,
)
from router.dialects.shared.fields import object_at, text_at
from router.types import JsonObject

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
    "invalid_request_error": FailureKind.BAD_REQUEST,
    "authentication_error": FailureKind.AUTHENTICATION,
    "billing_error": FailureKind.QUOTA,
    "permission_error": FailureKind.AUTHENTICATION,
    "not_found_error": FailureKind.NOT_FOUND,
    "request_too_large": FailureKind.TOO_LARGE,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "api_error": FailureKind.SERVER,
    "timeout_error": FailureKind.TIMEOUT,
    "overloaded_error": FailureKind.OVERLOADED,
}
_TYPE_AND_STATUS = {
    FailureKind.RATE_LIMITED: ("rate_limit_error", 429),
    FailureKind.QUOTA: ("rate_limit_error", 429),
    FailureKind.OVERLOADED: ("overloaded_error", 529),
    FailureKind.SERVER: ("api_error", 500),
    FailureKind.TIMEOUT: ("timeout_error", 504),
    FailureKind.CONNECTION: ("api_error", 502),
    FailureKind.AUTHENTICATION: ("api_error", 502),  # our key at the provider, not the client's with us
    FailureKind.NOT_FOUND: ("not_found_error", 404),
    FailureKind.CONTEXT_TOO_LONG: ("invalid_request_error", 400),
    FailureKind.REFUSED_PARAMETER: ("invalid_request_error", 400),
    FailureKind.BAD_REQUEST: ("invalid_request_error", 400),
    FailureKind.TOO_LARGE: ("request_too_large", 413),
    FailureKind.BROKEN_ANSWER: ("api_error", 502),
}


def read_failure(status: int, headers: Mapping[str, str], body: bytes, *, now_s: float) -> UpstreamFailure:
    """A provider's error answer. now_s: Unix time, for a `retry-after` that is a date."""
    error = object_at(error_document(body), "error")
    message = text_at(error, "message")
    kind, parameter = kind_of_error(text_at(error, "type"), message, status=status)
    return UpstreamFailure(
        kind=kind,
        status=status,
        message=shown(message, body),
        parameter=parameter,
        retry_after_s=retry_after_s(lower_keys(headers), now_s=now_s),
    )


def kind_of_error(error_type: str, message: str, *, status: int) -> tuple[FailureKind, str | None]:
    """What an error means, and the parameter that it refuses. status: 0 where it came inside a stream."""
    if "credit balance" in message.lower():
        return FailureKind.QUOTA, None
    kind = _KIND.get(error_type) or kind_of_status(status)
    if kind is FailureKind.BAD_REQUEST:
        return kind_of_refusal(message, PARAMETERS)
    return kind, None


def error_type(failure: UpstreamFailure) -> str:
    """Anthropic's name for the failure."""
    return _TYPE_AND_STATUS[failure.kind][0]


def error_status(failure: UpstreamFailure) -> int:
    """The HTTP status that a client of Anthropic expects with that name."""
    return _TYPE_AND_STATUS[failure.kind][1]


def write_failure(failure: UpstreamFailure, *, request_id: str | None = None) -> JsonObject:
    """The failure as an error for a client, as the body of an answer or inside a stream."""
    body: JsonObject = {"type": "error", "error": {"type": error_type(failure), "message": client_message(failure)}}
    if request_id is not None:
        body["request_id"] = request_id
    return body
