"""A compatible provider's error, by its status, its codes and, where they are too general, its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from router.dialects import conversation as c
from router.dialects.shared.failures import LONGEST_MESSAGE, ProviderError, failure_reader, kind_of_status
from router.dialects.shared.fields import object_at, objects_at, text_at
from router.types import JsonObject

_KIND_OF_CODE = {
    "insufficient_quota": c.FailureKind.QUOTA,
    "billing_hard_limit_reached": c.FailureKind.QUOTA,
    "billing_not_active": c.FailureKind.QUOTA,
    "account_deactivated": c.FailureKind.QUOTA,
    "insufficient_balance": c.FailureKind.QUOTA,
    "context_length_exceeded": c.FailureKind.CONTEXT_TOO_LONG,
    "exceed_context_size_error": c.FailureKind.CONTEXT_TOO_LONG,  # llama.cpp
    "string_above_max_length": c.FailureKind.CONTEXT_TOO_LONG,
    "model_not_found": c.FailureKind.NOT_FOUND,
    "model_not_available": c.FailureKind.NOT_FOUND,
    "model_decommissioned": c.FailureKind.NOT_FOUND,
    "deploymentnotfound": c.FailureKind.NOT_FOUND,  # Azure
    "invalid_api_key": c.FailureKind.AUTHENTICATION,
    "authentication_error": c.FailureKind.AUTHENTICATION,
    "permission_error": c.FailureKind.AUTHENTICATION,
    "rate_limit_exceeded": c.FailureKind.RATE_LIMITED,
    "rate_limit_error": c.FailureKind.RATE_LIMITED,
    "resource_exhausted": c.FailureKind.RATE_LIMITED,
    "overloaded": c.FailureKind.OVERLOADED,
    "overloaded_error": c.FailureKind.OVERLOADED,
    "engine_overloaded": c.FailureKind.OVERLOADED,
    "engine_overloaded_error": c.FailureKind.OVERLOADED,
    "slow_down": c.FailureKind.OVERLOADED,
    "server_is_overloaded": c.FailureKind.OVERLOADED,
    "unavailable": c.FailureKind.OVERLOADED,
    "timeout": c.FailureKind.TIMEOUT,
    "timeout_error": c.FailureKind.TIMEOUT,
    "deadline_exceeded": c.FailureKind.TIMEOUT,
    "request_too_large": c.FailureKind.TOO_LARGE,
}
# In a stream, where there is no status, the general words must be enough.
_KIND_OF_TYPE = {
    "invalid_request_error": c.FailureKind.BAD_REQUEST,
    "badrequesterror": c.FailureKind.BAD_REQUEST,  # vLLM
    "not_found_error": c.FailureKind.NOT_FOUND,
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
            r"input token count .{0,80}exceeds",  # Google
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
# Without these there is no request: leaving them out never helps.
_NEEDED = frozenset({"model", "messages", "stream", "parameter", "argument"})


@dataclass(frozen=True, slots=True)
class _Error:
    """The fields of an error body; codes are in lower case."""

    message: str
    codes: tuple[str, ...]
    status: int
    parameter: str | None


def read_error(document: JsonObject, status: int, headers: Mapping[str, str]) -> ProviderError:
    """The meaning of an error document. status: 0 inside a stream, where only the error itself holds one."""
    error = _read_error(document, status)
    kind, parameter = _kind(error)
    return ProviderError(kind, error.message, parameter)


read_failure = failure_reader(read_error)


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
        # OpenRouter and vLLM put the status in the body, also under an HTTP status of 200.
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


def _kind(error: _Error) -> tuple[c.FailureKind, str | None]:
    found = next((_KIND_OF_CODE[code] for code in error.codes if code in _KIND_OF_CODE), None)
    if found is c.FailureKind.RATE_LIMITED and error.status == 413:
        found = c.FailureKind.TOO_LARGE  # Groq: one request larger than the tokens of a minute
    if found is not None:
        return found, None
    about_request = error.status in (0, 400, 413, 422, 500)  # older llama.cpp answers 500 to a prompt that is too long
    if about_request and _TOO_LONG.search(error.message):
        return c.FailureKind.CONTEXT_TOO_LONG, None
    if error.status in (0, 400, 422):
        parameter = _refused_parameter(error)
        if parameter is not None:
            return c.FailureKind.REFUSED_PARAMETER, parameter
    if error.status in (0, 400, 403, 429) and _NO_MONEY.search(error.message):
        return c.FailureKind.QUOTA, None
    if error.status in (0, 400) and re.search(r"(?:invalid|incorrect) api key|api key not valid", error.message, re.I):
        return c.FailureKind.AUTHENTICATION, None
    return _kind_without_words(error), None


def _kind_without_words(error: _Error) -> c.FailureKind:
    if error.status >= 400:
        return c.FailureKind.TIMEOUT if error.status == 524 else kind_of_status(error.status)
    if error.status >= 300:
        return c.FailureKind.NOT_FOUND  # moved: the address in the configuration is wrong
    return next((_KIND_OF_TYPE[code] for code in error.codes if code in _KIND_OF_TYPE), c.FailureKind.SERVER)


def _refused_parameter(error: _Error) -> str | None:
    """The refused parameter's name: from the error's own field if its code is a refusal's, else from the message."""
    named = error.parameter
    if not (named and (_REFUSAL_CODES.intersection(error.codes) or "extra inputs" in error.message.lower())):
        match = next((match for pattern in _REFUSALS if (match := pattern.search(error.message))), None)
        named = match["name"].rstrip(".") if match else None
    if not named or re.split(r"[.\[]", named, maxsplit=1)[0].lower() in _NEEDED:
        return None
    return named
