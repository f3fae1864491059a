"""What is known of an attempt and of a call once they have ended: one frozen value each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from router.account.caller import Caller
from router.catalog import BYTES_PER_TOKEN
from router.decision import RouteDecision
from router.dialects.conversation import Usage
from router.dialects.shared.prepared import Call
from router.providers.calls import Attempt, Settlement
from router.providers.seen import content_bytes
from router.types import ModelSpec


class Purpose(StrEnum):
    """What an attempt was made for; the words are part of the call log."""

    ANSWER = "answer"
    RETRY = "retry"  # the same target again
    FAILOVER = "failover"  # another target, as an earlier one failed or was skipped
    ESCALATION = "escalation"  # a stronger tier, as an answer failed a cascade's check
    JUDGE = "judge"  # a verdict on an answer


class Outcome(StrEnum):
    """How an attempt ended; the words are part of the call log."""

    ANSWERED = "answered"
    REJECTED = "rejected"  # answered, but a cascade's check failed and a stronger tier was asked
    FAILED = "failed"
    SKIPPED = "skipped"  # nothing was sent
    CANCELLED = "cancelled"  # ended from our side before the answer was complete: its client disconnected, a deadline


class UsageSource(StrEnum):
    """How an attempt's usage is known."""

    REPORTED = "reported"  # by the provider
    ESTIMATED = "estimated"  # from the sizes of request and answer: the answer broke off, or had no usage
    UNKNOWN = "unknown"  # nothing of an answer came


@dataclass(frozen=True, slots=True)
class Origin:
    """What attempts are made for.

    request: the client's, with its bytes and, on demand, its conversation; of a judge's attempt, what the judge is
    asked.  stream: whether the client asked for one.  body_bytes: of the client's body.
    input_tokens: estimates those of the request.
    """

    decision: RouteDecision = field(repr=False)
    caller: Caller
    request: Call = field(repr=False)
    stream: bool
    body_bytes: int
    input_tokens: Callable[[], int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt, ended.

    usage: None where it is unknown.  cost_usd: as the provider reports it, else by the price row of the target;
    None where both, or the usage, are unknown.
    The target, times, status, kind of failure and the answer are those of `attempt`.
    """

    origin: Origin
    attempt: Attempt
    purpose: Purpose
    outcome: Outcome
    usage: Usage | None
    usage_source: UsageSource
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One dispatch, settled: a call, or one step of a cascade."""

    origin: Origin
    settlement: Settlement
    attempts: tuple[AttemptRecord, ...]


def outcome_of(attempt: Attempt) -> Outcome:
    """How an attempt ended, whatever a check of its answer finds."""
    if attempt.skipped:
        return Outcome.SKIPPED
    if attempt.cancelled:
        return Outcome.CANCELLED
    return Outcome.ANSWERED if attempt.kind is None else Outcome.FAILED


def usage_of(attempt: Attempt, input_tokens: Callable[[], int]) -> tuple[Usage | None, UsageSource]:
    """The usage that an attempt is billed with, and how it is known.

    A provider that reports usage at the end only has reported none, or too few output tokens, where a stream breaks
    off: then what came is counted. input_tokens: estimates those of the request.
    """
    usage = attempt.usage
    if usage is not None and usage.estimated:
        return usage, UsageSource.ESTIMATED
    is_reported = usage is not None and (usage.input_tokens or usage.output_tokens) > 0
    if is_reported and attempt.finish is not None:
        return usage, UsageSource.REPORTED
    if not attempt.has_begun:
        return None, UsageSource.UNKNOWN
    n_bytes = attempt.output_bytes or content_bytes(attempt.answers)
    n_output = -(-n_bytes // BYTES_PER_TOKEN)
    if usage is None or not is_reported:
        return Usage(input_tokens(), n_output), UsageSource.ESTIMATED
    if n_output <= usage.output_tokens:
        return usage, UsageSource.REPORTED
    return replace(usage, output_tokens=n_output, cost_usd=None), UsageSource.ESTIMATED


def cost_usd(spec: ModelSpec | None, usage: Usage) -> float | None:
    """USD for a usage: as the provider reports it, else at list price; None where neither is known."""
    if usage.cost_usd is not None or spec is None:
        return usage.cost_usd
    return spec.cost_usd(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
