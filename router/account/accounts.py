"""Accounts: from what dispatch reports to records, and to the listeners of records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from router.account.record import AttemptRecord, CallRecord, Origin, Outcome, Purpose, cost_usd, outcome_of, usage_of
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
        """Called exactly once per attempt: at its end; in a cascade, once the answer of its dispatch is checked."""

    def call_settled(self, record: CallRecord) -> None:
        """Called exactly once per dispatch, after the records of its attempts."""


class Accounts:
    """Opens accounts. One per process."""

    def __init__(self, *listeners: Listener) -> None:
        """listeners: in the order to call them."""
        self._listeners = listeners

    def open(self, origin: Origin, purpose: Purpose = Purpose.ANSWER, *, waits: bool = False) -> CallAccount:
        """The account of one dispatch. waits: whether its records wait for `close`, as in a cascade."""
        listening = [listener for listener in self._listeners if listener.is_listening()]
        return CallAccount(listening, origin, purpose, waits=waits)


class CallAccount:
    """The account of one dispatch: an Account of `router.providers.calls`."""

    def __init__(self, listeners: Sequence[Listener], origin: Origin, purpose: Purpose, *, waits: bool) -> None:
        self.keeps_answers = any(listener.keeps_answers for listener in listeners)
        self._listeners = listeners
        self._origin = origin
        self._purpose = purpose
        self._waits = waits
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
        """Record the attempt."""
        if not self._listeners:
            return
        spec = attempt.target.spec
        usage, source = usage_of(attempt, self._origin.input_tokens)
        record = AttemptRecord(
            origin=self._origin,
            attempt=attempt,
            purpose=self._purpose_at(attempt.target),
            outcome=outcome_of(attempt),
            usage=usage,
            usage_source=source,
            cost_usd=None if usage is None else cost_usd(spec, usage),
        )
        self._records.append(record)
        if not self._waits:
            self._tell(partial(_attempt_ended, record))

    def settled(self, settlement: Settlement, /) -> None:
        """Record the dispatch."""
        if self._waits:
            self._settlement = settlement
        elif self._listeners:
            call = CallRecord(self._origin, settlement, tuple(self._records))
            self._tell(lambda listener: listener.call_settled(call))

    def close(self, *, is_rejected: bool = False) -> None:
        """Hand the waiting records to the listeners; does nothing the second time.

        is_rejected: whether a cascade rejects the answer, which is that of the last attempt.
        """
        if not self._waits:
            return
        self._waits = False
        if is_rejected and self._records:
            self._records[-1] = replace(self._records[-1], outcome=Outcome.REJECTED)
        for record in self._records:
            self._tell(partial(_attempt_ended, record))
        if self._settlement is not None:
            self.settled(self._settlement)

    def _purpose_at(self, target: Target) -> Purpose:
        """The purpose of the next attempt, if it is at this target."""
        if not self._records or self._purpose is Purpose.JUDGE:
            return self._purpose
        return Purpose.RETRY if self._records[-1].attempt.target.name == target.name else Purpose.FAILOVER

    def _tell(self, deliver: Callable[[Listener], None]) -> None:
        for listener in self._listeners:
            try:
                deliver(listener)
            except Exception as exc:  # a listener's defect must not break a call; its text may quote the request
                _log_defect(listener, exc)


def _attempt_ended(record: AttemptRecord, listener: Listener) -> None:
    listener.attempt_ended(record)


def _log_defect(listener: Listener, exc: Exception) -> None:
    LOG.error("the listener %s failed: %s", type(listener).__name__, type(exc).__name__)
