"""Shared by the readers of providers' errors: how long to wait, and what a 400's message means."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from router.dialects import conversation as c
from router.jsontext import decode_json
from router.types import JsonObject

LONGEST_MESSAGE = 2_000
"""Characters of a provider's message that are kept."""

CLOSED_EARLY = "The provider closed the stream before the answer was complete."
"""The message of the failure for a stream without an end."""

PASSING_STATUSES = frozenset((408, 409, 424, 425, 429))
"""Client-error statuses that the same request may not get a second time: it is worth another attempt."""

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
    401: c.FailureKind.AUTHENTICATION,
    402: c.FailureKind.QUOTA,
    403: c.FailureKind.AUTHENTICATION,
    404: c.FailureKind.NOT_FOUND,
    408: c.FailureKind.TIMEOUT,
    413: c.FailureKind.TOO_LARGE,
    429: c.FailureKind.RATE_LIMITED,
    503: c.FailureKind.OVERLOADED,
    504: c.FailureKind.TIMEOUT,
    529: c.FailureKind.OVERLOADED,
}


def kind_of_status(status: int) -> c.FailureKind:
    """The kind by the HTTP status alone; a status of 0, where none came, allows another attempt."""
    if status in _KIND_OF_STATUS:
        return _KIND_OF_STATUS[status]
    is_final = 400 <= status < 500 and status not in PASSING_STATUSES
    return c.FailureKind.BAD_REQUEST if is_final else c.FailureKind.SERVER


@dataclass(frozen=True, slots=True)
class ProviderError:
    """What an error document means.

    parameter: the refused one, by its path in the provider's dialect.  wait_s: how long the document asks to wait.
    """

    kind: c.FailureKind
    message: str
    parameter: str | None = None
    wait_s: float | None = None

    def in_stream(self) -> c.Failed:
        """The event for an error inside a stream."""
        return c.Failed(self.kind, self.message[:LONGEST_MESSAGE])


class ReadFailure(Protocol):
    """Reads an error answer; never raises."""

    def __call__(self, status: int, headers: Mapping[str, str], body: bytes, *, now_s: float) -> c.UpstreamFailure:
        """status: of the HTTP answer; 0 where none came.  headers: names in any case.

        now_s: Unix time, for a `retry-after` that is a date.
        """


def failure_reader(read_error: Callable[[JsonObject, int, Mapping[str, str]], ProviderError]) -> ReadFailure:
    """A reader of error answers.

    read_error: (document, HTTP status, headers by names in lower case) -> its meaning in one dialect.
    """

    def read_failure(status: int, headers: Mapping[str, str], body: bytes, *, now_s: float) -> c.UpstreamFailure:
        lower = {name.lower(): value for name, value in headers.items()}
        error = read_error(_error_document(body), status, lower)
        return c.UpstreamFailure(
            kind=error.kind,
            status=status,
            message=(error.message or body[: 4 * LONGEST_MESSAGE].decode("utf-8", "replace"))[:LONGEST_MESSAGE],
            parameter=error.parameter,
            retry_after_s=_retry_after_s(lower, now_s=now_s) if error.wait_s is None else error.wait_s,
        )

    return read_failure


def _retry_after_s(headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds to wait by `retry-after-ms` or `retry-after` (seconds or an HTTP date); None where neither is given.

    headers: names in lower case.  now_s: Unix time.
    """
    millis = seconds(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    value = headers.get("retry-after")
    if value is None or seconds(value) is not None:
        return seconds(value)
    from email.utils import parsedate_to_datetime  # it loads much, and few providers send a date

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now_s)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def seconds(value: str | None) -> float | None:
    """A text such as `31`, `0.5` or `31s` as a number of 0 or more; None for any other text."""
    try:
        number = float((value or "").strip().removesuffix("s"))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _error_document(body: bytes) -> JsonObject:
    """The error answer's JSON object, also where it came in an array of one; empty for anything else."""
    try:
        value = decode_json(body)
    except ValueError:
        return {}
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def error_of(kind: c.FailureKind, message: str, parameters: Mapping[str, str]) -> ProviderError:
    """The error of this kind; what a BAD_REQUEST means is in its message.

    parameters: the words for those that a request can do without, each with its path in the body.
    """
    if kind is not c.FailureKind.BAD_REQUEST:
        return ProviderError(kind, message)
    if _CONTEXT.search(message):
        return ProviderError(c.FailureKind.CONTEXT_TOO_LONG, message)
    parameter = _refused_parameter(message, parameters)
    if parameter is not None:
        return ProviderError(c.FailureKind.REFUSED_PARAMETER, message, parameter)
    return ProviderError(kind, message)


def _refused_parameter(message: str, parameters: Mapping[str, str]) -> str | None:
    """The path of the parameter that is refused: the one named first, by the longest word of those that begin there."""
    if not _REFUSAL.search(message):
        return None
    found = []
    for word, path in parameters.items():
        match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message, re.IGNORECASE)
        if match:
            found.append((match.start(), -len(word), path))
    return min(found)[2] if found else None


CLIENT_STATUS: Mapping[c.FailureKind, int] = {
    c.FailureKind.RATE_LIMITED: 429,
    c.FailureKind.QUOTA: 429,
    c.FailureKind.OVERLOADED: 503,
    c.FailureKind.SERVER: 500,
    c.FailureKind.TIMEOUT: 504,
    c.FailureKind.CONNECTION: 502,
    c.FailureKind.AUTHENTICATION: 502,  # our key at the provider, not the client's with us
    c.FailureKind.NOT_FOUND: 404,
    c.FailureKind.CONTEXT_TOO_LONG: 400,
    c.FailureKind.REFUSED_PARAMETER: 400,
    c.FailureKind.BAD_REQUEST: 400,
    c.FailureKind.TOO_LARGE: 413,
    c.FailureKind.BROKEN_ANSWER: 502,
}
"""The HTTP status of a failure for a client; some dialects differ in a few."""


def client_message(failure: c.UpstreamFailure) -> str:
    """The message for a client. Providers repeat parts of a refused key, which is ours: those words are left out."""
    if failure.kind is c.FailureKind.AUTHENTICATION:
        return "the provider refused the router's credentials"
    return failure.message or failure.kind.value.replace("_", " ")
