"""Bedrock's errors -> UpstreamFailure, by the exception's name."""

from __future__ import annotations

from collections.abc import Mapping

from router.dialects import conversation as c
from router.dialects.shared.failures import ProviderError, agreed, error_of, failure_reader
from router.dialects.shared.fields import text_at
from router.types import JsonObject

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
    "validationexception": c.FailureKind.BAD_REQUEST,
    "throttlingexception": c.FailureKind.RATE_LIMITED,
    "toomanyrequestsexception": c.FailureKind.RATE_LIMITED,
    "modelnotreadyexception": c.FailureKind.OVERLOADED,
    "serviceunavailableexception": c.FailureKind.OVERLOADED,
    "modeltimeoutexception": c.FailureKind.TIMEOUT,
    "modelerrorexception": c.FailureKind.SERVER,
    "modelstreamerrorexception": c.FailureKind.SERVER,
    "internalserverexception": c.FailureKind.SERVER,
    "internalfailure": c.FailureKind.SERVER,
    "servicequotaexceededexception": c.FailureKind.QUOTA,
    "accessdeniedexception": c.FailureKind.AUTHENTICATION,
    "unrecognizedclientexception": c.FailureKind.AUTHENTICATION,
    "invalidsignatureexception": c.FailureKind.AUTHENTICATION,
    "expiredtokenexception": c.FailureKind.AUTHENTICATION,
    "resourcenotfoundexception": c.FailureKind.NOT_FOUND,
}


def read_error(document: JsonObject, status: int, headers: Mapping[str, str]) -> ProviderError:
    """The meaning of an error document.

    status: 0 inside a stream.  headers: `x-amzn-errortype` names the exception, as `:exception-type` does in a stream.
    """
    name = headers.get("x-amzn-errortype") or text_at(document, "__type")
    message = text_at(document, "message") or text_at(document, "Message")
    plain = name.partition(":")[0].rpartition("#")[2].strip().lower()
    return error_of(agreed(_KIND.get(plain), status), message, PARAMETERS, status=status, codes=(plain,))


read_failure = failure_reader(read_error)
