"""One request to one provider: from what is sent to an answer, a stream that has begun, or a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from router.dialects.conversation import FailureKind, Finish, UpstreamFailure
from router.dialects.row import ProviderDialect
from router.dialects.shared.prepared import Prepared
from router.dialects.shared.provider import HttpRequest
from router.dialects.shared.signatures import answer_without_signatures
from router.dialects.table import provider
from router.jsontext import decode_json
from router.providers.calls import Answered, Attempt, client_headers
from router.providers.retry import DispatchSettings
from router.providers.seen import EMPTY, MALFORMED, Seen, is_empty
from router.providers.stream import AnswerStream
from router.providers.transport import Reply, UpstreamBroke
from router.types import Dialect, Target

MAX_FAILURE_BYTES = 64 * 1024
"""Of an error answer; more is not read."""

DEADLINE = "The deadline of all attempts has passed."


class Opens(Protocol):
    """What sends requests."""

    async def open(self, request: HttpRequest, *, within_s: float) -> Reply:
        """Send, and wait for headers. Raises UpstreamBroke."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream that has begun: from here on no other target is tried.

    passthrough: pieces carry the provider's own bytes.  dropped, headers: as of Answered.
    """

    target: Target
    attempts: tuple[Attempt, ...]
    stream: AnswerStream
    passthrough: bool
    dropped: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


Found = Answered | Opened | UpstreamFailure


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange with a provider, and how its answer is read.

    dialect: of the provider.  stream: whether a stream was asked for.  dropped: as of Answered.
    clock: seconds, monotonic.  wall_clock: Unix time.  seen: filled with what comes.
    on_end: called once when a stream that has begun ends, with whether the consumer left before its end.
    """

    target: Target
    prepared: Prepared
    dialect: Dialect
    stream: bool
    dropped: tuple[str, ...]
    policy: DispatchSettings
    clock: Callable[[], float]
    wall_clock: Callable[[], float]
    seen: Seen
    on_end: Callable[[bool], None]

    @property
    def _reads(self) -> ProviderDialect:
        return provider(self.dialect)

    async def run(self, transport: Opens, *, left_s: float) -> Found:
        """Send, and read the answer, or a stream until it can be committed to.

        left_s: seconds until all of it must be over, streams excepted, once they have begun.
        """
        sent_s = self.clock()
        patience_s = self.policy.first_event_s if self.stream else self.policy.whole_answer_s
        reply: Reply | None = None
        try:
            async with asyncio.timeout(left_s):
                reply = await transport.open(self.prepared.request, within_s=min(patience_s, left_s))
                if self.stream:
                    patience_s -= self.clock() - sent_s
                    return await self._streamed(reply, within_s=patience_s)
                return await self._whole(reply)
        except UpstreamBroke as exc:
            return UpstreamFailure(exc.kind, 0 if reply is None else reply.status, exc.message)
        except TimeoutError:
            return UpstreamFailure(FailureKind.TIMEOUT, 0, DEADLINE)

    async def _whole(self, reply: Reply) -> Answered | UpstreamFailure:
        try:
            limit = self.policy.max_answer_bytes if _is_fine(reply) else MAX_FAILURE_BYTES
            body = await self._body(reply, limit)
        finally:
            await reply.aclose()
        if not _is_fine(reply):
            return self._refusal(reply, body)
        value = _object(body)
        if value is None or value.get("error"):
            return self._not_an_answer(reply, body, value)
        try:
            answers = self._reads.read_answers(value, self.target.model, reply.headers.get("x-amzn-requestid", ""))
        except ValueError as exc:
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, str(exc)[:200])
        first, seen = answers[0], self.seen
        seen.answers, seen.usage, seen.finish, seen.started = answers, first.usage, first.finish, True
        if first.finish is Finish.BROKEN:
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, MALFORMED)
        if not first.parts and is_empty(first.finish, first.usage):
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, EMPTY)
        headers = client_headers(reply.headers, same_dialect=self.prepared.passthrough)
        if self.prepared.passthrough:
            return Answered(self.target, (), answers, body, self.dropped, headers)
        unsigned = tuple(answer_without_signatures(one) for one in answers)
        return Answered(self.target, (), unsigned, None, self.dropped, headers)

    async def _body(self, reply: Reply, limit_bytes: int) -> bytes:
        """The body; of an error answer, b"" where it breaks off."""
        try:
            return await reply.read(limit_bytes=limit_bytes, between_bytes_s=self.policy.between_bytes_s)
        except UpstreamBroke:
            if _is_fine(reply):
                raise
            return b""

    async def _streamed(self, reply: Reply, *, within_s: float) -> Opened | UpstreamFailure:
        if not _is_fine(reply) or _is_document(reply):
            try:
                body = await self._body(reply, MAX_FAILURE_BYTES)
            finally:
                await reply.aclose()
            if not _is_fine(reply):
                return self._refusal(reply, body)
            return self._not_an_answer(reply, body, _object(body))
        stream = AnswerStream(
            reply,
            self._reads.reader(self.target.model, reply.headers.get("x-amzn-requestid", "")),
            self.seen,
            passthrough=self.prepared.passthrough,
            dialect=self.dialect,
            hide_usage=self.prepared.hide_usage,
            settings=self.policy,
            on_end=self.on_end,
        )
        try:
            failure = await stream.prime(within_s=within_s)
        except BaseException:  # cancelled, or a defect: the stream has no reader, so its connection is closed
            stream.abandon()
            raise
        if failure is not None:
            stream.abandon()
            await stream.closed()
            return failure
        headers = client_headers(reply.headers, same_dialect=self.prepared.passthrough)
        return Opened(self.target, (), stream, self.prepared.passthrough, self.dropped, headers)

    def _refusal(self, reply: Reply, body: bytes) -> UpstreamFailure:
        if 300 <= reply.status < 400:
            message = f"The provider redirects (status {reply.status}), which is not followed: see its base_url."
            return UpstreamFailure(FailureKind.NOT_FOUND, reply.status, message)
        return self._reads.read_failure(reply.status, reply.headers, body, now_s=self.wall_clock())

    def _not_an_answer(self, reply: Reply, body: bytes, value: dict[str, Any] | None) -> UpstreamFailure:
        """A 200 that holds an error, or no answer."""
        if value is not None and value.get("error"):
            return self._reads.read_failure(reply.status, reply.headers, body, now_s=self.wall_clock())
        kind = reply.headers.get("content-type", "")[:80] or "no content type"
        message = EMPTY if not body.strip() else f"The provider's answer is not what was asked for ({kind})."
        return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, message)


def _is_fine(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def _is_document(reply: Reply) -> bool:
    """Whether the content type rules out a stream. Without one, or with text/plain, it may still be a stream."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/json", "text/html", "application/xml", "text/xml")


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = decode_json(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
