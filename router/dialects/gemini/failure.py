"""Gemini's errors <-> UpstreamFailure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.failing import (
    client_message,
    error_document,
    kind_of_refusal,
    kind_of_status,
    lower_keys,
    retry_after_s,
    seconds,
    shown,
)
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.types import JsonObject

_UPPER_CASE = re.compile(r"([A-Z])")
_CONFIG = (
    *("temperature", "topP", "topK", "stopSequences", "candidateCount", "seed", "presencePenalty", "frequencyPenalty"),
    *("responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig", "responseLogprobs", "logprobs"),
)
PARAMETERS = {
    **{name: f"generationConfig.{name}" for name in _CONFIG},
    **{_UPPER_CASE.sub(r"_\1", name).lower(): f"generationConfig.{name}" for name in _CONFIG},
    **{word: "generationConfig.thinkingConfig" for word in ("thinkingLevel", "thinking_level", "thinking level")},
    **{word: "generationConfig.thinkingConfig" for word in ("thinkingBudget", "thinking_budget", "thinking budget")},
    "thinking": "generationConfig.thinkingConfig",
    "includeThoughts": "generationConfig.thinkingConfig.includeThoughts",
    "penalty": "generationConfig.presencePenalty",
    "json mode": "generationConfig.responseMimeType",
    "safetySettings": "safetySettings",
}
"""The words for parameters that a request can do without, each with its path."""

_KIND = {
    "INVALID_ARGUMENT": FailureKind.BAD_REQUEST,
    "OUT_OF_RANGE": FailureKind.BAD_REQUEST,
    "ABORTED": FailureKind.SERVER,
    "FAILED_PRECONDITION": FailureKind.AUTHENTICATION,  # no billing, or a country that is not served
    "UNAUTHENTICATED": FailureKind.AUTHENTICATION,
    "PERMISSION_DENIED": FailureKind.AUTHENTICATION,
    "NOT_FOUND": FailureKind.NOT_FOUND,
    "RESOURCE_EXHAUSTED": FailureKind.RATE_LIMITED,
    "INTERNAL": FailureKind.SERVER,
    "UNKNOWN": FailureKind.SERVER,
    "UNAVAILABLE": FailureKind.OVERLOADED,
    "DEADLINE_EXCEEDED": FailureKind.TIMEOUT,
    "CANCELLED": FailureKind.CONNECTION,
}
_STATUS = {
    FailureKind.RATE_LIMITED: ("RESOURCE_EXHAUSTED", 429),
    FailureKind.QUOTA: ("RESOURCE_EXHAUSTED", 429),
    FailureKind.OVERLOADED: ("UNAVAILABLE", 503),
    FailureKind.SERVER: ("INTERNAL", 500),
    FailureKind.TIMEOUT: ("DEADLINE_EXCEEDED", 504),
    FailureKind.CONNECTION: ("UNAVAILABLE", 503),
    FailureKind.AUTHENTICATION: ("INTERNAL", 500),  # our key at the provider, not the client's with us
    FailureKind.NOT_FOUND: ("NOT_FOUND", 404),
    FailureKind.CONTEXT_TOO_LONG: ("INVALID_ARGUMENT", 400),
    FailureKind.REFUSED_PARAMETER: ("INVALID_ARGUMENT", 400),
    FailureKind.BAD_REQUEST: ("INVALID_ARGUMENT", 400),
    FailureKind.TOO_LARGE: ("INVALID_ARGUMENT", 413),
    FailureKind.BROKEN_ANSWER: ("INTERNAL", 500),
}


def read_failure(status: int, headers: Mapping[str, str], body: bytes, *, now_s: float) -> UpstreamFailure:
    """A provider's error answer, also in an array of one. now_s: Unix time, for a `retry-after` that is a date."""
    error = object_at(error_document(body), "error")
    kind, parameter = kind_of_error(error, status=status)
    wait_s = retry_delay_s(error)
    return UpstreamFailure(
        kind=kind,
        status=status,
        message=shown(text_at(error, "message"), body),
        parameter=parameter,
        retry_after_s=retry_after_s(lower_keys(headers), now_s=now_s) if wait_s is None else wait_s,
    )


def kind_of_error(error: JsonObject, *, status: int) -> tuple[FailureKind, str | None]:
    """What an error object means, and the parameter that it refuses. status: 0 inside a stream."""
    message = text_at(error, "message")
    details = objects_at(error, "details")
    if any(text_at(detail, "reason") in ("API_KEY_INVALID", "API_KEY_EXPIRED") for detail in details):
        return FailureKind.AUTHENTICATION, None
    kind = _KIND.get(text_at(error, "status")) or kind_of_status(status or count_at(error, "code"))
    if kind is FailureKind.RATE_LIMITED and _is_used_up(details):
        return FailureKind.QUOTA, None
    if kind is not FailureKind.BAD_REQUEST:
        return kind, None
    return kind_of_refusal(message, PARAMETERS)


def _is_used_up(details: list[JsonObject]) -> bool:
    """Whether a quota of the day is gone: no waiting of use helps."""
    violations = [violation for detail in details for violation in objects_at(detail, "violations")]
    return any("perday" in text_at(violation, "quotaId").lower() for violation in violations)


def retry_delay_s(error: JsonObject) -> float | None:
    """Seconds to wait by the error's RetryInfo; None if it has none."""
    delays = (seconds(text_at(detail, "retryDelay")) for detail in objects_at(error, "details"))
    return next((delay for delay in delays if delay is not None), None)


def error_status(failure: UpstreamFailure) -> int:
    """The HTTP status that a client of Gemini expects for the failure."""
    return _STATUS[failure.kind][1]


def write_failure(failure: UpstreamFailure) -> JsonObject:
    """The failure as an error for a client, as the body of an answer or inside a stream."""
    name, code = _STATUS[failure.kind]
    error: JsonObject = {"code": code, "message": client_message(failure), "status": name}
    if failure.retry_after_s is not None:
        info = "type.googleapis.com/google.rpc.RetryInfo"
        error["details"] = [{"@type": info, "retryDelay": f"{failure.retry_after_s:g}s"}]
    return {"error": error}
