"""Accounts: from what dispatch reports to records, and to the listeners of records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from router.account.record import (
    AttemptRecord,
    CallRecord,
    Origin,
    Outcome,
    Purpose,
    cost_usd,
    outcome_of,
    usage_of,
)
from router.dialects.conversation import UpstreamFailure
from router.providers.calls import Attempt, Settlement
from router.types import Target

LOG = logging.getLogger(__name__)


class Listener:
    """Base of what listens to accounts: a log, a ledger, a capture. No method may take long.

    An exception in a method is logged by its type and changes no call.
    """

    keeps_answers = False
    """Whether the records of streams need their events."""

    def is_listening(self) -> bool:
        """Asked once per dispatch; without a listener no record is made."""
        return True

    def begins(self, origin: Origin, target: Target, purpose: Purpose) -> UpstreamFailure | None:
        """Called before an attempt is sent; a failure forbids it, and the target is skipped with that failure.

        A forbidden attempt is reported as skipped, to the listeners that allowed it too.
        """

    def attempt_ended(self, record: AttemptRecord) -> None:
        """Called exactly once per attempt: at its end, or once a cascade has checked its answer."""

    def call_settled(self, record: CallRecord) -> None:
        """Called exactly once per dispatch, after the records of its attempts."""


class Accounts:
    """Opens accounts. One per process."""

    def __init__(self, *listeners: Listener) -> None:
        """listeners: in the order to call them."""
        self._listeners = listeners

    def open(self, origin: Origin, purpose: Purpose = Purpose.ANSWER, *, is_checked: bool = False) -> CallAccount:
        """The account of one dispatch. is_checked: whether a cascade checks the answer and calls `close`."""
        listening = [listener for listener in self._listeners if listener.is_listening()]
        return CallAccount(listening, origin, purpose, is_checked=is_checked)


class CallAccount:
    """The account of one dispatch: an Account of `router.providers.calls`."""

    def __init__(self, listeners: Sequence[Listener], origin: Origin, purpose: Purpose, *, is_checked: bool) -> None:
        self.keeps_answers = any(listener.keeps_answers for listener in listeners)
        self._listeners = listeners
        self._origin = origin
        self._purpose = purpose
        self._is_checked = is_checked
        self._last: str | None = None
        self._held: Attempt | None = None
        self._settlement: Settlement | None = None
        self._records: list[AttemptRecord] = []

    def begins(self, target: Target, /) -> UpstreamFailure | None:
        """The failure of the first listener that forbids the attempt; None where none does."""
        for listener in self._listeners:
            try:
                if (failure := listener.begins(self._origin, target, self._purpose_at(target))) is not None:
                    return failure
            except Exception as exc:  # a listener's defect must not break a call; its text may quote the request
                _log_defect(listener, exc)
        return None

    def ended(self, attempt: Attempt, /) -> None:
        """Record the attempt; an answer that is still to be checked waits for `close`."""
        if not self._listeners:
            return
        if self._is_checked and outcome_of(attempt) is Outcome.ANSWERED:
            self._held = attempt
        else:
            self._record(attempt, outcome_of(attempt))

    def settled(self, settlement: Settlement, /) -> None:
        """Record the dispatch, after its last attempt."""
        if self._held is not None:
            self._settlement = settlement
        elif self._listeners:
            record = CallRecord(self._origin, settlement, tuple(self._records))
            self._tell(lambda listener: listener.call_settled(record))

    def close(self, *, is_rejected: bool) -> None:
        """Record a checked answer. Does nothing the second time, or where no answer waits."""
        held, settlement = self._held, self._settlement
        self._held = self._settlement = None
        if held is not None:
            self._record(held, Outcome.REJECTED if is_rejected else Outcome.ANSWERED)
        if settlement is not None:
            self.settled(settlement)

    def _record(self, attempt: Attempt, outcome: Outcome) -> None:
        target = attempt.target
        usage, source = usage_of(attempt, self._origin.input_tokens)
        record = AttemptRecord(
            origin=self._origin,
            attempt=attempt,
            purpose=self._purpose_at(target),
            outcome=outcome,
            usage=usage,
            usage_source=source,
            cost_usd=None if usage is None or target.spec is None else cost_usd(target.spec, usage),
        )
        self._last = target.name
        self._records.append(record)
        self._tell(lambda listener: listener.attempt_ended(record))

    def _purpose_at(self, target: Target) -> Purpose:
        """Of the next attempt, if it is at this target."""
        if self._last is None or self._purpose is Purpose.JUDGE:
            return self._purpose
        return Purpose.RETRY if self._last == target.name else Purpose.FAILOVER

    def _tell(self, deliver: Callable[[Listener], None]) -> None:
        for listener in self._listeners:
            try:
                deliver(listener)
            except Exception as exc:  # a listener's defect must not break a call; its text may quote the request
                _log_defect(listener, exc)


def _log_defect(listener: Listener, exc: Exception) -> None:
    LOG.error("the listener %s failed: %s", type(listener).__name__, type(exc).__name__)
