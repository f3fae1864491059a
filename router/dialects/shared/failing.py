"""What the readers of providers' errors share: how long to wait, and what a 400's message means."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.jsontext import decode_json
from router.types import JsonObject

LONGEST_MESSAGE = 2_000
"""Characters of a provider's message that are kept."""

CLOSED_EARLY = "The provider closed the stream before the answer was complete."
"""The message of the failure that stands for a stream without an end."""

_CONTEXT = re.compile(
    r"prompt is too long|input is too long|too many (?:input )?tokens|exceed context limit|maximum context"
    r"|input token count|exceeds? the (?:model's )?maximum number of tokens|context[ _-](?:length|window|limit)s?",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"not (?:be )?(?:supported|permitted|allowed|available|enabled)|unsupported|does(?: not|n't) support|deprecated"
    r"|unknown (?:name|field|parameter)|unrecognized|extra (?:inputs|fields)|extraneous key|cannot both|no longer"
    r"|removed",
    re.IGNORECASE,
)
_KIND_OF_STATUS = {
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.QUOTA,
    403: FailureKind.AUTHENTICATION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    409: FailureKind.SERVER,  # this one, 424 and 425 pass: worth another try
    413: FailureKind.TOO_LARGE,
    424: FailureKind.SERVER,
    425: FailureKind.SERVER,
    429: FailureKind.RATE_LIMITED,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}


def kind_of_status(status: int) -> FailureKind:
    """What the HTTP status alone says; 0, where none came, says nothing against another try."""
    if status in _KIND_OF_STATUS:
        return _KIND_OF_STATUS[status]
    return FailureKind.BAD_REQUEST if 400 <= status < 500 else FailureKind.SERVER


def lower_keys(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds to wait by `retry-after-ms` or `retry-after` (seconds or an HTTP date); None where neither says.

    headers: names in lower case.  now_s: Unix time.
    """
    millis = seconds(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    value = headers.get("retry-after")
    if value is None or seconds(value) is not None:
        return seconds(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_s)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def seconds(value: str | None) -> float | None:
    """A text such as `31`, `0.5` or `31s` as a number of 0 or more; None if it is none."""
    try:
        number = float((value or "").strip().removesuffix("s"))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def error_document(body: bytes) -> JsonObject:
    """The error answer's JSON object, also where it came in an array of one; empty if it is none."""
    try:
        value = decode_json(body)
    except ValueError:
        return {}
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def shown(message: str, body: bytes) -> str:
    """The message, or where there is none the beginning of the body; at most LONGEST_MESSAGE characters."""
    return (message or body[: 4 * LONGEST_MESSAGE].decode("utf-8", "replace"))[:LONGEST_MESSAGE]


def kind_of_refusal(message: str, parameters: Mapping[str, str]) -> tuple[FailureKind, str | None]:
    """What the message of a 400 means, and the path of the refused parameter.

    parameters: the words for those that a request can do without, each with its path in the body.
    """
    if _CONTEXT.search(message):
        return FailureKind.CONTEXT_TOO_LONG, None
    parameter = refused_parameter(message, parameters)
    if parameter is not None:
        return FailureKind.REFUSED_PARAMETER, parameter
    return FailureKind.BAD_REQUEST, None


def refused_parameter(message: str, parameters: Mapping[str, str]) -> str | None:
    """The path of the parameter that is refused: the one named first, by the longest word of those that begin there."""
    if not _REFUSAL.search(message):
        return None
    found = []
    for word, path in parameters.items():
        match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message, re.IGNORECASE)
        if match:
            found.append((match.start(), -len(word), path))
    return min(found)[2] if found else None


def client_message(failure: UpstreamFailure) -> str:
    """What a client is told. Providers repeat parts of a refused key, which is ours: those words stay here."""
    if failure.kind is FailureKind.AUTHENTICATION:
        return "the provider refused the router's credentials"
    return failure.message or failure.kind.value.replace("_", " ")
