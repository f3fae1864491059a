"""An attempt from its beginning to its end."""

from __future__ import annotations

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.providers.breaker import Breaker
from router.providers.calls import Attempt, BreakerSaid
from router.providers.retry import failures_needed, is_healthy
from router.providers.seen import Seen
from router.types import Target


class BegunAttempt:
    """An attempt that has begun. place: of its stream among the attempts, once that has begun."""

    def __init__(
        self, target: Target, *, unix_s: float, now_s: float, stamp: int = 0, keeps_events: bool = False
    ) -> None:
        """unix_s: Unix time.  now_s: on the dispatcher's clock.  stamp: the breaker's.  keeps_events: of a stream."""
        self.target = target
        self.stamp = stamp
        self.breaker: BreakerSaid | None = None
        self.seen = Seen(kept=[] if keeps_events else None)
        self.first_event_s: float | None = None
        self.place: int | None = None
        self._unix_s = unix_s
        self._began_s = now_s

    def failed(self, breaker: Breaker, failure: UpstreamFailure, *, request: int) -> None:
        """Tell the breaker. request: the same number for the same request."""
        name = self.target.name
        if failure.kind is FailureKind.ROUTER_BUSY:
            breaker.release(name, self.stamp)
        elif is_healthy(failure):
            breaker.success(name, self.stamp)
        elif breaker.failure(name, self.stamp, failure, request=request, needed=failures_needed(failure)):
            self.breaker = "opened"

    def attempt(
        self,
        now_s: float,
        *,
        status: int,
        kind: FailureKind | None = None,
        skipped: bool = False,
        cancelled: bool = False,
    ) -> Attempt:
        """What the attempt has come to. now_s: on the dispatcher's clock."""
        seen, first_s = self.seen, self.first_event_s
        return Attempt(
            target=self.target,
            status=status,
            kind=kind,
            started_s=self._unix_s,
            duration_ms=(now_s - self._began_s) * 1e3,
            skipped=skipped,
            cancelled=cancelled,
            first_event_ms=None if first_s is None else (first_s - self._began_s) * 1e3,
            usage=seen.usage,
            finish=seen.finish,
            has_begun=seen.started or seen.content,
            output_bytes=seen.output_bytes,
            answers=seen.answers,
            events=() if seen.kept is None else tuple(seen.kept),
            breaker=self.breaker,
        )
