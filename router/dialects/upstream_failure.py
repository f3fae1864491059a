"""A provider's error answer, read. Others take these names from `conversation`, with all that a provider may say."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from router.types import Dialect


class FailureKind(StrEnum):
    """What a provider's error means for what to do next."""

    RATE_LIMITED = "rate_limited"  # wait, or go elsewhere
    QUOTA = "quota"  # no waiting helps: go elsewhere
    OVERLOADED = "overloaded"
    SERVER = "server"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    AUTHENTICATION = "authentication"  # our key: go elsewhere, and tell the operator
    NOT_FOUND = "not_found"  # the model is not there: go elsewhere, and tell the operator
    CONTEXT_TOO_LONG = "context_too_long"  # a larger window may do
    TOO_LARGE = "too_large"  # larger than this vendor takes at once; another may take it
    REFUSED_PARAMETER = "refused_parameter"  # without it, it may do
    UNSUPPORTED = "unsupported"  # this model cannot do what is asked, or not all of it together; another may
    FLAGGED = "flagged"  # this vendor's filter refuses the prompt; another's may not
    BAD_REQUEST = "bad_request"  # unexplained: the client's fault where a second vendor says so too
    BROKEN_ANSWER = "broken_answer"  # the bytes make no sense
    ROUTER_BUSY = "router_busy"  # our own trouble, no provider's: no connection is left, or the service stops
    NO_KEY = "no_key"  # nothing was sent: what the provider needs is not set here


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The words of an error in its provider's own dialect, for a client of the same; None where it had none.

    type, code, param: members of the error object.
    """

    dialect: Dialect
    type: str | None = None
    code: str | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class UpstreamFailure:
    """A provider's error answer, read.

    status: the HTTP status; 0 where none came.  message: the provider's own words, at most 2,000 characters.
    parameter: the refused one, by its path in the provider's dialect.  retry_after_s: as the provider asks, 0 or more.
    output_limit: tokens of answer that the provider would allow, where its words say so and the request asked for more.
    own: its type, code and param as they came.
    """

    kind: FailureKind
    status: int
    message: str
    parameter: str | None = None
    retry_after_s: float | None = None
    output_limit: int | None = None
    own: OwnWords | None = field(default=None, compare=False)
