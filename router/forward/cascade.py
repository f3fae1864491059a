"""A cascade: answer at the tier that was decided, check the answer, ask the next tier up where a check fails.

Every dispatch has an account of its own. The last answer is returned, whatever the checks find: a rejected answer is
better than none. What is streamed to a client is buffered first, as a rejected beginning could not be taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

from router.account import Accounts, CallAccount, Origin, Purpose
from router.decision import RouteDecision
from router.dialects.conversation import Conversation
from router.dialects.shared.json_edit import edit
from router.dialects.shared.prepared import Call, conversation_of
from router.forward.checks import Finding, findings_of
from router.forward.judge import estimated_tokens, judge_conversation, says_fail
from router.policy import Cascade, Judge, Plan
from router.providers.calls import Account, Answered, Attempt, Exhausted
from router.providers.dispatch import Dispatcher
from router.providers.exchange import Opened
from router.types import Reason, Target

T = TypeVar("T")
_Step: TypeAlias = tuple[RouteDecision, Sequence[Target]]


@dataclass(frozen=True, slots=True)
class CascadeResult:
    """The end of a cascade.

    decision: that of the answer which is returned; its reason is `escalated` where it is not the first tier's.
    outcome: with the attempts of all tiers and of the judge.
    rejected: tier and findings of each answer after which a stronger tier was asked.
    findings: of the returned answer.
    """

    decision: RouteDecision
    outcome: Answered | Exhausted
    rejected: tuple[tuple[str, tuple[Finding, ...]], ...] = ()
    findings: tuple[Finding, ...] = ()


def can_buffer(conversation: Conversation) -> bool:
    """Whether an answer can be held back: several at once cannot be written as a stream."""
    return not (conversation.stream and conversation.n > 1)


async def run_cascade(
    plan: Plan, cascade: Cascade, *, origin: Origin, dispatcher: Dispatcher, accounts: Accounts, tiers: Sequence[str]
) -> CascadeResult:
    """The first answer that passes the checks, or the last one.

    origin: its request has a conversation.  tiers: cheap to strong.
    All attempts share the deadline of one call.
    """
    return await _Run(plan, cascade, origin, dispatcher, accounts, tiers).run()


class _Run:
    """One call on its way up the tiers."""

    def __init__(
        self,
        plan: Plan,
        cascade: Cascade,
        origin: Origin,
        dispatcher: Dispatcher,
        accounts: Accounts,
        tiers: Sequence[str],
    ) -> None:
        self._plan = plan
        self._cascade = cascade
        self._origin = origin
        self._call = whole(origin.request)
        self._conversation = conversation_of(self._call)
        self._dispatcher = dispatcher
        self._accounts = accounts
        self._rank = {tier: rank for rank, tier in enumerate(tiers)}
        self._ends_s = dispatcher.clock() + dispatcher.policy.deadline_s
        self._attempts: list[Attempt] = []
        self._judging: CallAccount | None = None
        self._rejected: list[tuple[str, tuple[Finding, ...]]] = []

    async def run(self) -> CascadeResult:
        """From the decided tier upwards."""
        result: CascadeResult | None = None
        step: _Step | None = (self._plan.decision, self._plan.targets)
        while step is not None:
            decision, targets = step
            purpose = Purpose.ANSWER if result is None else Purpose.ESCALATION
            account = self._accounts.open(replace(self._origin, decision=decision), purpose, waits=True)
            try:
                asking = self._dispatched(targets, self._call, account)
                outcome = await (asking if result is None else self._in_time(asking))
                if result is not None:
                    if not isinstance(outcome, Answered):
                        break
                    decision = _answered_by(decision, outcome.target)
                assert outcome is not None, "dispatch itself ends at the deadline"
                result, step = await self._checked(decision, outcome)
                account.close(is_rejected=step is not None)
            finally:  # also where it was cancelled, or by a defect
                account.close()
                if self._judging is not None:
                    self._judging.close()
        assert result is not None, "there is a first step"
        outcome = replace(result.outcome, attempts=tuple(self._attempts))
        return replace(result, outcome=outcome, rejected=tuple(self._rejected))

    async def _checked(
        self, decision: RouteDecision, outcome: Answered | Exhausted
    ) -> tuple[CascadeResult, _Step | None]:
        """The answer with its findings, and the next step where it is rejected."""
        if isinstance(outcome, Exhausted):
            return CascadeResult(decision, outcome), None
        above = self._above(decision, outcome.target)
        findings = await self._findings(decision, outcome, is_last=above is None)
        if findings and above is not None:
            self._rejected.append((outcome.target.tier, findings))
        return CascadeResult(decision, outcome, findings=findings), above if findings else None

    async def _dispatched(self, targets: Sequence[Target], call: Call, account: Account) -> Answered | Exhausted:
        outcome = await self._dispatcher.dispatch(targets, call, account=account)
        assert not isinstance(outcome, Opened), "the call asks for no stream"
        self._attempts += outcome.attempts
        return outcome

    def _above(self, decision: RouteDecision, served: Target) -> _Step | None:
        """The step to the next tier up; None where no other may be asked."""
        if len(self._rejected) >= self._cascade.escalations or self._left_s() <= 0:
            return None
        callable_ones = [one for one in self._plan.targets if one.provider in self._dispatcher.providers]
        targets = [target for target in callable_ones if self._is_above(target.tier, served.tier)]
        if not targets:
            return None
        candidates = tuple(one for one in decision.candidates if self._is_above(one.tier, served.tier))
        escalated = replace(decision, candidates=candidates, reason=Reason.ESCALATED)
        return _answered_by(escalated, targets[0]), targets

    def _is_above(self, tier: str, other: str) -> bool:
        return self._rank[tier] > self._rank[other]

    def _left_s(self) -> float:
        return self._ends_s - self._dispatcher.clock()

    async def _in_time(self, asking: Coroutine[Any, Any, T]) -> T | None:
        """The result; None where the deadline comes first."""
        try:
            async with asyncio.timeout(self._left_s()):
                return await asking
        except TimeoutError:
            return None

    async def _findings(self, decision: RouteDecision, outcome: Answered, *, is_last: bool) -> tuple[Finding, ...]:
        """What is found in the answer; of several, nothing where one of them passes."""
        each = [
            findings_of(answer, self._conversation, checks=self._cascade.checks, self_check=self._cascade.self_check)
            for answer in outcome.answers
        ]
        if all(each):
            return each[0]
        judge = self._cascade.judge
        # A verdict from which nothing would follow is not paid for.
        return () if judge is None or is_last else await self._judged(judge, decision, outcome)

    async def _judged(self, judge: Judge, decision: RouteDecision, outcome: Answered) -> tuple[Finding, ...]:
        """The judge's finding. A judge that does not answer, or says neither word, finds nothing."""
        assert self._plan.judge is not None, "a cascade with a judge has a target for it"
        asked = judge_conversation(judge, self._conversation, outcome.answer)
        call = Call(asked, stream=False, input_tokens=partial(estimated_tokens, asked), hops=self._call.hops)
        origin = replace(self._origin, decision=decision, request=call, input_tokens=partial(estimated_tokens, asked))
        self._judging = self._accounts.open(origin, Purpose.JUDGE, waits=True)  # for the record of what it judges
        verdict = await self._in_time(self._dispatched([self._plan.judge], call, self._judging))
        return (Finding("judge", judge.model),) if isinstance(verdict, Answered) and says_fail(verdict.answer) else ()


def _answered_by(decision: RouteDecision, target: Target) -> RouteDecision:
    return replace(decision, tier=target.tier, model=target.name)


def whole(call: Call) -> Call:
    """The call for an answer that is not streamed; everything else of the body stays byte for byte."""
    if not call.stream:
        return call
    conversation = replace(conversation_of(call), stream=False, include_usage=False)
    raw = call.raw and edit(call.raw, remove=("stream", "stream_options"))
    return replace(call, conversation=conversation, raw=raw, stream=False)
