"""The values that dispatch, adapters, transport and accounts exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from router.dialects.conversation import Answer, Event, FailureKind, Finish, UpstreamFailure, Usage
from router.types import Target

BreakerSaid: TypeAlias = Literal["open", "trial", "opened"]
"""It was open, and nothing was sent; it was open, and this was a trial; this failure opened it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one target, from when it began to its end.

    status: the HTTP status; 0 where none came.  kind: of its failure; None where it did not fail.
    started_s: Unix time.  first_event_ms: from then until the answer, or a stream's content, began; None if it never
    did.  duration_ms: until its end; of an attempt in an outcome, until a stream began.
    skipped: nothing was sent, for example as the breaker was open.  cancelled: it was ended from our side, by a client
    that disconnected or by a deadline, before the answer was complete.
    usage: the last that the provider reported; None if it never did.  finish: None where the answer is incomplete.
    has_begun: whether anything of an answer came.  output_bytes: UTF-8 bytes of a stream's content so far.
    answers: of an answer that is not streamed.  events: of a stream, where the account keeps answers.
    breaker: what the target's breaker had to do with it; None for nothing.
    """

    target: Target
    status: int
    kind: FailureKind | None
    started_s: float
    duration_ms: float
    skipped: bool = False
    cancelled: bool = False
    first_event_ms: float | None = None
    usage: Usage | None = None
    finish: Finish | None = None
    has_begun: bool = False
    output_bytes: int = 0
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    events: tuple[Event, ...] = field(default=(), repr=False)
    breaker: BreakerSaid | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of a dispatch.

    target: the one that answered; None where none did.  usage, finish: as of its attempt.  failure: what ended it; its
    message may quote the request.  cancelled: as of an attempt.
    first_event_ms, duration_ms: since the dispatch began.
    """

    target: Target | None
    attempts: tuple[Attempt, ...]
    usage: Usage | None
    finish: Finish | None
    failure: UpstreamFailure | None = field(repr=False)
    cancelled: bool
    first_event_ms: float | None
    duration_ms: float


class Account(Protocol):
    """Receives what happens in one dispatch. No method may raise, or take long."""

    keeps_answers: bool
    """Whether the events of streams are kept for it."""

    def begins(self, target: Target, /) -> UpstreamFailure | None:
        """Called before an attempt is sent; a failure forbids it, and the target is skipped with that failure."""

    def ended(self, attempt: Attempt, /) -> None:
        """Called exactly once per attempt, skipped ones included; for a stream, at its end."""

    def settled(self, settlement: Settlement, /) -> None:
        """Called exactly once per dispatch, after its attempts have ended."""


RATE_LIMIT_HEADERS = ("x-ratelimit-", "ratelimit", "anthropic-ratelimit-")
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid")
UPSTREAM_ID = "x-router-upstream-request-id"


def client_headers(headers: Mapping[str, str], *, same_dialect: bool) -> dict[str, str]:
    """The provider's headers for the client: the request's id; in the same dialect, the rate limits too.

    headers: names in lower case.  Values that are not printable ASCII are left out.
    """
    kept = {}
    for name, value in headers.items():
        if name in REQUEST_ID_HEADERS:
            name = UPSTREAM_ID
        elif not (same_dialect and name.startswith(RATE_LIMIT_HEADERS)):
            continue
        if value.isascii() and value.isprintable():
            kept[name] = value
    return kept


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer.

    answers: one, or as many as the client asked for; the usage of all is at the first.
    raw: the provider's own bytes where client and provider speak the same dialect; send these. None: write `answers`.
    dropped: parameters of the client that this provider does not support.
    headers: the provider's headers for the client, as `client_headers` picks them.
    """

    target: Target
    attempts: tuple[Attempt, ...]
    answers: tuple[Answer, ...]
    raw: bytes | None
    dropped: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        """The first answer, usually the only one."""
        return self.answers[0]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """No target answered. failure: the one for the client; its retry-after is until the first target may answer."""

    failure: UpstreamFailure
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a stream.

    raw: bytes to send as they are, whole events only; None: write the events in the client's dialect. Both are empty
    where the provider has been silent for `heartbeat_s`: then a comment or a ping is sent.
    """

    events: tuple[Event, ...] = ()
    raw: bytes | None = None

    @property
    def is_silence(self) -> bool:
        """Whether nothing came."""
        return not self.events and not self.raw
