"""What to do after a failure: pure, a table of cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
    between_content_s: the longest time inside a stream without content, whatever signs of life come: comments, pings,
        empty pieces.
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
    between_content_s: Patience = 600.0
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
    OTHER_VENDOR = "other_vendor"  # this one refuses the request; another may judge otherwise
    LARGER = "larger"  # a larger context window
    WITHOUT = "without"  # without the refused parameter
    STOP = "stop"  # nothing: two vendors refuse it, or the time is over


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
    FailureKind.NO_KEY: Remedy.OTHER_PROVIDER,
    FailureKind.CONTEXT_TOO_LONG: Remedy.LARGER,
    FailureKind.REFUSED_PARAMETER: Remedy.WITHOUT,
    FailureKind.UNSUPPORTED: Remedy.ELSEWHERE,
    FailureKind.TOO_LARGE: Remedy.OTHER_VENDOR,
    FailureKind.FLAGGED: Remedy.OTHER_VENDOR,
    FailureKind.BAD_REQUEST: Remedy.OTHER_VENDOR,
    FailureKind.ROUTER_BUSY: Remedy.STOP,  # every target needs a connection
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


_ABOUT_THE_REQUEST = frozenset(
    (
        *(FailureKind.CONTEXT_TOO_LONG, FailureKind.TOO_LARGE, FailureKind.REFUSED_PARAMETER),
        *(FailureKind.UNSUPPORTED, FailureKind.FLAGGED, FailureKind.BAD_REQUEST),
    )
)


def is_healthy(failure: UpstreamFailure) -> bool:
    """Whether the failure shows that the model is there and works, as the request was at fault."""
    if failure.output_limit is not None:
        return True  # with fewer output tokens it would have been taken
    return failure.kind in _ABOUT_THE_REQUEST and remedy_for(failure) is not Remedy.RETRY


ANY_NUMBER = 1_000
"""Of failures, where the settings of the breaker say how many open it."""


def failures_needed(failure: UpstreamFailure) -> int:
    """How many different requests must fail like this until it is plain that every next one would.

    A refused key is plain at once. A model that is not there, or money that ran out, may be said of one request only:
    of a file that it names, of the output that it asks for, of a flagged prompt (a 403 of OpenRouter's).
    """
    if failure.kind is FailureKind.AUTHENTICATION and failure.status == 401:
        return 1
    is_lasting = remedy_for(failure) is Remedy.OTHER_PROVIDER or failure.kind is FailureKind.NOT_FOUND
    return 2 if is_lasting else ANY_NUMBER


_PRECEDENCE = (
    # First what the client can act on; last what only the operator can.
    FailureKind.ROUTER_BUSY,
    *(FailureKind.CONTEXT_TOO_LONG, FailureKind.TOO_LARGE, FailureKind.REFUSED_PARAMETER, FailureKind.BAD_REQUEST),
    *(FailureKind.UNSUPPORTED, FailureKind.FLAGGED),
    *(FailureKind.RATE_LIMITED, FailureKind.OVERLOADED, FailureKind.TIMEOUT, FailureKind.SERVER),
    *(FailureKind.CONNECTION, FailureKind.BROKEN_ANSWER, FailureKind.QUOTA, FailureKind.NOT_FOUND),
    *(FailureKind.AUTHENTICATION, FailureKind.NO_KEY),
)
_UNCONFIRMED = (
    *(FailureKind.REFUSED_PARAMETER, FailureKind.BAD_REQUEST, FailureKind.UNSUPPORTED, FailureKind.FLAGGED),
)


def most_useful(failures: list[UpstreamFailure]) -> UpstreamFailure:
    """The failure for the client, with the shortest retry-after of those that waiting would cure.

    One vendor's refusal is not the client's fault while another might still answer: then the other's trouble counts.
    """
    refused = [failure for failure in failures if failure.kind in _UNCONFIRMED and is_healthy(failure)]
    others = [failure for failure in failures if remedy_for(failure) is Remedy.RETRY]
    told = [failure for failure in failures if failure not in refused] if len(refused) == 1 and others else failures
    first = min(told, key=lambda failure: _PRECEDENCE.index(failure.kind))
    if remedy_for(first) is not Remedy.RETRY:
        return first
    waits = [failure.retry_after_s for failure in others if failure.retry_after_s is not None]
    return replace(first, retry_after_s=min(waits, default=None))
