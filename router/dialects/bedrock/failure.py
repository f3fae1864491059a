"""Bedrock's errors -> UpstreamFailure, by the exception's name."""

from __future__ import annotations

from collections.abc import Mapping

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.failing import (
    error_document,
    kind_of_refusal,
    kind_of_status,
    lower_keys,
    retry_after_s,
    shown,
)
from router.dialects.shared.fields import text_at

PARAMETERS = {
    **{name: f"inferenceConfig.{name}" for name in ("temperature", "topP", "stopSequences", "maxTokens")},
    **{name: name for name in ("inferenceConfig.temperature", "inferenceConfig.topP")},
    "top_p": "inferenceConfig.topP",
    "stop sequences": "inferenceConfig.stopSequences",
    "stop_sequences": "inferenceConfig.stopSequences",
    "top_k": "additionalModelRequestFields.top_k",
    "thinking": "additionalModelRequestFields.thinking",
    "additionalModelRequestFields": "additionalModelRequestFields",
    "toolChoice": "toolConfig.toolChoice",
    "tool_choice": "toolConfig.toolChoice",
    "toolConfig.toolChoice": "toolConfig.toolChoice",
    "strict": "toolConfig.tools.toolSpec.strict",
    "outputConfig": "outputConfig",
    "outputConfig.effort": "outputConfig.effort",
    "effort": "outputConfig.effort",
    "outputConfig.textFormat": "outputConfig.textFormat",
    "textFormat": "outputConfig.textFormat",
    "output_config": "outputConfig",
}
"""The words for parameters that a request can do without, each with its path."""

_KIND = {
    "validationexception": FailureKind.BAD_REQUEST,
    "throttlingexception": FailureKind.RATE_LIMITED,
    "toomanyrequestsexception": FailureKind.RATE_LIMITED,
    "modelnotreadyexception": FailureKind.OVERLOADED,
    "serviceunavailableexception": FailureKind.OVERLOADED,
    "modeltimeoutexception": FailureKind.TIMEOUT,
    "modelerrorexception": FailureKind.SERVER,
    "modelstreamerrorexception": FailureKind.SERVER,
    "internalserverexception": FailureKind.SERVER,
    "internalfailure": FailureKind.SERVER,
    "servicequotaexceededexception": FailureKind.QUOTA,
    "accessdeniedexception": FailureKind.AUTHENTICATION,
    "unrecognizedclientexception": FailureKind.AUTHENTICATION,
    "invalidsignatureexception": FailureKind.AUTHENTICATION,
    "expiredtokenexception": FailureKind.AUTHENTICATION,
    "resourcenotfoundexception": FailureKind.NOT_FOUND,
}
_NO_SUCH_MODEL = ("model identifier is invalid", "on-demand throughput isn", "end of its life", "legacy")


def read_failure(status: int, headers: Mapping[str, str], body: bytes, *, now_s: float) -> UpstreamFailure:
    """A provider's error answer. now_s: Unix time, for a `retry-after` that is a date."""
    document = error_document(body)
    lower = lower_keys(headers)
    message = text_at(document, "message") or text_at(document, "Message")
    kind, parameter = kind_of_error(
        lower.get("x-amzn-errortype") or text_at(document, "__type"), message, status=status
    )
    return UpstreamFailure(
        kind=kind,
        status=status,
        message=shown(message, body),
        parameter=parameter,
        retry_after_s=retry_after_s(lower, now_s=now_s),
    )


def kind_of_error(name: str, message: str, *, status: int) -> tuple[FailureKind, str | None]:
    """What an exception means, and the parameter that it refuses.

    name: such as `ThrottlingException`, with or without what AWS puts around it.  status: 0 inside a stream.
    """
    plain = name.partition(":")[0].rpartition("#")[2].strip().lower()
    kind = _KIND.get(plain) or kind_of_status(status)
    if kind is not FailureKind.BAD_REQUEST:
        return kind, None
    if any(words in message.lower() for words in _NO_SUCH_MODEL):
        return FailureKind.NOT_FOUND, None
    return kind_of_refusal(message, PARAMETERS)
