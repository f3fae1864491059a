"""From a plan to an answer: targets in order, retries, failover, one deadline, every attempt accounted for."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from router.dialects.conversation import FailureKind, UpstreamFailure
from router.dialects.shared.prepared import Call, Prepared, is_malformed
from router.dialects.shared.provider import Provider
from router.errors import RequestError
from router.providers.adapted import Changed, adapted
from router.providers.begun import BegunAttempt
from router.providers.breaker import Breaker
from router.providers.call_for import call_for
from router.providers.calls import Account, Answered, BreakerSaid, Exhausted
from router.providers.exchange import DEADLINE, Exchange, Opened, Opens
from router.providers.registry import no_provider_message
from router.providers.retry import DispatchSettings, Remedy, most_useful, remedy_for, wait_s
from router.providers.ruled_out import RuledOut
from router.providers.settling import Settling
from router.providers.ways import Way, Ways
from router.types import Target

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
        unset: Mapping[str, str],
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        rng: Callable[[], float],
    ) -> None:
        """Join the parts.

        unset: what to set for a provider that is not among `providers`, by name.
        clock: seconds, monotonic.  wall_clock: Unix time.  sleep: waits so many seconds.  rng: numbers in [0, 1).
        """
        self.providers = providers
        self.transport = transport
        self.policy = policy
        self.breaker = breaker
        self.unset = unset
        self.clock = clock
        self.wall_clock = wall_clock
        self.sleep = sleep
        self.rng = rng
        self.ways = Ways()

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


class _Run(Settling):
    """One dispatch on its way through a plan."""

    def __init__(self, dispatcher: Dispatcher, call: Call, account: Account) -> None:
        super().__init__(account, clock=dispatcher.clock, wall_clock=dispatcher.wall_clock)
        self._dispatcher = dispatcher
        self._call = call
        self._failures: list[UpstreamFailure] = []
        self._left_alone: list[UpstreamFailure] = []
        self._unsupported: list[UpstreamFailure] = []
        self._shut: list[Target] = []
        self._ruled_out = RuledOut()

    # --- Through the plan ---------------------------------------------------------------------------------------------

    async def through(self, plan: Sequence[Target]) -> Outcome:
        for place, target in enumerate(plan):
            if not self._ruled_out.allows(target):
                continue
            others = [other for other in plan[place + 1 :] if self._can(other) and other.name != target.name]
            found = await self._try(target, others)
            if isinstance(found, Answered | Opened):
                return found
            if found is Remedy.STOP:
                break
        else:
            if (last := await self._last_resort()) is not None:
                return last
        return Exhausted(self._failure(plan), tuple(self._attempts))

    async def _last_resort(self) -> _Found | None:
        """The answer of a model that is left alone, as no other is left: one is tried rather than none.

        One request at a time tries it; the others wait for what comes of that, as long as retries wait.
        """
        policy, breaker = self._dispatcher.policy, self._dispatcher.breaker
        for turn in range(policy.retries + 1):
            shut = sorted(
                filter(self._ruled_out.allows, self._shut), key=lambda target: breaker.retry_after_s(target.name)
            )
            for target in shut:
                n_tried = len(self._attempts)
                found = await self._try(target, (), is_last=True)
                if isinstance(found, Answered | Opened):
                    return found
                if len(self._attempts) > n_tried:
                    self._left_alone.clear()  # what came of the trial says more
                    return None
            pause_s = max(policy.base_wait_s, breaker.retry_after_s(shut[0].name)) if shut else math.inf
            if turn == policy.retries or pause_s > min(policy.longest_wait_s, self._left_s()):
                return None
            await self._dispatcher.sleep(pause_s)
        return None

    def _failure(self, plan: Sequence[Target]) -> UpstreamFailure:
        failures = [*self._failures, *self._left_alone] or self._unsupported
        if not failures:
            return UpstreamFailure(FailureKind.OVERLOADED, 0, "No configured provider can take this request.")
        if all(failure.kind is FailureKind.NO_KEY for failure in failures):
            names = [attempt.target.provider for attempt in self._attempts]
            return UpstreamFailure(FailureKind.NO_KEY, 0, no_provider_message(names, self._dispatcher.unset))
        told = most_useful(failures)
        if remedy_for(told) is not Remedy.RETRY:
            return told
        # A breaker that this very call has opened counts as well: the client's next try would only meet it.
        shut = [self._dispatcher.breaker.retry_after_s(target.name) for target in plan if self._can(target)]
        waits = [after_s for after_s in (*shut, told.retry_after_s or 0.0) if after_s > 0]
        return replace(told, retry_after_s=min(waits, default=told.retry_after_s))

    def _can(self, target: Target) -> bool:
        """Whether the target would be sent a request now."""
        return target.provider in self._dispatcher.providers and self._ruled_out.allows(target)

    def _left_s(self) -> float:
        return self._dispatcher.policy.deadline_s - (self._dispatcher.clock() - self._began_s)

    # --- One target ---------------------------------------------------------------------------------------------------

    async def _try(self, target: Target, others: Sequence[Target], *, is_last: bool = False) -> _Found | Remedy:
        """The answer of a target, or how to go on: STOP, or ELSEWHERE. is_last: it is tried although left alone."""
        call, lowered = call_for(self._call, target)
        changed, tried = Changed(), 0
        while True:
            if self._left_s() <= 0:
                self._failures.append(UpstreamFailure(FailureKind.TIMEOUT, 0, DEADLINE))
                return Remedy.STOP
            made = self._prepared(target, call, changed.without)
            stamp = None if made is None else self._stamp(target, is_last=is_last)
            if made is None or stamp is None:
                return Remedy.ELSEWHERE
            begun = self._begun(target, stamp)
            begun.breaker = "trial" if self._dispatcher.breaker.is_open(target.name) else None
            found = await self._attempt(begun, *made, (*lowered, *changed.names))
            if found is None:
                continue  # another of the provider's endpoints takes it
            if not isinstance(found, UpstreamFailure):
                return found
            again = adapted(found, call, changed) if self._dispatcher.policy.drop_refused_parameters else None
            if again is not None:  # the client need not know of the failure: the call goes on, and names the change
                call, changed = again
                continue
            self._failures.append(found)
            remedy = remedy_for(found)
            if remedy is not Remedy.RETRY:
                return self._after(remedy, target, found)
            pause_s = self._pause_s(target, found, others, tried=tried)
            if pause_s is None:
                return Remedy.ELSEWHERE
            await self._dispatcher.sleep(pause_s)
            tried += 1

    def _after(self, remedy: Remedy, target: Target, failure: UpstreamFailure) -> Remedy:
        """How to go on after a failure that no retry cures."""
        go_on = self._ruled_out.add(remedy, target, failure)
        is_final = failure.kind is FailureKind.BAD_REQUEST and is_malformed(self._call)
        return Remedy.STOP if is_final or remedy is Remedy.STOP else go_on

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

    def _stamp(self, target: Target, *, is_last: bool) -> int | None:
        """The breaker's stamp of an attempt; None where breaker or account forbid it, which is recorded as skipped."""
        breaker = self._dispatcher.breaker
        stamp = breaker.allow(target.name, anyway=is_last)
        if stamp is None:
            if not is_last:
                self._shut.append(target)
                message = f"{target.name} has failed several times in a row and is left alone for a while."
                after_s = breaker.retry_after_s(target.name)
                failure = UpstreamFailure(FailureKind.OVERLOADED, 0, message, retry_after_s=after_s)
                self._left_alone.append(failure)
                self._skip(target, failure.kind, "open")
            return None
        if (refusal := self._account.begins(target)) is not None:
            breaker.release(target.name, stamp)
            self._failures.append(refusal)
            self._skip(target, refusal.kind)
            return None
        return stamp

    def _skip(self, target: Target, kind: FailureKind, breaker: BreakerSaid | None = None) -> None:
        begun = self._begun(target)
        begun.breaker = breaker
        self._end(begun, status=0, kind=kind, skipped=True)

    def _prepared(self, target: Target, call: Call, without: tuple[str, ...]) -> tuple[Way, Prepared] | None:
        """The request; None where this target does not support it. Another may speak a dialect that does."""
        provider = self._dispatcher.providers.get(target.provider)
        if provider is None:
            self._skip_unsupported(target, FailureKind.NO_KEY, f"{target.provider} cannot be called")
            return None
        way = self._dispatcher.ways.way(provider, call, model=target.model)
        try:
            prepared = way.prepared(provider, model=target.model, without=without, now_s=self._dispatcher.wall_clock())
        except (RequestError, ValueError) as exc:
            self._skip_unsupported(target, FailureKind.BAD_REQUEST, str(exc))
            return None
        lacking = REQUIRED_PARAMETERS & set(prepared.dropped)
        if lacking:
            message = f"{target.provider} does not support: {', '.join(sorted(lacking))}."
            self._skip_unsupported(target, FailureKind.BAD_REQUEST, message)
            return None
        return way, prepared

    def _skip_unsupported(self, target: Target, kind: FailureKind, message: str) -> None:
        self._skip(target, kind)
        self._ruled_out.lose(target)
        self._unsupported.append(UpstreamFailure(kind, 0, message))

    # --- One attempt --------------------------------------------------------------------------------------------------

    async def _attempt(
        self, begun: BegunAttempt, way: Way, prepared: Prepared, changed: tuple[str, ...]
    ) -> _Found | UpstreamFailure | None:
        """The answer or the failure; None where the call is to go to the target another way."""
        breaker = self._dispatcher.breaker
        name = begun.target.name
        try:
            found = await self._exchange(begun, prepared, changed)
        except BaseException:  # cancelled, or a defect: the probe is given back and the attempt ends either way
            breaker.release(name, begun.stamp)
            self._end(begun, status=0, cancelled=True)
            raise
        if isinstance(found, UpstreamFailure):
            if self._learns(begun.target, way, found):
                begun.stamp = breaker.success(name, begun.stamp)
                self._end(begun, status=found.status, kind=found.kind)
                return None
            begun.failed(breaker, found, request=self._call.fingerprint)
            self._end(begun, status=found.status, kind=found.kind)
            return found
        begun.stamp = breaker.success(name, begun.stamp)
        begun.first_event_s = self._first_event_s = self._dispatcher.clock()
        if isinstance(found, Opened):
            begun.place = len(self._attempts)
            self._attempts.append(begun.attempt(self._first_event_s, status=200))
        else:
            self._end(begun, status=200)
        return replace(found, attempts=tuple(self._attempts))

    def _learns(self, target: Target, way: Way, failure: UpstreamFailure) -> bool:
        """Whether the failure says that another of the provider's endpoints takes the call."""
        provider = self._dispatcher.providers[target.provider]
        return self._dispatcher.ways.learns(provider, way, way.call, failure, model=target.model)

    async def _exchange(
        self, begun: BegunAttempt, prepared: Prepared, changed: tuple[str, ...]
    ) -> _Found | UpstreamFailure:
        dispatcher, target = self._dispatcher, begun.target
        exchange = Exchange(
            target=target,
            prepared=prepared,
            dialect=prepared.dialect,
            stream=self._call.stream,
            hops=self._call.hops,
            dropped=(*prepared.dropped, *changed),
            policy=dispatcher.policy,
            clock=dispatcher.clock,
            wall_clock=dispatcher.wall_clock,
            seen=begun.seen,
            on_end=lambda cancelled: self._stream_ended(begun, cancelled=cancelled),
            input_tokens=self._call.input_tokens,
        )
        return await exchange.run(dispatcher.transport, left_s=self._left_s())

    def _stream_ended(self, begun: BegunAttempt, *, cancelled: bool) -> None:
        failure = begun.seen.failure
        if failure is not None:
            begun.failed(self._dispatcher.breaker, failure, request=self._call.fingerprint)
        kind = None if failure is None else failure.kind
        last = self._end(begun, status=200, kind=kind, cancelled=cancelled)
        self.settle(last=last, failure=failure, cancelled=cancelled)
