"""What a compatible provider's error means: its status, its codes and, where they say too little, its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.failing import (
    LONGEST_MESSAGE,
    error_document,
    kind_of_status,
    lower_keys,
    retry_after_s,
    shown,
)
from router.dialects.shared.fields import object_at, objects_at, text_at
from router.types import JsonObject

_KIND_OF_CODE = {
    "insufficient_quota": FailureKind.QUOTA,
    "billing_hard_limit_reached": FailureKind.QUOTA,
    "billing_not_active": FailureKind.QUOTA,
    "account_deactivated": FailureKind.QUOTA,
    "insufficient_balance": FailureKind.QUOTA,
    "context_length_exceeded": FailureKind.CONTEXT_TOO_LONG,
    "exceed_context_size_error": FailureKind.CONTEXT_TOO_LONG,  # llama.cpp
    "string_above_max_length": FailureKind.CONTEXT_TOO_LONG,
    "model_not_found": FailureKind.NOT_FOUND,
    "model_not_available": FailureKind.NOT_FOUND,
    "model_decommissioned": FailureKind.NOT_FOUND,
    "deploymentnotfound": FailureKind.NOT_FOUND,  # Azure
    "invalid_api_key": FailureKind.AUTHENTICATION,
    "authentication_error": FailureKind.AUTHENTICATION,
    "permission_error": FailureKind.AUTHENTICATION,
    "rate_limit_exceeded": FailureKind.RATE_LIMITED,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "resource_exhausted": FailureKind.RATE_LIMITED,
    "overloaded": FailureKind.OVERLOADED,
    "overloaded_error": FailureKind.OVERLOADED,
    "engine_overloaded": FailureKind.OVERLOADED,
    "engine_overloaded_error": FailureKind.OVERLOADED,
    "slow_down": FailureKind.OVERLOADED,
    "server_is_overloaded": FailureKind.OVERLOADED,
    "unavailable": FailureKind.OVERLOADED,
    "timeout": FailureKind.TIMEOUT,
    "timeout_error": FailureKind.TIMEOUT,
    "deadline_exceeded": FailureKind.TIMEOUT,
    "request_too_large": FailureKind.TOO_LARGE,
}
# Where there is no status, in a stream, the general words must do.
_KIND_OF_TYPE = {
    "invalid_request_error": FailureKind.BAD_REQUEST,
    "badrequesterror": FailureKind.BAD_REQUEST,  # vLLM
    "not_found_error": FailureKind.NOT_FOUND,
}
_TOO_LONG = re.compile(
    "|".join(
        (
            r"maximum context length",  # OpenAI, vLLM, DeepSeek, Mistral, OpenRouter
            r"maximum model length",  # vLLM: "The decoder prompt (length 9) is longer than the maximum model length"
            r"max_model_len",
            r"maximum prompt length",  # xAI
            r"(?:exceed|larger|longer|greater|more)\w* (?:than )?(?:the |this |its |available )*(?:model'?s? )?"
            r"(?:available |maximum |allowed )?context",  # llama.cpp, SGLang, LM Studio, Ollama
            r"context (?:length|window|size) (?:of only|exceeded|is exceeded|was exceeded)",
            r"(?:prompt|input|conversation|request) is too long",
            r"too many (?:input )?tokens",
            r"input token count .{0,80}exceeds",  # Gemini
            r"`?inputs`? tokens \+ `?max_new_tokens`? must be",  # TGI, Together
            r"reduce the length of the (?:messages|prompt|input)",  # Groq and older OpenAI
        )
    ),
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"insufficient[ _](?:balance|credit|fund|quota)|(?:credit|account) balance|out of credits|requires more credits",
    re.IGNORECASE,
)
_REFUSAL_CODES = frozenset(
    {"unsupported_parameter", "unsupported_value", "unknown_parameter", "unrecognized_parameter"}
)
_NAME = r"['\"`]?(?P<name>[A-Za-z_][\w.\[\]]*)['\"`]?"
_REFUSALS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:unsupported|unknown|unrecognized|unexpected) (?:request )?(?:parameter|argument|field|value)s?"
        rf"(?: supplied)?: {_NAME}",
        rf"(?:parameter|argument|property|field) {_NAME} (?:is|are) (?:not (?:supported|allowed|permitted)|unsupported"
        rf"|deprecated|unknown)",
        rf"argument not supported on this model: {_NAME}",  # xAI
        rf"does ?n[o']t support (?:the )?parameters?:? \[?{_NAME}",
        r"^['\"`](?P<name>[A-Za-z_][\w.]*)['\"`] (?:is|are) (?:not supported|unsupported|deprecated)",
        r"unexpected keyword argument '(?P<name>\w+)'",
        r"['\"`](?P<name>[A-Za-z_]\w*)['\"`] does not support .{0,60} with this model",
    )
]
# Without these there is no request: to leave them out helps nobody.
_NEEDED = frozenset({"model", "messages", "stream", "parameter", "argument"})


@dataclass(frozen=True, slots=True)
class _Error:
    """What an error body says; codes are in lower case."""

    message: str
    codes: tuple[str, ...]
    status: int
    parameter: str | None


def read_failure(status: int, headers: Mapping[str, str], body: bytes, *, now_s: float) -> UpstreamFailure:
    """The failure that an error answer means; never raises, whatever the body holds.

    status: of the HTTP answer; 0 where none came.  headers: names in any case.  now_s: Unix time, for a `retry-after`
    that is a date.
    """
    error = _read_error(error_document(body), status)
    kind, parameter = _kind(error)
    return UpstreamFailure(
        kind=kind,
        status=status,
        message=shown(error.message, body),
        parameter=parameter,
        retry_after_s=retry_after_s(lower_keys(headers), now_s=now_s),
    )


def read_stream_error(document: JsonObject) -> tuple[FailureKind, str]:
    """Kind and message of an error inside a stream, where there is no status but what the error itself says."""
    error = _read_error(document, 0)
    kind, _ = _kind(error)
    return kind, error.message or "the provider reported an error without a message"


def _read_error(document: JsonObject, status: int) -> _Error:
    inner = document.get("error")
    error = inner if isinstance(inner, dict) else document
    message = text_at(error, "message") or text_at(error, "detail") or (inner if isinstance(inner, str) else "")
    details = [
        entry for entry in objects_at(document, "detail") or objects_at(object_at(document, "message"), "detail")
    ]
    if details and not message:
        message = "; ".join([text_at(entry, "msg") for entry in details])
    words = [error.get("code"), error.get("type"), error.get("status")]
    numbers = [word for word in words if isinstance(word, int) and not isinstance(word, bool)]
    numbers += [
        int(word) for word in words if isinstance(word, str) and len(word) == 3 and word.isascii() and word.isdigit()
    ]
    return _Error(
        message=message[:LONGEST_MESSAGE],
        codes=tuple(word.lower() for word in words if isinstance(word, str)),
        # OpenRouter and vLLM say the status in the body, also where HTTP says 200.
        status=status if status >= 400 else next((number for number in numbers if 400 <= number < 600), status),
        parameter=text_at(error, "param") or _extra_field(details),
    )


def _extra_field(details: list[JsonObject]) -> str | None:
    """The field that a server built on pydantic did not expect (vLLM, Mistral)."""
    for entry in details:
        place = entry.get("loc")
        if entry.get("type") == "extra_forbidden" and isinstance(place, list) and place:
            return ".".join([str(step) for step in place if step != "body"])
    return None


def _kind(error: _Error) -> tuple[FailureKind, str | None]:
    found = next((_KIND_OF_CODE[code] for code in error.codes if code in _KIND_OF_CODE), None)
    if found is FailureKind.RATE_LIMITED and error.status == 413:
        found = FailureKind.TOO_LARGE  # Groq: one request larger than the tokens of a minute
    if found is not None:
        return found, None
    about_request = error.status in (0, 400, 413, 422, 500)  # older llama.cpp answers 500 to a prompt that is too long
    if about_request and _TOO_LONG.search(error.message):
        return FailureKind.CONTEXT_TOO_LONG, None
    if error.status in (0, 400, 422):
        parameter = _refused_parameter(error)
        if parameter is not None:
            return FailureKind.REFUSED_PARAMETER, parameter
    if error.status in (0, 400, 403, 429) and _NO_MONEY.search(error.message):
        return FailureKind.QUOTA, None
    if error.status in (0, 400) and re.search(r"(?:invalid|incorrect) api key|api key not valid", error.message, re.I):
        return FailureKind.AUTHENTICATION, None
    return _kind_without_words(error), None


def _kind_without_words(error: _Error) -> FailureKind:
    if error.status >= 400:
        return FailureKind.TIMEOUT if error.status == 524 else _kind_of_error_status(error.status)
    if error.status >= 300:
        return FailureKind.NOT_FOUND  # moved: the address in the configuration is wrong
    return next((_KIND_OF_TYPE[code] for code in error.codes if code in _KIND_OF_TYPE), FailureKind.SERVER)


def _kind_of_error_status(status: int) -> FailureKind:
    return FailureKind.SERVER if status in (409, 424, 425) else kind_of_status(status)  # these pass: worth another try


def _refused_parameter(error: _Error) -> str | None:
    """The refused parameter's name: from the error's own field where its code says so, else from the message."""
    named = error.parameter
    if not (named and (_REFUSAL_CODES.intersection(error.codes) or "extra inputs" in error.message.lower())):
        match = next((match for pattern in _REFUSALS if (match := pattern.search(error.message))), None)
        named = match["name"].rstrip(".") if match else None
    if not named or re.split(r"[.\[]", named, maxsplit=1)[0].lower() in _NEEDED:
        return None
    return named
