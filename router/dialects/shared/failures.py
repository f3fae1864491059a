"""Shared by the readers of providers' errors: what a document and its status mean, and the words for clients."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from router.dialects import conversation as c
from router.dialects.shared.fields import text_at
from router.dialects.shared.refused import extra_in_words, refused_by_words, unknown_name
from router.dialects.shared.token_limits import affordable, answer_limit, overflow, room
from router.dialects.shared.vendor_words import EMPTY_BODIES, FIRM, LOOSE, kind_of_codes, kind_of_words
from router.dialects.shared.waits import wait_of_headers, wait_of_resets, wait_of_text
from router.jsontext import decode_json
from router.types import Dialect, JsonObject

LONGEST_MESSAGE = 2_000
"""Characters of a provider's message that are kept."""

CLOSED_EARLY = "The provider closed the stream before the answer was complete."
"""The message of the failure for a stream without an end."""

PASSING_STATUSES = frozenset((408, 409, 424, 425, 429))
"""Client-error statuses that the same request may not get a second time: it is worth another attempt."""

_KIND_OF_STATUS = {
    401: c.FailureKind.AUTHENTICATION,
    402: c.FailureKind.QUOTA,
    403: c.FailureKind.AUTHENTICATION,
    404: c.FailureKind.NOT_FOUND,
    406: c.FailureKind.NOT_FOUND,
    410: c.FailureKind.NOT_FOUND,
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
    output_limit, own: as of UpstreamFailure.
    """

    kind: c.FailureKind
    message: str
    parameter: str | None = None
    wait_s: float | None = None
    output_limit: int | None = None
    own: c.OwnWords | None = None

    def in_stream(self) -> c.Failed:
        """The event for an error inside a stream."""
        return c.Failed(self.kind, self.message[:LONGEST_MESSAGE])


class ReadFailure(Protocol):
    """Reads an error answer; never raises."""

    def __call__(
        self, status: int, headers: Mapping[str, str], body: bytes, *, now_s: float, vendor: str = ""
    ) -> c.UpstreamFailure:
        """status: of the HTTP answer; 0 where none came.  headers: names in any case.

        now_s: Unix time, for points in time.  vendor: the provider's name, for what only one of them says.
        """


def failure_reader(read_error: Callable[[JsonObject, int, Mapping[str, str]], ProviderError]) -> ReadFailure:
    """A reader of error answers.

    read_error: (document, HTTP status, headers by names in lower case) -> its meaning in one dialect.
    """

    def read_failure(
        status: int, headers: Mapping[str, str], body: bytes, *, now_s: float, vendor: str = ""
    ) -> c.UpstreamFailure:
        lower = {name.lower(): value for name, value in headers.items()}
        if status in EMPTY_BODIES.get(vendor, ()) and not body.strip():
            return c.UpstreamFailure(c.FailureKind.CONTEXT_TOO_LONG, status, "")
        document = error_document(body) or _spoken(body)
        error = read_error(document, status, lower)
        message = (error.message or body[: 4 * LONGEST_MESSAGE].decode("utf-8", "replace"))[:LONGEST_MESSAGE]
        return c.UpstreamFailure(
            kind=error.kind,
            status=status,
            message=message,
            parameter=error.parameter,
            retry_after_s=_wait_s(error, message, {**_quoted_headers(document), **lower}, now_s=now_s),
            output_limit=error.output_limit,
            own=error.own,
        )

    return read_failure


_WAITED_FOR = (c.FailureKind.RATE_LIMITED, c.FailureKind.OVERLOADED, c.FailureKind.QUOTA)


def _wait_s(error: ProviderError, message: str, headers: Mapping[str, str], *, now_s: float) -> float | None:
    """Seconds to wait: by the document, `retry-after`, the text, or a limit's reset, in this order."""
    if error.wait_s is not None:
        return error.wait_s
    wait_s = wait_of_headers(headers, now_s=now_s)
    if wait_s is None and error.kind in _WAITED_FOR:
        wait_s = wait_of_text(message)
    if wait_s is None and error.kind is c.FailureKind.RATE_LIMITED:
        wait_s = wait_of_resets(headers, now_s=now_s)
    return wait_s


def _quoted_headers(document: JsonObject) -> dict[str, str]:
    """The headers that OpenRouter puts into `error.metadata.headers`, by names in lower case."""
    found: object = document
    for name in ("error", "metadata", "headers"):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return {}
    return {name.lower(): str(value) for name, value in found.items() if isinstance(value, str | int | float)}


def _spoken(body: bytes) -> JsonObject:
    """A body that is plain text as the document that says the same; empty for HTML, and for nothing."""
    text = body[: 4 * LONGEST_MESSAGE].decode("utf-8", "replace").strip()
    return {} if not text or text.startswith(("<", "{", "[", '"')) else {"message": text, "error": {"message": text}}


def error_document(body: bytes) -> JsonObject:
    """The error answer's JSON object, also where it came in an array of one; empty for anything else."""
    try:
        value = decode_json(body)
    except ValueError:
        return {}
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def agreed(kind: c.FailureKind | None, status: int) -> c.FailureKind:
    """The kind that an error's own word says; what its status says where that word is only "the client's error".

    Gateways put `invalid_request_error` into a 401, a 429 and a 529 alike. status: 0 inside a stream.
    """
    if kind is None:
        return kind_of_status(status)
    if kind is c.FailureKind.BAD_REQUEST and status >= 300:
        return kind_of_status(status)
    return kind


def error_of(
    kind: c.FailureKind, message: str, parameters: Mapping[str, str], *, status: int, codes: Collection[str] = ()
) -> ProviderError:
    """The error of this kind, or of the one that the vendor's codes and words say.

    parameters: the words for those that a request can do without, each with its path in the body.
    """
    is_general = kind in (c.FailureKind.BAD_REQUEST, c.FailureKind.SERVER, c.FailureKind.TOO_LARGE) or status in _VAGUE
    refused = (lambda: _refused(message, parameters)) if kind is c.FailureKind.BAD_REQUEST else _nothing
    return said(message, codes, status, refused, default=kind) if is_general else ProviderError(kind, message)


def _refused(message: str, parameters: Mapping[str, str]) -> str | None:
    return extra_in_words(message) or unknown_name(message) or refused_by_words(message, parameters)


_VAGUE = (400, 402, 403, 404, 429)
"""Statuses that vendors use for several troubles."""


def _nothing() -> None:
    return None


def own_words(dialect: Dialect, error: JsonObject) -> c.OwnWords | None:
    """The type, code and param of an error object; None where it has none of them as a text."""
    kind, code, param = (text_at(error, name) or None for name in ("type", "code", "param"))
    return c.OwnWords(dialect, kind, code, param) if kind or code or param else None


def said(
    message: str, codes: Collection[str], status: int, refused: Callable[[], str | None], *, default: c.FailureKind
) -> ProviderError:
    """What codes, words and a refused parameter say, in this order of trust: firm words, a parameter, loose words.

    codes: in lower case.  status: 0 inside a stream.  refused: finds the parameter.  default: where nothing is said.
    """
    kind = kind_of_codes(codes, status) or kind_of_words(message, status, FIRM)
    if kind is c.FailureKind.CONTEXT_TOO_LONG:
        return ProviderError(kind, message, output_limit=room(message))
    if kind is not None:
        return ProviderError(kind, message, output_limit=affordable(message) if kind is c.FailureKind.QUOTA else None)
    limit = answer_limit(message) if default is c.FailureKind.BAD_REQUEST else None
    if limit is not None:
        return ProviderError(c.FailureKind.REFUSED_PARAMETER, message, "max_tokens", output_limit=limit)
    parameter = refused()
    if parameter is not None:
        return ProviderError(c.FailureKind.REFUSED_PARAMETER, message, parameter)
    return ProviderError(kind_of_words(message, status, LOOSE) or default, message)


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
    c.FailureKind.TOO_LARGE: 400,  # never 413, which ends a turn of Claude Code: in these words a 400 makes it compact
    c.FailureKind.REFUSED_PARAMETER: 400,
    c.FailureKind.UNSUPPORTED: 400,
    c.FailureKind.FLAGGED: 400,
    c.FailureKind.BAD_REQUEST: 400,
    c.FailureKind.BROKEN_ANSWER: 502,
    c.FailureKind.ROUTER_BUSY: 503,
    c.FailureKind.NO_KEY: 503,
}
"""The HTTP status of a failure for a client; some dialects differ in a few."""

TOO_LONG = (c.FailureKind.CONTEXT_TOO_LONG, c.FailureKind.TOO_LARGE)
"""What an agent cures by compacting its history."""


def client_message(failure: c.UpstreamFailure) -> str:
    """The message for a client. Providers repeat parts of a refused key, which is ours: those words are left out."""
    if failure.kind is c.FailureKind.AUTHENTICATION:
        return "the provider refused the router's credentials"
    return failure.message or failure.kind.value.replace("_", " ")


def too_long_message(failure: c.UpstreamFailure, *, numbers: str, plain: str, known: str) -> str:
    """The message of a prompt that is too long, in the words on which the clients of a dialect compact.

    numbers: with `{asked}` and `{most}` in it, where both are known.  plain: where they are not; the provider's own
    words follow.  known: the part by which clients know it; a message that has it already stays as it is.
    """
    if re.search(known, failure.message, re.IGNORECASE):
        return failure.message
    found = overflow(failure.message)
    words = plain if found is None else numbers.format(asked=found.asked, most=found.most)
    return f"{words} ({failure.message})" if failure.message else words


def kept(failure: c.UpstreamFailure, dialect: Dialect) -> c.OwnWords | None:
    """The provider's own type, code and param, where it speaks the client's dialect and they are about the request."""
    own = failure.own
    return own if own is not None and own.dialect is dialect and failure.kind in _TOLD_AS_IT_CAME else None


_TOLD_AS_IT_CAME = (
    *(c.FailureKind.REFUSED_PARAMETER, c.FailureKind.UNSUPPORTED, c.FailureKind.FLAGGED, c.FailureKind.BAD_REQUEST),
    *(c.FailureKind.RATE_LIMITED, c.FailureKind.QUOTA),
)
