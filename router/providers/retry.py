"""What to do after a failure: pure, a table of cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from router.checked.kinds import NOT_IN_FILES, Flag, Patience, Seconds, whole
from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.failures import PASSING_STATUSES
from router.providers.breaker import BreakerSettings


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """How long and how often to try.

    retries: further attempts of one model, made only where no other model of its tier is left, as they wait.
    base_wait_s: the wait before retry n, from 0, is random in [0, min(longest_wait_s, base_wait_s * 2^n)] seconds.
    longest_wait_s: longest wait before a retry; a longer retry-after of the provider is not waited for.
    deadline_s: over all attempts and waits, until an answer is whole or a stream has begun.
    first_event_s: from sending to the first event of a stream.
    whole_answer_s: to the headers of an answer that is not streamed, which mostly come when it is complete.
    between_bytes_s: the longest silence inside an answer.
    heartbeat_s: silence after which the client of a stream gets a sign of life.
    drop_refused_parameters: whether a request is sent once more without a parameter that the provider refused.
    breaker: when a model that keeps failing is left alone.
    max_answer_bytes: limit of an answer that is not streamed.
    max_event_bytes: limit of a stream's bytes without a whole event in them.
    """

    retries: Annotated[int, whole(0, 10)] = 2
    base_wait_s: Seconds = 0.5
    longest_wait_s: Seconds = 8.0
    deadline_s: Patience = 600.0
    first_event_s: Patience = 120.0
    whole_answer_s: Patience = 300.0
    between_bytes_s: Patience = 120.0
    heartbeat_s: Patience = 10.0
    drop_refused_parameters: Flag = True
    max_answer_bytes: Annotated[int, NOT_IN_FILES] = 64 * 1024 * 1024
    max_event_bytes: Annotated[int, NOT_IN_FILES] = 16 * 1024 * 1024
    breaker: BreakerSettings = field(default_factory=BreakerSettings)


class Remedy(StrEnum):
    """What may help after a failure."""

    RETRY = "retry"  # the same target again, or another
    ELSEWHERE = "elsewhere"  # another target; this one would fail the same way
    OTHER_PROVIDER = "other_provider"  # our account there is refused
    LARGER = "larger"  # a larger context window
    WITHOUT = "without"  # without the refused parameter
    STOP = "stop"  # the client's own fault: every provider would refuse it


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
    if failure.kind is FailureKind.BAD_REQUEST and (failure.status in PASSING_STATUSES or failure.status >= 500):
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
