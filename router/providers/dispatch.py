"""From a plan to an answer: candidates in order, retries, failover, one deadline, every attempt recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from router.dialects.conversation import FailureKind, Finish, UpstreamFailure, Usage
from router.dialects.shared.prepared import Call, Prepared
from router.dialects.shared.provider import Provider
from router.errors import RequestError
from router.providers.adapters import ADAPTERS
from router.providers.breaker import Breaker
from router.providers.calls import Answered, Attempt, Exhausted, Settlement, Target
from router.providers.exchange import DEADLINE, Exchange, Opened, Opens
from router.providers.retry import DispatchSettings, Step, is_healthy, most_useful, opens_at_once, step_after, wait_s
from router.providers.stream import StreamEnd

MOST_DROPPED = 4
"""Refused parameters that are dropped, one attempt each, before a target is given up."""

MUST_BE_SAID = frozenset(("n",))
"""What no answer may leave out in silence: a provider that cannot be told it is passed over."""


Outcome = Answered | Opened | Exhausted
OnSettled = Callable[[Settlement], None]


class Dispatcher:
    """Sends calls to providers. One a process, for one event loop."""

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

    async def dispatch(self, plan: Sequence[Target], call: Call, *, on_settled: OnSettled) -> Outcome:
        """The answer of the first target that gives one.

        plan: candidates in the order to try: those of the chosen tier, then of stronger ones.
        on_settled: called exactly once a call: here, or where a stream ends, fails or is closed.
        Never raises for what a provider does; cancelling it closes the connection.
        """
        run = _Run(self, call, on_settled)
        try:
            outcome = await run.through(plan)
        except BaseException:  # cancelled, or a defect: the account is closed either way
            run.settle(cancelled=True)
            raise
        if isinstance(outcome, Answered):
            answer = outcome.answers[0]
            run.settle(target=outcome.target, usage=answer.usage, finish=answer.finish)
        elif isinstance(outcome, Exhausted):
            run.settle(failure=outcome.failure)
        return outcome


_Found = Answered | Opened


class _Run:
    """One call on its way through a plan."""

    def __init__(self, dispatcher: Dispatcher, call: Call, on_settled: OnSettled) -> None:
        self._is = dispatcher
        self._call = call
        self._on_settled: OnSettled | None = on_settled
        self._began_s = dispatcher.clock()
        self._first_event_s: float | None = None
        self._attempts: list[Attempt] = []
        self._failures: list[UpstreamFailure] = []
        self._unsayable: list[UpstreamFailure] = []
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
            if found is Step.STOP:
                break
        return Exhausted(self._told(), tuple(self._attempts))

    def _told(self) -> UpstreamFailure:
        failures = self._failures or self._unsayable
        if not failures:
            return UpstreamFailure(FailureKind.OVERLOADED, 0, "No configured provider can take this request.")
        return most_useful(failures)

    def _may(self, target: Target) -> bool:
        """Whether what failed before leaves this target any chance."""
        if target.provider in self._lost_providers or target.name in self._lost:
            return False
        window = target.context_window_tokens
        return self._window_over is None or window is None or window > self._window_over

    def _left_s(self) -> float:
        return self._is.policy.deadline_s - (self._is.clock() - self._began_s)

    # --- One target ---------------------------------------------------------------------------------------------------

    async def _try(self, target: Target, others: Sequence[Target]) -> _Found | Step:
        """The answer of a target, or how to go on: STOP, or ELSEWHERE."""
        without: tuple[str, ...] = ()
        tried = 0
        while True:
            if self._left_s() <= 0:
                self._failures.append(UpstreamFailure(FailureKind.TIMEOUT, 0, DEADLINE))
                return Step.STOP
            prepared = self._prepared(target, without)
            if prepared is None:
                return Step.ELSEWHERE
            if not self._is.breaker.allow(target.name):
                self._skip(target)
                return Step.ELSEWHERE
            found = await self._attempt(target, prepared, without)
            if not isinstance(found, UpstreamFailure):
                return found
            self._failures.append(found)
            step = step_after(found)
            if step is Step.WITHOUT and self._may_drop(found, without):
                assert found.parameter is not None
                without = (*without, found.parameter)
                self._failures.pop()  # nothing that the client need know: it goes on without
                continue
            if step is not Step.RETRY:
                return self._after(step, target, found)
            pause_s = self._pause_s(target, found, others, tried=tried)
            if pause_s is None:
                return Step.ELSEWHERE
            await self._is.sleep(pause_s)
            tried += 1

    def _may_drop(self, failure: UpstreamFailure, without: tuple[str, ...]) -> bool:
        return (
            self._is.policy.drop_refused_parameters
            and failure.parameter is not None
            and failure.parameter not in without
            and len(without) < MOST_DROPPED
        )

    def _after(self, step: Step, target: Target, failure: UpstreamFailure) -> Step:
        """Remember what the failure rules out."""
        if step is Step.OTHER_PROVIDER:
            self._lost_providers.add(target.provider)
        elif step is Step.LARGER:
            self._lost.add(target.name)
            window = target.context_window_tokens
            if window is not None:
                self._window_over = max(window, self._window_over or 0)
        elif step is Step.ELSEWHERE:
            self._lost.add(target.name)
        else:  # STOP, or a parameter that may not be dropped
            return Step.STOP
        return Step.ELSEWHERE

    def _pause_s(
        self, target: Target, failure: UpstreamFailure, others: Sequence[Target], *, tried: int
    ) -> float | None:
        """Seconds until the same target is tried again; None to go elsewhere.

        Another of the same tier is tried at once: waiting is only for where the way leads up to a dearer tier, or ends.
        """
        if tried >= self._is.policy.retries or any(other.tier == target.tier for other in others):
            return None
        pause_s = wait_s(failure, attempt=tried, settings=self._is.policy, rng=self._is.rng)
        return None if pause_s is None or pause_s >= self._left_s() else pause_s

    def _skip(self, target: Target) -> None:
        after_s = self._is.breaker.retry_after_s(target.name)
        message = f"{target.name} has failed several times in a row and is left alone for a while."
        self._failures.append(UpstreamFailure(FailureKind.OVERLOADED, 0, message, retry_after_s=after_s))
        self._record(target, self._is.clock(), status=0, kind=FailureKind.OVERLOADED, skipped=True)

    # --- One attempt --------------------------------------------------------------------------------------------------

    async def _attempt(self, target: Target, prepared: Prepared, without: tuple[str, ...]) -> _Found | UpstreamFailure:
        started_s = self._is.clock()
        breaker = self._is.breaker
        try:
            found = await self._exchange(target, prepared, without)
        except BaseException:  # cancelled, or a defect: the probe is given back and the attempt shown either way
            breaker.release(target.name)
            self._record(target, started_s, status=0, kind=None)
            raise
        if isinstance(found, UpstreamFailure):
            self._record(target, started_s, status=found.status, kind=found.kind)
            if is_healthy(found):
                breaker.success(target.name)
            else:
                breaker.failure(target.name, at_once=opens_at_once(found), cooldown_s=found.retry_after_s)
            return found
        breaker.success(target.name)
        self._record(target, started_s, status=200, kind=None)
        return replace(found, attempts=tuple(self._attempts))

    def _prepared(self, target: Target, without: tuple[str, ...]) -> Prepared | None:
        """The request; None where this cannot be said to this target. Another may speak a dialect in which it can."""
        provider = self._is.providers.get(target.provider)
        if provider is None:
            message = f"The provider {target.provider} is not configured."
            self._cannot(target, FailureKind.NOT_FOUND, message)
            return None
        try:
            prepared = ADAPTERS[provider.adapter].prepare(
                provider, self._call, model=target.model, without=without, now_s=self._is.wall_clock()
            )
        except (RequestError, ValueError) as exc:
            self._cannot(target, FailureKind.BAD_REQUEST, str(exc))
            return None
        lacking = MUST_BE_SAID & set(prepared.dropped)
        if lacking:
            message = f"{target.provider} cannot be told: {', '.join(sorted(lacking))}."
            self._cannot(target, FailureKind.BAD_REQUEST, message)
            return None
        return prepared

    def _cannot(self, target: Target, kind: FailureKind, message: str) -> None:
        self._record(target, self._is.clock(), status=0, kind=kind, skipped=True)
        self._lost.add(target.name)
        self._unsayable.append(UpstreamFailure(kind, 0, message))

    async def _exchange(self, target: Target, prepared: Prepared, without: tuple[str, ...]) -> _Found | UpstreamFailure:
        exchange = Exchange(
            target=target,
            prepared=prepared,
            dialect=ADAPTERS[self._is.providers[target.provider].adapter].dialect,
            stream=self._call.stream,
            dropped=(*prepared.dropped, *without),
            policy=self._is.policy,
            clock=self._is.clock,
            wall_clock=self._is.wall_clock,
            on_end=lambda end: self._ended(target, end),
        )
        found = await exchange.run(self._is.transport, left_s=self._left_s())
        if not isinstance(found, UpstreamFailure):
            self._first_event_s = self._is.clock()
        return found

    # --- The account --------------------------------------------------------------------------------------------------

    def _record(
        self, target: Target, started_s: float, *, status: int, kind: FailureKind | None, skipped: bool = False
    ) -> None:
        duration_ms = (self._is.clock() - started_s) * 1e3
        self._attempts.append(Attempt(target, status, kind, started_s, duration_ms, skipped))

    def _ended(self, target: Target, end: StreamEnd) -> None:
        if end.failure is not None:
            self._is.breaker.failure(target.name)
        self.settle(target=target, usage=end.usage, finish=end.finish, failure=end.failure, cancelled=end.cancelled)

    def settle(
        self,
        *,
        target: Target | None = None,
        usage: Usage | None = None,
        finish: Finish | None = None,
        failure: UpstreamFailure | None = None,
        cancelled: bool = False,
    ) -> None:
        """Tell what the call came to, once."""
        on_settled, self._on_settled = self._on_settled, None
        if on_settled is None:
            return
        now_s = self._is.clock()
        first_ms = None if self._first_event_s is None else (self._first_event_s - self._began_s) * 1e3
        on_settled(
            Settlement(
                target=target,
                attempts=tuple(self._attempts),
                usage=usage,
                finish=finish,
                failure=failure,
                cancelled=cancelled,
                first_event_ms=first_ms,
                duration_ms=(now_s - self._began_s) * 1e3,
            )
        )
