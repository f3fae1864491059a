"""An error of OpenAI, or of a compatible provider, by its status, its codes and, where they are too general, its words.

Both of OpenAI's dialects report errors alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from router.dialects import conversation as c
from router.dialects.shared.failures import (
    LONGEST_MESSAGE,
    ProviderError,
    error_document,
    failure_reader,
    kind_of_status,
    own_words,
    said,
)
from router.dialects.shared.fields import object_at, objects_at, text_at
from router.dialects.shared.refused import extra_at, extra_in_words, refused_by_words
from router.dialects.shared.vendor_words import FIRM, kind_of_codes, kind_of_words
from router.types import Dialect, JsonObject

_KIND_OF_CODE = {
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
}
"""Codes that say by themselves what a status would; what vendors say in their own ways is in `vendor_words`."""

# In a stream, where there is no status, the general words must be enough.
_KIND_OF_TYPE = {
    "invalid_request_error": c.FailureKind.BAD_REQUEST,
    "badrequesterror": c.FailureKind.BAD_REQUEST,  # vLLM
    "not_found_error": c.FailureKind.NOT_FOUND,
}
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
        rf"target type: {_NAME}: unknown variant",  # serde: DeepSeek, SGLang's router
        rf"invalid {_NAME}: only .{{1,20}} (?:is|are) allowed",  # Moonshot
        rf"argument not supported on this model: {_NAME}",  # xAI
        rf"does ?n[o']t support (?:the )?parameters?:? \[?{_NAME}",
        r"^['\"`](?P<name>[A-Za-z_][\w.]*)['\"`] (?:is|are) (?:not supported|unsupported|deprecated)",
        r"unexpected keyword argument '(?P<name>\w+)'",
        r"['\"`](?P<name>[A-Za-z_]\w*)['\"`] does not support .{0,60} with this model",
        r"function tools with (?P<name>reasoning_effort) are not supported",  # OpenAI, for models that think by default
    )
]
# Without these there is no request, or another one: leaving them out never helps.
_NEEDED = frozenset(
    {"model", "messages", "stream", "parameter", "argument", "input", "tools", "functions", "response_format"}
)
_THINKING = ("reasoning_effort", "reasoning effort", "effort level", "think value", "thinking", "reasoning")
_OPTIONS = (
    *("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed", "stop", "logprobs"),
    *("top_logprobs", "logit_bias", "parallel_tool_calls", "stream_options", "store", "metadata", "user"),
    *("service_tier", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "verbosity", "prediction"),
)
_INSIDE = {"reasoning_content": "messages.reasoning_content", "cache_control": "messages.content.cache_control"}
PARAMETERS = {
    **{word: "reasoning_effort" for word in _THINKING},
    **{name: name for name in _OPTIONS},
    **_INSIDE,
    "encrypted content": "include",  # OpenAI, of models that do not think; Codex asks for it
}
"""The words for parameters that a request can do without, each with its path."""

_PROMPT = ("messages", "input", "prompt", "instructions")
_TEXTS = ("content", "text", "output", "arguments")
_TOO_LONG_CODE = "string_above_max_length"
_MAY_BE_TOO_LONG = frozenset(
    {"user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier", "session_id", "store"}
)
"""Parameters that only name or label a request: where a value is too long for the vendor, the request does without."""


@dataclass(frozen=True, slots=True)
class _Error:
    """The fields of an error body; codes are in lower case. extra: the path of a field that was not expected."""

    message: str
    codes: tuple[str, ...]
    status: int
    parameter: str | None
    extra: str | None
    own: c.OwnWords | None


def read_error(document: JsonObject, status: int, headers: Mapping[str, str]) -> ProviderError:
    """The meaning of an error document. status: 0 inside a stream, where only the error itself holds one."""
    error = _read_error(document, status)
    return replace(_said(error), own=error.own)


read_failure = failure_reader(read_error)


def _read_error(document: JsonObject, status: int) -> _Error:
    inner = document.get("error")
    error = inner if isinstance(inner, dict) else next(iter(objects_at(document, "errors")), document)  # Cloudflare
    message = text_at(error, "message") or text_at(error, "detail") or (inner if isinstance(inner, str) else "")
    message = message or text_at(object_at(document, "base_resp"), "status_msg")
    resold = _resold(error)
    message = ": ".join([words for words in (message, resold and resold.message) if words])
    details = [
        entry for entry in objects_at(document, "detail") or objects_at(object_at(document, "message"), "detail")
    ]
    if details and not message:
        message = "; ".join([text_at(entry, "msg") for entry in details])
    words = [error.get("code"), error.get("type"), error.get("status"), error.get("reason")]
    numbers = [word for word in words if isinstance(word, int) and not isinstance(word, bool)]
    numbers += [
        int(word) for word in words if isinstance(word, str) and len(word) == 3 and word.isascii() and word.isdigit()
    ]
    return _Error(
        message=message[:LONGEST_MESSAGE],
        codes=(*_codes(document, error, words), *(resold.codes if resold else ())),
        # OpenRouter and vLLM put the status in the body, also under an HTTP status of 200.
        status=status if status >= 400 else next((number for number in numbers if 400 <= number < 600), status),
        parameter=text_at(error, "param"),
        extra=_extra_field(details) or extra_in_words(message),
        own=own_words(Dialect.OPENAI_CHAT, error),
    )


def _resold(error: JsonObject) -> _Error | None:
    """The error of the vendor behind a reseller: OpenRouter quotes it as text in `metadata.raw`."""
    raw = text_at(object_at(error, "metadata"), "raw")
    if not raw:
        return None
    inner = error_document(raw.encode("utf-8", "replace"))
    return _read_error({"error": inner.get("error") or inner} if inner else {"message": raw}, 0)


def _codes(document: JsonObject, error: JsonObject, words: list[object]) -> tuple[str, ...]:
    """The error's codes in lower case: its own, a number among them, that of an inner error, MiniMax's status code."""
    inner = text_at(object_at(error, "innererror"), "code") or text_at(object_at(error, "inner_error"), "code")
    minimax = object_at(document, "base_resp").get("status_code") or _last_number(text_at(error, "message"))
    codes = [str(word).lower() for word in (*words, inner) if isinstance(word, str | int) and word]
    return (*codes, f"minimax:{minimax}") if minimax else tuple(codes)


def _last_number(message: str) -> str:
    """The number in brackets at a message's end, as MiniMax writes its codes: `insufficient balance (1008)`."""
    match = re.search(r"\((\d{4})\)\s*$", message)
    return match[1] if match else ""


def _extra_field(details: list[JsonObject]) -> str | None:
    """The field that a server built on pydantic did not expect (vLLM, Mistral)."""
    for entry in details:
        place = entry.get("loc")
        if entry.get("type") == "extra_forbidden" and isinstance(place, list):
            return extra_at([step for step in place if step != "body"])
    return None


def _said(error: _Error) -> ProviderError:
    if _TOO_LONG_CODE in error.codes and error.status in (0, 400, 422):
        return _too_long_value(error)
    found = next((_KIND_OF_CODE[code] for code in error.codes if code in _KIND_OF_CODE), None)
    if found is c.FailureKind.RATE_LIMITED and error.status == 413:
        found = c.FailureKind.TOO_LARGE  # Groq: one request larger than the tokens of a minute
    if found is None:
        default = _kind_without_words(error)
        found_by_words = said(
            error.message, error.codes, error.status, lambda: _refused_parameter(error), default=default
        )
        return _by_name(error, found_by_words)
    # A vendor's own word may say more than these: a quota that is gone, a request above the limit of a minute.
    kind = kind_of_codes(error.codes, error.status) or kind_of_words(error.message, error.status, FIRM)
    return ProviderError(kind if kind in (c.FailureKind.TOO_LARGE, c.FailureKind.QUOTA) else found, error.message)


def _by_name(error: _Error, found: ProviderError) -> ProviderError:
    """What was found; the refusal of a parameter where nothing else was and the words name one."""
    if found.kind is not c.FailureKind.BAD_REQUEST or error.status not in (0, 400, 422):
        return found
    name = refused_by_words(error.message, PARAMETERS)
    return found if name is None else ProviderError(c.FailureKind.REFUSED_PARAMETER, error.message, name)


def _too_long_value(error: _Error) -> ProviderError:
    """OpenAI's limits of single strings. Only that of a message's text is one of the prompt."""
    match = re.search(r"Invalid '([^']+)'", error.message)
    path = error.parameter or (match[1] if match else "")
    top, last = re.split(r"[.\[]", path, maxsplit=1)[0], path.rpartition(".")[2]
    if top in _PROMPT and (path == top or last.startswith(_TEXTS)):
        return ProviderError(c.FailureKind.CONTEXT_TOO_LONG, error.message)
    if top in _MAY_BE_TOO_LONG:
        return ProviderError(c.FailureKind.REFUSED_PARAMETER, error.message, top)
    return ProviderError(c.FailureKind.UNSUPPORTED, error.message)


def _kind_without_words(error: _Error) -> c.FailureKind:
    if error.status in (0, 400) and re.search(r"(?:invalid|incorrect) api key|api key not valid", error.message, re.I):
        return c.FailureKind.AUTHENTICATION
    if error.status >= 400:
        return c.FailureKind.TIMEOUT if error.status == 524 else kind_of_status(error.status)
    if error.status >= 300:
        return c.FailureKind.NOT_FOUND  # moved: the address in the configuration is wrong
    return next((_KIND_OF_TYPE[code] for code in error.codes if code in _KIND_OF_TYPE), c.FailureKind.SERVER)


def _refused_parameter(error: _Error) -> str | None:
    """The refused parameter's path: of an unexpected field, else of the error's own field or of one in its message."""
    if error.status not in (0, 400, 422):
        return None
    if error.extra is not None:
        return error.extra
    named = error.parameter
    if not (named and (_REFUSAL_CODES.intersection(error.codes) or "extra inputs" in error.message.lower())):
        match = next((match for pattern in _REFUSALS if (match := pattern.search(error.message))), None)
        named = match["name"].rstrip(".") if match else None
    if not named or re.split(r"[.\[]", named, maxsplit=1)[0].lower() in _NEEDED:
        return None
    return _INSIDE.get(name := _snake(named), name)


def _snake(name: str) -> str:
    """The name as the chat dialect spells it: xAI names its own API's `reasoningEffort`."""
    if "_" in name or name.islower() or name.isupper():
        return name
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
