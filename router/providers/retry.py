"""What to do after a failure: pure, a table of cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.providers.breaker import BreakerSettings


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """How long and how often to try.

    retries: of one target, after the first attempt; they wait, so they are made only where no other target of the
        same tier is left.
    base_wait_s, longest_wait_s: full jitter in [0, min(longest, base * 2^n)]; a retry-after above the longest is not
        waited for.
    deadline_s: over all attempts and waits, until an answer is whole or a stream has begun.
    first_event_s: from sending to the first event of a stream.  whole_answer_s: to the headers of an answer that is
        not streamed; these mostly come when it is written to its end.
    between_bytes_s: the longest silence inside an answer.  heartbeat_s: silence after which a stream yields an empty
        piece, so that the caller can keep its own connection alive.
    drop_refused_parameters: whether a request is sent once more without the parameter that a provider refused.
    max_answer_bytes: of an answer that is not streamed.  max_event_bytes: of a stream, without one event in them.
    """

    retries: int = 2
    base_wait_s: float = 0.5
    longest_wait_s: float = 8.0
    deadline_s: float = 600.0
    first_event_s: float = 120.0
    whole_answer_s: float = 300.0
    between_bytes_s: float = 120.0
    heartbeat_s: float = 10.0
    drop_refused_parameters: bool = True
    max_answer_bytes: int = 64 * 1024 * 1024
    max_event_bytes: int = 16 * 1024 * 1024
    breaker: BreakerSettings = field(default_factory=BreakerSettings)


class Remedy(StrEnum):
    """What may help after a failure."""

    RETRY = "retry"  # the same target again, or another
    ELSEWHERE = "elsewhere"  # another target; this one would fail the same way
    OTHER_PROVIDER = "other_provider"  # our account there is refused
    LARGER = "larger"  # a larger context window
    WITHOUT = "without"  # without the refused parameter
    STOP = "stop"  # the client's own fault: every provider would refuse it


_RETRYABLE = frozenset((408, 409, 424, 425, 429))
_REMEDIES = {
    FailureKind.RATE_LIMITED: Remedy.RETRY,
    FailureKind.OVERLOADED: Remedy.RETRY,
    FailureKind.SERVER: Remedy.RETRY,
    FailureKind.CONNECTION: Remedy.RETRY,
    FailureKind.BROKEN_ANSWER: Remedy.RETRY,
    FailureKind.TIMEOUT: Remedy.RETRY,
    FailureKind.NOT_FOUND: Remedy.ELSEWHERE,
    FailureKind.QUOTA: Remedy.OTHER_PROVIDER,
    FailureKind.AUTHENTICATION: Remedy.OTHER_PROVIDER,
    FailureKind.CONTEXT_TOO_LONG: Remedy.LARGER,
    FailureKind.REFUSED_PARAMETER: Remedy.WITHOUT,
    FailureKind.BAD_REQUEST: Remedy.STOP,
    FailureKind.TOO_LARGE: Remedy.STOP,
}


def remedy_for(failure: UpstreamFailure) -> Remedy:
    """What may help after this failure. The kind decides; the status does for a bad request that is worth a retry."""
    if failure.kind is FailureKind.TIMEOUT and failure.status < 400:
        return Remedy.ELSEWHERE  # our own limit ended it: the same wait again would not help
    if failure.kind is FailureKind.BAD_REQUEST and (failure.status in _RETRYABLE or failure.status >= 500):
        return Remedy.RETRY
    return _REMEDIES[failure.kind]


def wait_s(
    failure: UpstreamFailure, *, attempt: int, settings: DispatchSettings, rng: Callable[[], float]
) -> float | None:
    """Seconds to wait before the same target is tried again; None where it asks for more than is waited for.

    attempt: 0 after the first.  rng: gives numbers in [0, 1).
    """
    if failure.retry_after_s is not None:
        return failure.retry_after_s if failure.retry_after_s <= settings.longest_wait_s else None
    return rng() * min(settings.longest_wait_s, settings.base_wait_s * 2.0**attempt)


def is_healthy(failure: UpstreamFailure) -> bool:
    """Whether the failure shows that the model is there and works, as the request was at fault."""
    return remedy_for(failure) in (Remedy.LARGER, Remedy.WITHOUT, Remedy.STOP)


def opens_at_once(failure: UpstreamFailure) -> bool:
    """Whether every next request would fail the same way."""
    return remedy_for(failure) is Remedy.OTHER_PROVIDER or failure.kind is FailureKind.NOT_FOUND


_PRECEDENCE = (
    # First what the client can act on; last what only the operator can.
    *(FailureKind.CONTEXT_TOO_LONG, FailureKind.REFUSED_PARAMETER, FailureKind.BAD_REQUEST, FailureKind.TOO_LARGE),
    *(FailureKind.RATE_LIMITED, FailureKind.OVERLOADED, FailureKind.TIMEOUT, FailureKind.SERVER),
    *(FailureKind.CONNECTION, FailureKind.BROKEN_ANSWER, FailureKind.QUOTA, FailureKind.NOT_FOUND),
    FailureKind.AUTHENTICATION,
)


def most_useful(failures: list[UpstreamFailure]) -> UpstreamFailure:
    """The failure for the client, with the longest retry-after of those that waiting would cure."""
    first = min(failures, key=lambda failure: _PRECEDENCE.index(failure.kind))
    if remedy_for(first) is not Remedy.RETRY:
        return first
    waits = [f.retry_after_s for f in failures if f.retry_after_s is not None and remedy_for(f) is Remedy.RETRY]
    return UpstreamFailure(first.kind, first.status, first.message, first.parameter, max(waits, default=None))
