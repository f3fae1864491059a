"""Forwarder: read, decide, dispatch, write. It holds no state of a request."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from urllib.parse import quote

from router.core import Router
from router.decision import RouteDecision
from router.dialects.conversation import Conversation, FailureKind
from router.dialects.route_body import decision_headers, route_request_of
from router.dialects.row import JSON, AnswerInfo, ClientDialect
from router.dialects.seen import seen
from router.dialects.shared.prepared import Call
from router.dialects.shared.stream import StreamWriter
from router.dialects.table import passed_headers as headers_to_pass
from router.errors import RequestError
from router.forward.cascade import Climbed, buffered, can_climb, climb, done_within, escalation_headers
from router.forward.plan import plan_of
from router.forward.relay import relay
from router.jsontext import encode_json
from router.policy import Limits
from router.policy.pins import POLICY_PREFIX, TIER_PREFIX, find_model
from router.providers.calls import Answered, Attempt, Exhausted, Settlement
from router.providers.dispatch import Dispatcher
from router.providers.exchange import Opened
from router.types import ChatRequest, JsonObject, Reason, RouteRequest

LOG = logging.getLogger("tierwise.calls")

STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}

OUR_FIELDS = ("router",)
"""Members of a body that are for us: no provider lacks them."""

LARGE_BYTES = 64 * 1024
"""Of a body; deciding on a larger one takes so long that other streams would stand still meanwhile."""

LONGEST_RETRY_AFTER_S = 86_400.0
MOST_ATTEMPTS_SHOWN = 20
LONGEST_DROPPED = 1_000
"""Characters of `x-router-dropped`: field names are the client's, and clients' limits on headers are small."""


class UnknownModel(RequestError):
    """The body names a model that is not configured."""

    status = 404
    type = "not_found_error"

    def __init__(self, name: str, known: str) -> None:
        super().__init__(
            f"model: {name[:100]!r} is not configured here. Ask for auto, {known}, or set unknown_models = "
            '"auto" in [server].',
            field="model",
            code="model_not_found",
        )


class NoProvider(RequestError):
    """The caller asked for tiers, or a model, that no provider with a key serves."""

    status = 503
    type = "api_error"
    headers = MappingProxyType({"x-should-retry": "false"})  # a key does not appear while a client waits

    def __init__(self, model: str) -> None:
        super().__init__(
            f"no provider of {model}, or of a model that may stand in, has a key here; see GET /readyz.",
            code="no_provider",
        )


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An answer to send. body: whole, or piece by piece.

    close: ends what the pieces come from, also where none was ever taken: a generator then runs no `finally`.
    """

    status: int
    media_type: str
    headers: Mapping[str, str]
    body: bytes | AsyncGenerator[bytes, None] = field(repr=False)
    close: Callable[[], object] = field(default=lambda: None, repr=False)


class Forwarder:
    """Joins a router and a dispatcher. One a process."""

    def __init__(
        self,
        router: Router,
        dispatcher: Dispatcher,
        *,
        unknown_models: str,
        wall_clock: Callable[[], float],
    ) -> None:
        """unknown_models: `refuse` or `auto`, for names that are not configured.  wall_clock: Unix time."""
        self._router = router
        self._dispatcher = dispatcher
        self._unknown_models = unknown_models
        self._wall_clock = wall_clock
        # A table decides in a fifth of a millisecond; a network in several.
        self._decides_in_thread = router.bundle.brain.encoder.spec.kind != "static"

    async def forward(self, face: ClientDialect, body: JsonObject, raw: bytes, headers: Mapping[str, str]) -> Forwarded:
        """The answer to one request.

        body, raw: decoded and as it came.  headers: names in lower case.  Raises RequestError.
        """
        asked = face.read(body)
        stream = face.streams(body)
        if face.passed_to is None:
            asked = asked.translatable()  # no provider takes its bytes: what has no translation is refused at once
        request = route_request_of(body, seen(asked, raw=raw), headers=headers)
        passed = passed_headers(headers)
        self._check_model(request.chat)
        decision = await self._decide(request)
        plan = plan_of(
            decision.candidates,
            self._router.setup.models,
            self._dispatcher.providers,
            pinned=decision.reason is Reason.PINNED,
            reach=self._reach(request, decision),
            needs=request.chat.needs,
        )
        if not plan:
            raise NoProvider(decision.model)
        log = partial(_log, n_bytes=len(raw), stream=stream)
        call = Call(
            conversation=asked,
            stream=stream,
            dialect=face.passed_to,
            raw=raw if face.passed_to is not None else None,
            headers=passed,
        )
        cascade = self._router.settings.policies[decision.policy].cascade
        if cascade is not None and (conversation := _readable(asked)) and can_climb(conversation):
            climbing = climb(
                cascade,
                decision,
                call,
                dispatcher=self._dispatcher,
                tiers=self._router.setup.tiers,
                plan=plan,
                settle=log,
            )
            task = asyncio.create_task(climbing)
            task.add_done_callback(_look_at)
            return await self._cascaded(face, conversation, request.chat, decision, task)
        outcome = await self._dispatcher.dispatch(plan, call, on_settled=partial(log, decision))
        if isinstance(outcome, Exhausted):
            if _is_untranslatable(outcome.attempts):
                asked.translatable()  # no provider was called: none speaks the client's dialect
            return self._failed(face, decision, outcome)
        read = _NOT_READ if _is_passed_on(outcome) else asked.complete()
        return self._answered(face, read, request.chat, decision, outcome)

    def _reach(self, request: RouteRequest, decision: RouteDecision) -> tuple[str, ...]:
        """The tiers that may stand in for those of the decision: what caller and policy limit, they mean."""
        asked, setup = request.overrides, self._router.setup
        own = Limits(floor=asked.floor, ceiling=asked.ceiling, tiers=request.options.tiers).allowed(setup.tiers)
        named = Limits(tiers=setup.policies[decision.policy].limits.tiers).allowed(setup.tiers)
        return tuple(tier for tier in own if tier in named)

    async def _decide(self, request: RouteRequest) -> RouteDecision:
        if self._decides_in_thread or len(request.chat.raw) > LARGE_BYTES:
            return await asyncio.to_thread(self._router.route, request)
        return self._router.route(request)

    def _check_model(self, chat: ChatRequest) -> None:
        name, setup = chat.model, self._router.setup
        if name is None or self._unknown_models == "auto" or name == "auto":
            return
        if name.startswith((POLICY_PREFIX, TIER_PREFIX)) or len(find_model(name, setup)) == 1:
            return
        known = dict.fromkeys(spec.model for specs in setup.models.values() for spec in specs)
        raise UnknownModel(name, ", ".join((*(f"{TIER_PREFIX}{tier}" for tier in setup.tiers), *known)))

    def _told(self, chat: ChatRequest, decision: RouteDecision, model: str) -> AnswerInfo:
        return AnswerInfo(
            model=model,
            created_s=int(self._wall_clock()),
            request_id=decision.decision_id,
            input_tokens=self._router.estimated_input_tokens(chat),
        )

    def _answered(
        self,
        face: ClientDialect,
        conversation: Conversation,
        chat: ChatRequest,
        decision: RouteDecision,
        outcome: Answered | Opened,
    ) -> Forwarded:
        passed_on = _is_passed_on(outcome)
        unread = () if passed_on else tuple(name for name in conversation.dropped if name not in OUR_FIELDS)
        headers = answer_headers(decision, outcome.attempts, dropped=(*outcome.dropped, *unread))
        headers["x-router-served-by"] = quote(outcome.target.name, safe="/:@")
        headers |= outcome.headers
        told = self._told(chat, decision, outcome.target.name)
        if isinstance(outcome, Opened):
            headers |= STREAM_HEADERS
            writer = face.writer(conversation, told)
            pieces = relay(outcome.stream, writer, raw=passed_on and face.own_frames)
            return Forwarded(200, face.stream_type, headers, pieces, outcome.stream.close)
        written = outcome.raw
        if written is None:
            written = encode_json(face.write(outcome.answers, conversation, told))
        return Forwarded(200, JSON, headers, written)

    async def _cascaded(
        self,
        face: ClientDialect,
        conversation: Conversation,
        chat: ChatRequest,
        decision: RouteDecision,
        climbing: asyncio.Task[Climbed],
    ) -> Forwarded:
        """What a cascade came to. A stream for which that takes long begins before it is known, without its headers."""
        heartbeat_s = self._dispatcher.policy.heartbeat_s

        climbed = await done_within(climbing, heartbeat_s if conversation.stream else None)
        if climbed is None:
            headers: Mapping[str, str] = decision_headers(decision)
        elif isinstance(climbed.outcome, Exhausted):
            return self._failed(face, climbed.decision, climbed.outcome)
        else:
            answer = self._answered(face, conversation, chat, climbed.decision, climbed.outcome)
            headers = {**answer.headers, **escalation_headers(climbed)}
            if not conversation.stream:
                return replace(answer, headers=headers)

        def writer(model: str) -> StreamWriter:
            return face.writer(conversation, self._told(chat, decision, model))

        body = buffered(climbing, heartbeat_s=heartbeat_s, writer=writer, model=decision.model)
        return Forwarded(200, face.stream_type, {**headers, **STREAM_HEADERS}, body, climbing.cancel)

    def _failed(self, face: ClientDialect, decision: RouteDecision, outcome: Exhausted) -> Forwarded:
        failure = outcome.failure
        headers = answer_headers(decision, outcome.attempts, dropped=())
        headers["x-should-retry"] = "false"  # we tried already; the client's own retries would multiply ours
        if failure.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(min(failure.retry_after_s, LONGEST_RETRY_AFTER_S)))
        return Forwarded(face.failure_status(failure), JSON, headers, encode_json(face.write_failure(failure)))


_NOT_READ = Conversation(turns=())
"""Where a provider's own bytes go back, nobody looks at what was asked."""


def _is_passed_on(outcome: Answered | Opened) -> bool:
    return outcome.passthrough if isinstance(outcome, Opened) else outcome.raw is not None


def _look_at(task: asyncio.Task[Climbed]) -> None:
    """Where the client has left, nobody fetches a defect, and asyncio would log it with its text."""
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


def passed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The client's headers that go to a provider of its dialect. Raises RequestError for one that cannot be sent."""
    passed = {name: headers[name] for name in headers_to_pass() if name in headers}
    for name, value in passed.items():
        if not value.isascii() or not value.isprintable():
            raise RequestError(f"{name}: expected printable ASCII.", field=name, code="invalid_header")
    return passed


def answer_headers(
    decision: RouteDecision, attempts: tuple[Attempt, ...], *, dropped: tuple[str, ...]
) -> dict[str, str]:
    """What was decided, tried and left out, as `x-router-*` headers."""
    headers = decision_headers(decision)
    headers["x-router-attempts"] = ", ".join(
        f"{quote(one.target.name, safe='/:@')}={one.kind or one.status}" for one in attempts[:MOST_ATTEMPTS_SHOWN]
    )
    if dropped:
        names = quote(", ".join(dict.fromkeys(dropped))[:LONGEST_DROPPED], safe=", .[]()", errors="replace")
        headers["x-router-dropped"] = names[:LONGEST_DROPPED].strip()
    return headers


def _log(decision: RouteDecision, end: Settlement, *, n_bytes: int, stream: bool) -> None:
    """One line a call: ids, sizes, times; never text."""
    if not LOG.isEnabledFor(logging.INFO):
        return
    usage = end.usage
    LOG.info(
        "call",
        extra={
            "call": {
                "decision_id": decision.decision_id,
                "tier": decision.tier,
                "reason": decision.reason.value,
                "stream": stream,
                "body_bytes": n_bytes,
                "served_by": None if end.target is None else end.target.name,
                "attempts": len(end.attempts),
                "failure": None if end.failure is None else end.failure.kind.value,
                "finish": None if end.finish is None else end.finish.value,
                "cancelled": end.cancelled,
                "input_tokens": None if usage is None else usage.input_tokens,
                "output_tokens": None if usage is None else usage.output_tokens,
                "first_event_ms": end.first_event_ms,
                "duration_ms": end.duration_ms,
            }
        },
    )
