"""Forwarder: read, decide, dispatch, write. It holds no state of a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from router.account import Accounts, Caller, Origin
from router.core import Router
from router.decision import RouteDecision
from router.dialects.conversation import Conversation, FailureKind
from router.dialects.route_body import decision_headers, route_request_of
from router.dialects.row import JSON, AnswerInfo, ClientDialect
from router.dialects.seen import seen
from router.dialects.shared.prepared import OUR_FIELDS, Call
from router.dialects.shared.stream import StreamWriter
from router.errors import RequestError
from router.forward.cascade import CascadeResult, can_buffer, run_cascade
from router.forward.headers import (
    STREAM_HEADERS,
    answer_headers,
    cascade_headers,
    failure_headers,
    provider_headers,
    served_by_header,
    usage_header,
)
from router.forward.hops import onward
from router.forward.relay import done_within, relay, relay_whole
from router.jsontext import encode_json
from router.policy import Cascade, Plan
from router.providers.calls import Answered, Attempt, Exhausted
from router.providers.dispatch import Dispatcher
from router.providers.exchange import Opened
from router.providers.transport import GOES_ROUND
from router.types import ChatRequest, JsonObject, RouteRequest

RETRIED_FROM = 429
"""The least HTTP status that clients answer with tries of their own, whatever `x-should-retry` says."""

LARGE_BYTES = 64 * 1024
"""Of a body; deciding on a larger one takes so long that other streams would wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An answer to send. body: complete, or piece by piece.

    close: ends the source of the pieces, also where none was taken: a generator then runs no `finally`.
    interrupt: as the service stops, what has not come becomes an error in the client's dialect.
    """

    status: int
    media_type: str
    headers: Mapping[str, str]
    body: bytes | AsyncGenerator[bytes, None] = field(repr=False)
    close: Callable[[], object] = field(default=lambda: None, repr=False)
    interrupt: Callable[[], object] = field(default=lambda: None, repr=False)


class Forwarder:
    """Joins a router and a dispatcher. One per process."""

    def __init__(
        self,
        router: Router,
        dispatcher: Dispatcher,
        accounts: Accounts,
        *,
        wall_clock: Callable[[], float],
        own_id: str,
    ) -> None:
        """accounts: receive every attempt.  wall_clock: Unix time.  own_id: of the service, for `hops`."""
        self._own_id = own_id
        self._router = router
        self._dispatcher = dispatcher
        self._accounts = accounts
        self._wall_clock = wall_clock
        # A table decides in a fifth of a millisecond; a network in several.
        self._decides_in_thread = router.bundle.brain.encoder.spec.kind != "static"

    async def forward(
        self, client: ClientDialect, body: JsonObject, raw: bytes, headers: Mapping[str, str], caller: Caller
    ) -> Forwarded:
        """The answer to one request.

        body, raw: decoded and as it came.  headers: names in lower case.  Raises RequestError.
        """
        asked = client.read(body)
        stream = client.streams(body)
        if client.passed_to is None:
            asked = asked.translatable()  # no provider takes its bytes: what has no translation is refused at once
        request = route_request_of(body, seen(asked, raw=raw), headers=headers)
        call = Call(
            conversation=asked,
            stream=stream,
            dialect=client.passed_to,
            raw=raw if client.passed_to is not None else None,
            headers=provider_headers(headers),
            input_tokens=partial(self._router.input_tokens, request.chat),
            body=body if client.passed_to is not None else None,
            hops=onward(headers, self._own_id),
        )
        plan = await self._plan(request)
        estimate = partial(self._router.estimated_input_tokens, request.chat)
        origin = Origin(plan.decision, caller, call, stream, len(raw), estimate)
        if plan.cascade is not None and (conversation := _readable(asked)) and can_buffer(conversation):
            return await self._cascaded(client, conversation, request.chat, plan, plan.cascade, origin)
        outcome = await self._dispatcher.dispatch(plan.targets, call, account=self._accounts.open(origin))
        if isinstance(outcome, Exhausted):
            if _is_untranslatable(outcome.attempts):
                asked.translatable()  # no provider was called: none speaks the client's dialect
            return self._failed(client, asked, request.chat, plan.decision, outcome)
        read = _NOT_READ if _is_passed_on(outcome) else asked.complete()
        return self._answered(client, read, request.chat, plan.decision, outcome)

    async def _plan(self, request: RouteRequest) -> Plan:
        plan = partial(self._router.plan, request, usable=self._dispatcher.providers)
        if self._decides_in_thread or len(request.chat.raw) > LARGE_BYTES:
            return await asyncio.to_thread(plan)
        return plan()

    def _answer_info(self, chat: ChatRequest, decision: RouteDecision, model: str) -> AnswerInfo:
        return AnswerInfo(
            model=model,
            created_s=int(self._wall_clock()),
            request_id=decision.decision_id,
            input_tokens=self._router.estimated_input_tokens(chat),
        )

    def _answered(
        self,
        client: ClientDialect,
        conversation: Conversation,
        chat: ChatRequest,
        decision: RouteDecision,
        outcome: Answered | Opened,
    ) -> Forwarded:
        passed_on = _is_passed_on(outcome)
        unread = () if passed_on else tuple(name for name in conversation.dropped if name not in OUR_FIELDS)
        headers = answer_headers(decision, outcome.attempts, dropped=(*outcome.dropped, *unread))
        headers |= served_by_header(outcome.target)
        headers |= outcome.headers
        info = self._answer_info(chat, decision, outcome.target.name)
        if isinstance(outcome, Opened):
            headers |= STREAM_HEADERS
            writer = client.writer(conversation, info)
            pieces = relay(outcome.stream, writer, raw=passed_on and client.own_frames)
            stream = outcome.stream
            return Forwarded(200, client.stream_type, headers, pieces, stream.close, stream.interrupt)
        written = outcome.raw
        if written is None:
            headers |= usage_header(outcome.answer.usage)
            written = encode_json(client.write(outcome.answers, conversation, info))
        return Forwarded(200, JSON, headers, written)

    async def _cascaded(
        self,
        client: ClientDialect,
        conversation: Conversation,
        chat: ChatRequest,
        plan: Plan,
        cascade: Cascade,
        origin: Origin,
    ) -> Forwarded:
        """The answer of a cascade. A stream for which that takes long begins earlier, without the cascade's headers."""
        running = asyncio.create_task(
            run_cascade(
                plan,
                cascade,
                origin=origin,
                dispatcher=self._dispatcher,
                accounts=self._accounts,
                tiers=self._router.setup.tiers,
            )
        )
        running.add_done_callback(_retrieve)
        heartbeat_s = self._dispatcher.policy.heartbeat_s
        result = await done_within(running, heartbeat_s if conversation.stream else None)
        if result is None:
            headers: Mapping[str, str] = decision_headers(plan.decision)
        elif isinstance(result.outcome, Exhausted):
            return self._failed(client, conversation, chat, result.decision, result.outcome)
        else:
            answer = self._answered(client, conversation, chat, result.decision, result.outcome)
            headers = {**answer.headers, **cascade_headers(result.rejected, result.findings)}
            if not conversation.stream:
                return replace(answer, headers=headers)

        def writer(model: str) -> StreamWriter:
            return client.writer(conversation, self._answer_info(chat, plan.decision, model))

        body = relay_whole(running, heartbeat_s=heartbeat_s, writer=writer, model=plan.decision.model)
        cancel = running.cancel
        return Forwarded(200, client.stream_type, {**headers, **STREAM_HEADERS}, body, cancel, cancel)

    def _failed(
        self,
        client: ClientDialect,
        asked: Conversation,
        chat: ChatRequest,
        decision: RouteDecision,
        outcome: Exhausted,
    ) -> Forwarded:
        failure = outcome.failure
        status = GOES_ROUND if failure.status == GOES_ROUND else client.failure_status(failure)
        headers = answer_headers(decision, outcome.attempts, dropped=()) | failure_headers(failure)
        if client.fails_in_stream and asked.complete().stream and status >= RETRIED_FROM:
            info = self._answer_info(chat, decision, decision.model)
            told = client.writer(asked.complete(), info).fail(failure)
            return Forwarded(200, client.stream_type, {**headers, **STREAM_HEADERS}, told)
        return Forwarded(status, JSON, headers, encode_json(client.write_failure(failure)))


_NOT_READ = Conversation(turns=())
"""Placeholder for pass-through answers: the request is not read."""


def _is_passed_on(outcome: Answered | Opened) -> bool:
    return outcome.passthrough if isinstance(outcome, Opened) else outcome.raw is not None


def _retrieve(task: asyncio.Task[CascadeResult]) -> None:
    """Retrieve the exception after a disconnect, or asyncio logs its text, which may quote the request."""
    if not task.cancelled():
        task.exception()


def _is_untranslatable(attempts: tuple[Attempt, ...]) -> bool:
    """Whether no provider was called, one of them because the request could not be written for it."""
    return all(one.skipped for one in attempts) and any(one.kind is FailureKind.BAD_REQUEST for one in attempts)


def _readable(asked: Conversation) -> Conversation | None:
    try:
        return asked.translatable()
    except RequestError:
        return None  # its answers cannot be checked either
