"""From a plan to an answer: targets in order, retries, failover, one deadline, every attempt accounted for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.prepared import Call, Prepared
from router.dialects.shared.provider import Provider
from router.errors import RequestError
from router.providers.adapters import ADAPTERS
from router.providers.begun import BegunAttempt
from router.providers.breaker import Breaker
from router.providers.calls import Account, Answered, Attempt, Exhausted, Settlement
from router.providers.exchange import DEADLINE, Exchange, Opened, Opens
from router.providers.retry import DispatchSettings, Remedy, is_healthy, most_useful, opens_at_once, remedy_for, wait_s
from router.types import Target

MOST_DROPPED = 4
"""Refused parameters that are dropped, one attempt each, before a target is given up."""

REQUIRED_PARAMETERS = frozenset(("n",))
"""Parameters that change the answer too much to be dropped: a provider that lacks one is skipped."""


Outcome = Answered | Opened | Exhausted


class Dispatcher:
    """Sends calls to providers. One per process, for one event loop."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        transport: Opens,
        *,
        policy: DispatchSettings,
        breaker: Breaker,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        rng: Callable[[], float],
    ) -> None:
        """Join the parts.

        clock: seconds, monotonic.  wall_clock: Unix time.  sleep: waits so many seconds.  rng: numbers in [0, 1).
        """
        self.providers = providers
        self.transport = transport
        self.policy = policy
        self.breaker = breaker
        self.clock = clock
        self.wall_clock = wall_clock
        self.sleep = sleep
        self.rng = rng

    async def dispatch(self, plan: Sequence[Target], call: Call, *, account: Account) -> Outcome:
        """The answer of the first target that gives one.

        plan: targets in the order to try.
        account: receives every attempt, and the settlement exactly once: here, or where a stream ends or is closed.
        Never raises for what a provider does; cancelling it closes the connection.
        """
        run = _Run(self, call, account)
        try:
            outcome = await run.through(plan)
        except BaseException:  # cancelled, or a defect: the dispatch is settled either way
            run.settle(cancelled=True)
            raise
        if isinstance(outcome, Answered):
            run.settle(last=outcome.attempts[-1])
        elif isinstance(outcome, Exhausted):
            run.settle(failure=outcome.failure)
        return outcome


_Found = Answered | Opened


class _Run:
    """One dispatch on its way through a plan."""

    def __init__(self, dispatcher: Dispatcher, call: Call, account: Account) -> None:
        self._dispatcher = dispatcher
        self._call = call
        self._account = account
        self._is_settled = False
        self._began_s = dispatcher.clock()
        self._first_event_s: float | None = None
        self._attempts: list[Attempt] = []
        self._failures: list[UpstreamFailure] = []
        self._unsupported: list[UpstreamFailure] = []
        self._lost_providers: set[str] = set()
        self._lost: set[str] = set()
        self._window_over: int | None = None

    # --- Through the plan ---------------------------------------------------------------------------------------------

    async def through(self, plan: Sequence[Target]) -> Outcome:
        for place, target in enumerate(plan):
            if not self._may(target):
                continue
            others = [other for other in plan[place + 1 :] if self._may(other) and other.name != target.name]
            found = await self._try(target, others)
            if isinstance(found, Answered | Opened):
                return found
            if found is Remedy.STOP:
                break
        return Exhausted(self._failure(), tuple(self._attempts))

    def _failure(self) -> UpstreamFailure:
        failures = self._failures or self._unsupported
        if not failures:
            return UpstreamFailure(FailureKind.OVERLOADED, 0, "No configured provider can take this request.")
        return most_useful(failures)

    def _may(self, target: Target) -> bool:
        """Whether earlier failures leave this target any chance."""
        if target.provider in self._lost_providers or target.name in self._lost:
            return False
        window = target.context_window_tokens
        return self._window_over is None or window is None or window > self._window_over

    def _left_s(self) -> float:
        return self._dispatcher.policy.deadline_s - (self._dispatcher.clock() - self._began_s)

    # --- One target ---------------------------------------------------------------------------------------------------

    async def _try(self, target: Target, others: Sequence[Target]) -> _Found | Remedy:
        """The answer of a target, or how to go on: STOP, or ELSEWHERE."""
        without: tuple[str, ...] = ()
        tried = 0
        while True:
            if self._left_s() <= 0:
                self._failures.append(UpstreamFailure(FailureKind.TIMEOUT, 0, DEADLINE))
                return Remedy.STOP
            prepared = self._prepared(target, without)
            if prepared is None or not self._is_allowed(target):
                return Remedy.ELSEWHERE
            found = await self._attempt(target, prepared, without)
            if not isinstance(found, UpstreamFailure):
                return found
            self._failures.append(found)
            remedy = remedy_for(found)
            if remedy is Remedy.WITHOUT and self._may_drop(found, without):
                assert found.parameter is not None
                without = (*without, found.parameter)
                self._failures.pop()  # the client need not know: the call goes on without the parameter
                continue
            if remedy is not Remedy.RETRY:
                return self._after(remedy, target, found)
            pause_s = self._pause_s(target, found, others, tried=tried)
            if pause_s is None:
                return Remedy.ELSEWHERE
            await self._dispatcher.sleep(pause_s)
            tried += 1

    def _may_drop(self, failure: UpstreamFailure, without: tuple[str, ...]) -> bool:
        return (
            self._dispatcher.policy.drop_refused_parameters
            and failure.parameter is not None
            and failure.parameter not in without
            and len(without) < MOST_DROPPED
        )

    def _after(self, remedy: Remedy, target: Target, failure: UpstreamFailure) -> Remedy:
        """Remember what the failure rules out."""
        if remedy is Remedy.OTHER_PROVIDER:
            self._lost_providers.add(target.provider)
        elif remedy is Remedy.LARGER:
            self._lost.add(target.name)
            window = target.context_window_tokens
            if window is not None:
                self._window_over = max(window, self._window_over or 0)
        elif remedy is Remedy.ELSEWHERE:
            self._lost.add(target.name)
        else:  # STOP, or a parameter that may not be dropped
            return Remedy.STOP
        return Remedy.ELSEWHERE

    def _pause_s(
        self, target: Target, failure: UpstreamFailure, others: Sequence[Target], *, tried: int
    ) -> float | None:
        """Seconds until the same target is tried again; None to go elsewhere.

        Another target of the same tier is tried at once: a retry waits only where the next target is of a stronger
        tier, or where there is none.
        """
        if tried >= self._dispatcher.policy.retries or any(other.tier == target.tier for other in others):
            return None
        pause_s = wait_s(failure, attempt=tried, settings=self._dispatcher.policy, rng=self._dispatcher.rng)
        return None if pause_s is None or pause_s >= self._left_s() else pause_s

    def _is_allowed(self, target: Target) -> bool:
        """Whether breaker and account let an attempt go; one that may not is recorded as skipped."""
        breaker = self._dispatcher.breaker
        if not breaker.allow(target.name):
            message = f"{target.name} has failed several times in a row and is left alone for a while."
            after_s = breaker.retry_after_s(target.name)
            self._skip(target, UpstreamFailure(FailureKind.OVERLOADED, 0, message, retry_after_s=after_s))
            return False
        if (refusal := self._account.begins(target)) is not None:
            breaker.release(target.name)
            self._skip(target, refusal)
            return False
        return True

    def _skip(self, target: Target, failure: UpstreamFailure) -> None:
        self._failures.append(failure)
        self._end(self._begun(target), status=0, kind=failure.kind, skipped=True)

    def _prepared(self, target: Target, without: tuple[str, ...]) -> Prepared | None:
        """The request; None where this target does not support it. Another may speak a dialect that does."""
        provider = self._dispatcher.providers.get(target.provider)
        if provider is None:
            message = f"The provider {target.provider} is not configured."
            self._skip_unsupported(target, FailureKind.NOT_FOUND, message)
            return None
        try:
            prepared = ADAPTERS[provider.adapter].prepare(
                provider, self._call, model=target.model, without=without, now_s=self._dispatcher.wall_clock()
            )
        except (RequestError, ValueError) as exc:
            self._skip_unsupported(target, FailureKind.BAD_REQUEST, str(exc))
            return None
        lacking = REQUIRED_PARAMETERS & set(prepared.dropped)
        if lacking:
            message = f"{target.provider} does not support: {', '.join(sorted(lacking))}."
            self._skip_unsupported(target, FailureKind.BAD_REQUEST, message)
            return None
        return prepared

    def _skip_unsupported(self, target: Target, kind: FailureKind, message: str) -> None:
        self._end(self._begun(target), status=0, kind=kind, skipped=True)
        self._lost.add(target.name)
        self._unsupported.append(UpstreamFailure(kind, 0, message))

    # --- One attempt --------------------------------------------------------------------------------------------------

    async def _attempt(self, target: Target, prepared: Prepared, without: tuple[str, ...]) -> _Found | UpstreamFailure:
        begun = self._begun(target)
        breaker = self._dispatcher.breaker
        try:
            found = await self._exchange(begun, prepared, without)
        except BaseException:  # cancelled, or a defect: the probe is given back and the attempt ends either way
            breaker.release(target.name)
            self._end(begun, status=0, cancelled=True)
            raise
        if isinstance(found, UpstreamFailure):
            self._end(begun, status=found.status, kind=found.kind)
            if is_healthy(found):
                breaker.success(target.name)
            else:
                breaker.failure(target.name, at_once=opens_at_once(found), cooldown_s=found.retry_after_s)
            return found
        breaker.success(target.name)
        begun.first_event_s = self._first_event_s = self._dispatcher.clock()
        if isinstance(found, Opened):
            begun.place = len(self._attempts)
            self._attempts.append(begun.attempt(self._first_event_s, status=200))
        else:
            self._end(begun, status=200)
        return replace(found, attempts=tuple(self._attempts))

    async def _exchange(
        self, begun: BegunAttempt, prepared: Prepared, without: tuple[str, ...]
    ) -> _Found | UpstreamFailure:
        dispatcher, target = self._dispatcher, begun.target
        exchange = Exchange(
            target=target,
            prepared=prepared,
            dialect=ADAPTERS[dispatcher.providers[target.provider].adapter].dialect,
            stream=self._call.stream,
            dropped=(*prepared.dropped, *without),
            policy=dispatcher.policy,
            clock=dispatcher.clock,
            wall_clock=dispatcher.wall_clock,
            seen=begun.seen,
            on_end=lambda cancelled: self._stream_ended(begun, cancelled=cancelled),
        )
        return await exchange.run(dispatcher.transport, left_s=self._left_s())

    def _begun(self, target: Target) -> BegunAttempt:
        unix_s, now_s = self._dispatcher.wall_clock(), self._dispatcher.clock()
        return BegunAttempt(target, unix_s=unix_s, now_s=now_s, keeps_events=self._account.keeps_answers)

    # --- The account --------------------------------------------------------------------------------------------------

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
        now_s = self._dispatcher.clock()
        attempt = begun.attempt(now_s, status=status, kind=kind, skipped=skipped, cancelled=cancelled)
        if begun.place is None:
            self._attempts.append(attempt)
        else:
            self._attempts[begun.place] = attempt
        self._account.ended(attempt)
        return attempt

    def _stream_ended(self, begun: BegunAttempt, *, cancelled: bool) -> None:
        failure = begun.seen.failure
        if failure is not None:
            self._dispatcher.breaker.failure(begun.target.name)
        kind = None if failure is None else failure.kind
        last = self._end(begun, status=200, kind=kind, cancelled=cancelled)
        self.settle(last=last, failure=failure, cancelled=cancelled)

    def settle(
        self, *, last: Attempt | None = None, failure: UpstreamFailure | None = None, cancelled: bool = False
    ) -> None:
        """Report the end to the account, once. last: the attempt that answered."""
        if self._is_settled:
            return
        self._is_settled = True
        now_s, first_s = self._dispatcher.clock(), self._first_event_s
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
