"""A cascade: answer at the tier that was decided, check the answer, ask the next tier up where it is poor.

Every attempt is a call of its own, settled and logged with its usage. The last answer is returned, whatever it is: an
answer in hand is better than none. What is streamed to a client is buffered first, as a poor beginning could not be
taken back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from router.decision import RouteDecision
from router.dialects.conversation import (
    Answer,
    Conversation,
    Event,
    FailureKind,
    Finished,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    Turn,
    UpstreamFailure,
    Usage,
    UsageSeen,
)
from router.dialects.shared.json_edit import edit
from router.dialects.shared.prepared import Call, conversation_of
from router.dialects.shared.stream import StreamWriter
from router.forward.checks import Finding, calls_of, findings_of, last_ask, text_of
from router.jsontext import encode_json
from router.providers.calls import Answered, Attempt, Exhausted, Settlement, Target
from router.providers.dispatch import Dispatcher
from router.providers.exchange import Opened
from router.settings.cascade import Cascade, Judge
from router.types import Reason

LOG = logging.getLogger(__name__)

JUDGE_TIER = "judge"
"""What stands for the tier of a judge in attempts and accounts."""

Settle = Callable[[RouteDecision, Settlement], None]


@dataclass(frozen=True, slots=True)
class Climbed:
    """What a cascade came to.

    decision: that of the answer which is returned; its reason is `escalated` where it is not the first tier's.
    outcome: with the attempts of all tiers and of the judge.
    failed: tier and findings of each answer that a stronger tier was asked after.  findings: of the returned one.
    """

    decision: RouteDecision
    outcome: Answered | Exhausted
    failed: tuple[tuple[str, tuple[Finding, ...]], ...] = ()
    findings: tuple[Finding, ...] = ()


def can_climb(conversation: Conversation) -> bool:
    """Whether an answer can be held back: several at once cannot be written as a stream."""
    return not (conversation.stream and conversation.n > 1)


async def climb(
    cascade: Cascade,
    decision: RouteDecision,
    call: Call,
    *,
    dispatcher: Dispatcher,
    tiers: Sequence[str],
    plan: Sequence[Target],
    settle: Settle,
) -> Climbed:
    """The first answer in which nothing is found, or the last one.

    call: with its conversation.  tiers: cheap to strong.  plan: for the decision, with the stronger tiers.
    settle: called once an attempt with the decision that it was made for.
    All attempts have the one deadline of a call.
    """
    return await _Climb(cascade, whole(call), dispatcher, tiers, plan, settle).run(decision)


class _Climb:
    """One call on its way up."""

    def __init__(
        self,
        cascade: Cascade,
        call: Call,
        dispatcher: Dispatcher,
        tiers: Sequence[str],
        plan: Sequence[Target],
        settle: Settle,
    ) -> None:
        self._cascade = cascade
        self._conversation = conversation_of(call)
        self._call = call
        self._dispatcher = dispatcher
        self._rank = {tier: rank for rank, tier in enumerate(tiers)}
        self._plan = plan
        self._settle = settle
        self._ends_s = dispatcher.clock() + dispatcher.policy.deadline_s
        self._attempts: list[Attempt] = []
        self._failed: list[tuple[str, tuple[Finding, ...]]] = []

    async def run(self, decision: RouteDecision) -> Climbed:
        """From the decided tier upwards."""
        outcome = await self._ask(decision, self._plan, self._call)
        findings: tuple[Finding, ...] = ()
        while isinstance(outcome, Answered):
            above = self._above(decision, outcome.target)
            findings = await self._findings(decision, outcome, is_last=above is None)
            if not findings or above is None:
                break
            self._failed.append((outcome.target.tier, findings))
            better = await self._in_time(self._ask(*above, self._call))
            if not isinstance(better, Answered):
                break
            outcome, decision = better, _answered_by(above[0], better.target)
        outcome = replace(outcome, attempts=tuple(self._attempts))
        return Climbed(decision, outcome, tuple(self._failed), findings)

    def _above(self, decision: RouteDecision, served: Target) -> tuple[RouteDecision, Sequence[Target]] | None:
        """The decision and the plan for the next tier up; None where the way ends."""
        if len(self._failed) >= self._cascade.escalations or self._left_s() <= 0:
            return None
        plan = [target for target in self._plan if self._is_above(target.tier, served.tier)]
        if not plan:
            return None
        candidates = tuple(one for one in decision.candidates if self._is_above(one.tier, served.tier))
        escalated = replace(decision, candidates=candidates, reason=Reason.ESCALATED)
        return _answered_by(escalated, plan[0]), plan

    def _is_above(self, tier: str, other: str) -> bool:
        return self._rank[tier] > self._rank[other]

    def _left_s(self) -> float:
        return self._ends_s - self._dispatcher.clock()

    async def _ask(self, decision: RouteDecision, plan: Sequence[Target], call: Call) -> Answered | Exhausted:
        outcome = await self._dispatcher.dispatch(plan, call, on_settled=lambda end: self._settled(decision, end))
        assert not isinstance(outcome, Opened), "the call asks for no stream"
        return outcome

    def _settled(self, decision: RouteDecision, end: Settlement) -> None:
        self._attempts += end.attempts
        self._settle(decision, end)

    async def _in_time(self, asking: Coroutine[Any, Any, Answered | Exhausted]) -> Answered | Exhausted | None:
        """The outcome; None where the deadline came first."""
        try:
            async with asyncio.timeout(self._left_s()):
                return await asking
        except TimeoutError:
            return None

    async def _findings(self, decision: RouteDecision, outcome: Answered, *, is_last: bool) -> tuple[Finding, ...]:
        """What is found in the answer; of several, nothing where one of them is good."""
        each = [
            findings_of(answer, self._conversation, checks=self._cascade.checks, self_check=self._cascade.self_check)
            for answer in outcome.answers
        ]
        if not all(each):
            judge = self._cascade.judge
            # Nobody asks for a verdict from which nothing would follow.
            return () if judge is None or is_last else await self._judged(judge, decision, outcome)
        return each[0]

    async def _judged(self, judge: Judge, decision: RouteDecision, outcome: Answered) -> tuple[Finding, ...]:
        """The judge's finding. A judge that cannot be reached, or says neither, finds nothing."""
        call = Call(judge_conversation(judge, self._conversation, outcome.answer), stream=False)
        said = await self._in_time(self._ask(decision, [Target.of(JUDGE_TIER, judge.model)], call))
        return (Finding("judge", judge.model),) if isinstance(said, Answered) and says_fail(said.answer) else ()


def _answered_by(decision: RouteDecision, target: Target) -> RouteDecision:
    return replace(decision, tier=target.tier, model=target.name)


# --- The judge --------------------------------------------------------------------------------------------------------

LONGEST_SHOWN = 24_000
"""Characters of the ask and of the answer that a judge is shown."""


def judge_conversation(judge: Judge, conversation: Conversation, answer: Answer) -> Conversation:
    """What a judge is asked: the last ask and the answer, as data in JSON."""
    calls = [{"tool": call.name, "arguments": call.arguments[:LONGEST_SHOWN]} for call in calls_of(answer)]
    shown = {
        "request": last_ask(conversation)[-LONGEST_SHOWN:],
        "answer": text_of(answer)[:LONGEST_SHOWN],
        **({"tool_calls": calls} if calls else {}),
    }
    turns = (Turn("system", (Text(judge.prompt),)), Turn("user", (Text(encode_json(shown).decode()),)))
    return Conversation(turns=turns)


def says_fail(verdict: Answer) -> bool:
    """Whether the judge's first word is FAIL; whatever else it says."""
    words = text_of(verdict).split(maxsplit=1)
    return bool(words) and words[0].strip("*_`'\".,:;!").upper() == "FAIL"


# --- To the client ----------------------------------------------------------------------------------------------------


def whole(call: Call) -> Call:
    """The call for an answer that is not streamed; everything else of the body stays byte for byte."""
    if not call.stream:
        return call
    conversation = replace(conversation_of(call), stream=False, include_usage=False)
    raw = call.raw and edit(call.raw, remove=("stream", "stream_options"))
    return replace(call, conversation=conversation, raw=raw, stream=False)


def escalation_headers(climbed: Climbed) -> dict[str, str]:
    """`x-router-escalations: budget=refusal, production=json+schema`; `x-router-findings` of what is returned."""
    headers = {}
    if climbed.failed:
        told = (f"{quote(tier)}={_words(findings)}" for tier, findings in climbed.failed)
        headers["x-router-escalations"] = ", ".join(told)
    if climbed.findings:
        headers["x-router-findings"] = _words(climbed.findings)
    return headers


def _words(findings: Sequence[Finding]) -> str:
    return "+".join(dict.fromkeys(finding.check for finding in findings))


def events_of(answer: Answer) -> Iterator[Event]:
    """The whole answer as the events of a stream. Redacted thinking has no event and is left out."""
    yield Started(answer.id, answer.model, Usage(**_input_side(answer.usage)))
    n_calls = 0
    for part in answer.parts:
        if isinstance(part, Text):
            yield TextDelta(part.text)
        elif isinstance(part, Thinking):
            if part.redacted is None:
                yield ThinkingDelta(part.text, part.signature)
        else:
            yield ToolCallStarted(n_calls, part.id, part.name)
            yield ToolCallDelta(n_calls, part.arguments)
            n_calls += 1
    yield UsageSeen(answer.usage)
    yield Finished(answer.finish, answer.stop_sequence)


def _input_side(usage: Usage) -> dict[str, int]:
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens")
    return {name: getattr(usage, name) for name in names}


async def done_within(climbing: asyncio.Task[Climbed], seconds: float | None) -> Climbed | None:
    """What the cascade came to; None where it takes longer. Being cancelled ends it."""
    try:
        await asyncio.wait({climbing}, timeout=seconds)
    except BaseException:  # cancelled: the client is gone, and the cascade would spend for nobody
        climbing.cancel()
        raise
    return climbing.result() if climbing.done() else None


async def buffered(
    climbing: asyncio.Task[Climbed], *, heartbeat_s: float, writer: Callable[[str], StreamWriter], model: str
) -> AsyncGenerator[bytes, None]:
    """A stream that shows signs of life until the answer is there, and then is all of it. Closing it ends the cascade.

    writer: for the answer of a model.  model: the one that is asked first, while none has answered.
    """
    waiting = writer(model)
    try:
        if not climbing.done():
            yield waiting.keepalive()
        while (climbed := await done_within(climbing, heartbeat_s)) is None:
            yield waiting.keepalive()
        outcome = climbed.outcome
        if isinstance(outcome, Exhausted):
            yield waiting.fail(outcome.failure)
        else:
            yield _stream(outcome.answer, writer(outcome.target.name))
    except Exception as exc:  # a defect of ours must not look like a clean end; its text may hold what was said
        LOG.error("writing a cascade's answer: %s", type(exc).__name__)
        yield waiting.fail(UpstreamFailure(FailureKind.SERVER, 0, "The answer could not be written."))
    finally:
        climbing.cancel()


def _stream(answer: Answer, writer: StreamWriter) -> bytes:
    return b"".join([*(writer.feed(event) for event in events_of(answer)), writer.finish()])
