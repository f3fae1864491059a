"""The values that dispatch, adapters and transport hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.dialects.conversation import Answer, Event, FailureKind, Finish, UpstreamFailure, Usage


@dataclass(frozen=True, slots=True)
class Target:
    """A model at a provider, as one candidate of a plan.

    provider: a name of the registry.  model: the provider's own name for it, as it is sent.
    context_window_tokens: None where it is not known.
    """

    tier: str
    provider: str
    model: str
    context_window_tokens: int | None = None

    @classmethod
    def of(cls, tier: str, name: str, *, context_window_tokens: int | None = None) -> Target:
        """The target that `provider/model` names; the model's own name may hold more slashes.

        Raises ValueError where there is no provider in it.
        """
        provider, slash, model = name.partition("/")
        if not provider or not slash or not model:
            raise ValueError(f"expected provider/model, found {name!r}")
        return cls(tier, provider, model, context_window_tokens)

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, for headers and the log: never what was said.

    status: the HTTP status; 0 where none came.  kind: None where it answered.
    started_s: on the dispatcher's clock.  skipped: nothing was sent: the breaker was open, or the request cannot be
    said to it.  With status 0, no kind and not skipped, the caller went away.
    """

    target: Target
    status: int
    kind: FailureKind | None
    started_s: float
    duration_ms: float
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a call came to; handed to `on_settled` exactly once a call, however it ended.

    target: the one that answered; None where none did.  usage: the last that the provider reported; None if it never
    did.  finish: None where the answer is not whole.  failure: what ended it.  cancelled: the caller went away.
    first_event_ms, duration_ms: since the call began.
    """

    target: Target | None
    attempts: tuple[Attempt, ...]
    usage: Usage | None
    finish: Finish | None
    failure: UpstreamFailure | None
    cancelled: bool
    first_event_ms: float | None
    duration_ms: float


RATE_LIMIT_HEADERS = ("x-ratelimit-", "ratelimit", "anthropic-ratelimit-")
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid")
UPSTREAM_ID = "x-router-upstream-request-id"


def told_headers(headers: Mapping[str, str], *, same_dialect: bool) -> dict[str, str]:
    """What of a provider's headers a client is told: the id to complain with; its rate limits in the same dialect.

    headers: names in lower case.  Values that are not printable ASCII are left out.
    """
    told = {}
    for name, value in headers.items():
        if name in REQUEST_ID_HEADERS:
            name = UPSTREAM_ID
        elif not (same_dialect and name.startswith(RATE_LIMIT_HEADERS)):
            continue
        if value.isascii() and value.isprintable():
            told[name] = value
    return told


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer.

    answers: one, or as many as the client asked for; the usage is that of all and stands at the first.
    raw: the provider's own bytes where client and provider speak the same dialect; send these. None: write `answers`.
    dropped: what the client asked for and this provider could not be told.
    headers: those of the provider's that its client may want, as `told_headers` picks them.
    """

    target: Target
    attempts: tuple[Attempt, ...]
    answers: tuple[Answer, ...]
    raw: bytes | None
    dropped: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        """The first answer, mostly the only one."""
        return self.answers[0]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """No candidate answered. failure: the one to tell the client, with the longest useful retry-after."""

    failure: UpstreamFailure
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a stream.

    raw: bytes to send as they are, whole events only; None: write the events in the client's dialect. Both are empty
    where the provider has been silent for `heartbeat_s`: time for a comment or a ping.
    """

    events: tuple[Event, ...] = ()
    raw: bytes | None = None

    @property
    def is_silence(self) -> bool:
        """Whether nothing came."""
        return not self.events and not self.raw
