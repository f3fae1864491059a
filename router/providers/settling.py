"""The attempts of one dispatch, and its end, as they are reported to the account."""

from __future__ import annotations

from collections.abc import Callable

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.providers.begun import BegunAttempt
from router.providers.calls import Account, Attempt, Settlement
from router.types import Target


class Settling:
    """Base of one dispatch: it lists the attempts, and settles the account once."""

    def __init__(self, account: Account, *, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        """clock: seconds, monotonic.  wall_clock: Unix time."""
        self._account = account
        self._clock = clock
        self._wall_clock = wall_clock
        self._is_settled = False
        self._began_s = clock()
        self._first_event_s: float | None = None
        self._attempts: list[Attempt] = []

    def _begun(self, target: Target, stamp: int = 0) -> BegunAttempt:
        """stamp: the breaker's."""
        keeps_events = self._account.keeps_answers
        return BegunAttempt(
            target, unix_s=self._wall_clock(), now_s=self._clock(), stamp=stamp, keeps_events=keeps_events
        )

    def _end(
        self,
        begun: BegunAttempt,
        *,
        status: int,
        kind: FailureKind | None = None,
        skipped: bool = False,
        cancelled: bool = False,
    ) -> Attempt:
        """Report the attempt to the account, as its last word."""
        now_s = self._clock()
        attempt = begun.attempt(now_s, status=status, kind=kind, skipped=skipped, cancelled=cancelled)
        if begun.place is None:
            self._attempts.append(attempt)
        else:
            self._attempts[begun.place] = attempt
        self._account.ended(attempt)
        return attempt

    def settle(
        self, *, last: Attempt | None = None, failure: UpstreamFailure | None = None, cancelled: bool = False
    ) -> None:
        """Report the end to the account, once. last: the attempt that answered."""
        if self._is_settled:
            return
        self._is_settled = True
        now_s, first_s = self._clock(), self._first_event_s
        self._account.settled(
            Settlement(
                target=None if last is None else last.target,
                attempts=tuple(self._attempts),
                usage=None if last is None else last.usage,
                finish=None if last is None else last.finish,
                failure=failure,
                cancelled=cancelled,
                first_event_ms=None if first_s is None else (first_s - self._began_s) * 1e3,
                duration_ms=(now_s - self._began_s) * 1e3,
            )
        )
