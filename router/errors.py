"""All errors that tierwise raises on purpose, in one tree.

TierwiseError
├─ RequestError (400)        the request cannot be used; `field` names the place
│  ├─ BodyTooLarge (413)     the body has more bytes than allowed
│  └─ ContextTooLong         no model's window is large enough; each dialect has its own words for it
├─ ConfigError               the configuration cannot be used; raised at start, names key and source
├─ BundleError               the bundle cannot be used; raised at load
│  ├─ BundleMissing          the bundle or one of its files does not exist
│  ├─ BundleCorrupt          a file does not match the manifest
│  └─ BundleSchema           written for another schema version
├─ DataError                 a training row or file cannot be used; names file, line, field
├─ GateFailed                a bundle does not beat its baselines; names those, and the alternative
└─ MissingExtra              an optional package is not installed; names the extra that brings it

Each message names the place, what was expected, what was found, and how to correct it. Errors of other
libraries are translated where they arise, with the cause kept (`raise ... from exc`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class TierwiseError(Exception):
    """Base of all errors raised on purpose. `status` is the HTTP status, `type` the error type in the answer."""

    status: int = 500
    type: str = "api_error"


class RequestError(TierwiseError):
    """The request cannot be used.

    field: path of the offending value in the body, such as `messages[2].content`; None for the whole body.
    code: short machine-readable reason, such as `missing_field`.
    headers: additional headers of the HTTP answer.
    """

    status = 400
    type = "invalid_request_error"
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, message: str, *, field: str | None = None, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code


class BodyTooLarge(RequestError):
    """The body has more bytes than `max_body_bytes`."""

    status = 413
    type = "request_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The body is larger than {limit_bytes:,} bytes. Send less, or raise [server] max_body_bytes.",
            code="body_too_large",
        )


class ContextTooLong(RequestError):
    """No model that may serve the request has a window large enough.

    needed_tokens: of the request and the answer that it asks for.  window_tokens: the largest window.
    """

    def __init__(self, detail: str, *, needed_tokens: int, window_tokens: int) -> None:
        super().__init__(
            f"prompt is too long: {needed_tokens} tokens > {window_tokens} maximum. {detail}",
            code="context_length_exceeded",
        )


class ConfigError(TierwiseError):
    """The configuration cannot be used; the message names the key, the source of its value, and how to correct it."""


class BundleError(TierwiseError):
    """The bundle cannot be used; raised while loading, never while serving."""


class BundleMissing(BundleError):
    """The bundle or one of its files does not exist."""


class BundleCorrupt(BundleError):
    """A file of the bundle does not match the manifest."""


class BundleSchema(BundleError):
    """The bundle has another schema version than this program reads."""


class DataError(TierwiseError):
    """A training file, row or tier map cannot be used.

    where: the file, with the line if known, such as `rows.jsonl:12`.
    field: the row's field, such as `outcomes.gpt-4`; None for the whole row.
    """

    def __init__(self, message: str, *, where: str, field: str | None = None) -> None:
        place = where if field is None else f"{where}: {field}"
        super().__init__(f"{place}: {message}")
        self.where = where
        self.field = field


class GateFailed(TierwiseError):
    """A bundle does not beat its baselines; the message says which, and what to do instead."""


class MissingExtra(TierwiseError):
    """An optional package is needed and not installed."""

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} needs the extra `{extra}`. Install it: pip install 'tierwise[{extra}]'")
        self.extra = extra
