"""Gemini's errors: a provider's, and the router's own for a client."""

from __future__ import annotations

import re
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
    too_long_message,
)
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.waits import seconds
from router.errors import ContextTooLong, RequestError
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
    **{word: "generationConfig.thinkingConfig" for word in ("thinking", "thinking_config", "Budget")},
    "includeThoughts": "generationConfig.thinkingConfig.includeThoughts",
    "penalty": "generationConfig.presencePenalty,generationConfig.frequencyPenalty",
    "json mode": "generationConfig.responseMimeType",
    "safetySettings": "safetySettings",
}
"""The words for parameters that a request can do without, each with its path."""

_KIND = {
    "INVALID_ARGUMENT": c.FailureKind.BAD_REQUEST,
    "OUT_OF_RANGE": c.FailureKind.BAD_REQUEST,
    "ABORTED": c.FailureKind.SERVER,
    "FAILED_PRECONDITION": c.FailureKind.AUTHENTICATION,  # no billing, or a country that is not served
    "UNAUTHENTICATED": c.FailureKind.AUTHENTICATION,
    "PERMISSION_DENIED": c.FailureKind.AUTHENTICATION,
    "NOT_FOUND": c.FailureKind.NOT_FOUND,
    "RESOURCE_EXHAUSTED": c.FailureKind.RATE_LIMITED,
    "INTERNAL": c.FailureKind.SERVER,
    "UNKNOWN": c.FailureKind.SERVER,
    "UNAVAILABLE": c.FailureKind.OVERLOADED,
    "DEADLINE_EXCEEDED": c.FailureKind.TIMEOUT,
    "CANCELLED": c.FailureKind.CONNECTION,
}
_STATUS = {
    **CLIENT_STATUS,
    c.FailureKind.CONNECTION: 503,
    c.FailureKind.AUTHENTICATION: 500,  # our key at the provider, not the client's with us
    c.FailureKind.BROKEN_ANSWER: 500,
}
_CODE_NAMES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""google.rpc.Code by HTTP status; any other is INVALID_ARGUMENT below 500 and INTERNAL from there."""


def read_error(document: JsonObject, status: int, headers: Mapping[str, str]) -> ProviderError:
    """The meaning of an error document. status: 0 inside a stream."""
    error = object_at(document, "error")
    message = text_at(error, "message")
    details = objects_at(error, "details")
    wait_s = _retry_delay_s(details)
    reasons = [text_at(detail, "reason") for detail in details]
    if not {"API_KEY_INVALID", "API_KEY_EXPIRED"}.isdisjoint(reasons):
        return ProviderError(c.FailureKind.AUTHENTICATION, message, wait_s=wait_s)
    status = status or count_at(error, "code")
    kind = agreed(_KIND.get(text_at(error, "status")), status)
    if kind is c.FailureKind.RATE_LIMITED:
        # Google says "exceeded your current quota" of a minute's limit too: the details know which it is.
        return ProviderError(c.FailureKind.QUOTA if _is_used_up(details) else kind, message, wait_s=wait_s)
    codes = [reason.lower() for reason in reasons if reason]
    return replace(error_of(kind, message, PARAMETERS, status=status, codes=codes), wait_s=wait_s)


read_failure = failure_reader(read_error)


def _is_used_up(details: list[JsonObject]) -> bool:
    """Whether a quota of the day is gone, so that no useful wait helps."""
    violations = [violation for detail in details for violation in objects_at(detail, "violations")]
    return any("perday" in text_at(violation, "quotaId").lower() for violation in violations)


def _retry_delay_s(details: list[JsonObject]) -> float | None:
    """Seconds to wait by the error's RetryInfo; None if it has none."""
    delays = (seconds(text_at(detail, "retryDelay")) for detail in details)
    return next((delay for delay in delays if delay is not None), None)


def failure_status(failure: c.UpstreamFailure) -> int:
    """The HTTP status that a Gemini client expects for the failure."""
    return _STATUS[failure.kind]


def write_failure(failure: c.UpstreamFailure) -> JsonObject:
    """A provider's failure as an error for a client, as the body of an answer or inside a stream."""
    details: JsonObject = {}
    if failure.retry_after_s is not None:
        details = {"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{failure.retry_after_s:g}s"}
    return _body(_STATUS[failure.kind], _message(failure), details)


def _message(failure: c.UpstreamFailure) -> str:
    if failure.kind not in TOO_LONG:
        return client_message(failure)
    return too_long_message(
        failure,
        numbers="The input token count ({asked}) exceeds the maximum number of tokens allowed ({most}).",
        plain="The input token count exceeds the maximum number of tokens allowed.",
        known=r"input token count.{0,20}exceeds the maximum number of tokens allowed",
    )


def write_error(error: RequestError) -> JsonObject:
    """An error of the router's own, as the body of an answer."""
    details: JsonObject = {}
    if error.field is not None:
        violation = {"field": error.field, "description": error.message, "reason": error.code}
        details = {"@type": f"{_TYPES}BadRequest", "fieldViolations": [violation]}
    message = error.message
    if isinstance(error, ContextTooLong):
        message = _message(c.UpstreamFailure(c.FailureKind.CONTEXT_TOO_LONG, error.status, message))
    return _body(error.status, message, details)


_TYPES = "type.googleapis.com/google.rpc."


def _body(code: int, message: str, details: JsonObject) -> JsonObject:
    name = _CODE_NAMES.get(code, "INVALID_ARGUMENT" if code < 500 else "INTERNAL")
    error: JsonObject = {"code": code, "message": message, "status": name}
    return {"error": {**error, "details": [details]} if details else error}
