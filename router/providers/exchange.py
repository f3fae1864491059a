"""One request to one provider: from what is sent to an answer, a stream that has begun, or a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from router.dialects.conversation import Event, Failed, FailureKind, Finish, UpstreamFailure
from router.dialects.row import EventReader, ProviderDialect
from router.dialects.shared.names import own_names_in_answer, own_names_in_bytes
from router.dialects.shared.prepared import Prepared
from router.dialects.shared.provider import HttpRequest
from router.dialects.shared.secret import Secret, StreamHiding, hidden, without_keys
from router.dialects.shared.signatures import answer_without_signatures
from router.dialects.table import provider
from router.jsontext import decode_json
from router.providers.calls import Answered, Attempt, client_headers
from router.providers.retry import DispatchSettings
from router.providers.seen import EMPTY, MALFORMED, Seen, content_bytes, estimated, is_empty
from router.providers.stream import AnswerStream
from router.providers.transport import GOES_ROUND, Reply, UpstreamBroke
from router.types import Dialect, Target

MAX_FAILURE_BYTES = 64 * 1024
"""Of an error answer; more is not read."""

DEADLINE = "The deadline of all attempts has passed."


class Opens(Protocol):
    """What sends requests."""

    async def open(self, request: HttpRequest, *, within_s: float, hops: str) -> Reply:
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

    dialect: of the provider.  stream: whether a stream was asked for.  hops: as of Call.  dropped: as of Answered.
    clock: seconds, monotonic.  wall_clock: Unix time.  seen: filled with what comes.
    on_end: called once when a stream that has begun ends, with whether the consumer left before its end.
    input_tokens: estimates those of the request, where the provider reports no usage.
    """

    target: Target
    prepared: Prepared
    dialect: Dialect
    stream: bool
    hops: str
    dropped: tuple[str, ...]
    policy: DispatchSettings
    clock: Callable[[], float]
    wall_clock: Callable[[], float]
    seen: Seen
    on_end: Callable[[bool], None]
    input_tokens: Callable[[], int]

    @property
    def _reads(self) -> ProviderDialect:
        return provider(self.dialect)

    async def run(self, transport: Opens, *, left_s: float) -> Found:
        """Send, and read the answer, or a stream until it can be committed to. No failure quotes the key that was sent.

        left_s: seconds until all of it must be over, streams excepted, once they have begun.
        """
        found = await self._run(transport, left_s=left_s)
        return self._without_keys(found) if isinstance(found, UpstreamFailure) else found

    def _without_keys(self, failure: UpstreamFailure) -> UpstreamFailure:
        def shown(text: str | None) -> str | None:
            return None if text is None else self._hidden(text)

        own, parameter = failure.own, shown(failure.parameter)
        if own is not None:
            own = replace(own, type=shown(own.type), code=shown(own.code), param=shown(own.param))
        return replace(failure, message=self._hidden(failure.message), parameter=parameter, own=own)

    def _hidden(self, message: str) -> str:
        return hidden(message, self._secrets)

    @property
    def _secrets(self) -> list[Secret]:
        return [value for value in self.prepared.request.headers.values() if isinstance(value, Secret)]

    async def _run(self, transport: Opens, *, left_s: float) -> Found:
        sent_s = self.clock()
        patience_s = self.policy.first_event_s if self.stream else self.policy.whole_answer_s
        reply: Reply | None = None
        try:
            async with asyncio.timeout(left_s):
                reply = await transport.open(self.prepared.request, within_s=min(patience_s, left_s), hops=self.hops)
                if self.stream:
                    patience_s -= self.clock() - sent_s
                    return await self._streamed(reply, within_s=patience_s)
                return await self._whole(reply)
        except UpstreamBroke as exc:
            status = 0 if reply is None else reply.status
            return UpstreamFailure(exc.kind, status, exc.message, retry_after_s=exc.retry_after_s)
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
        body = without_keys(body, self._secrets)
        if self.prepared.passthrough and self._reads.corrected is not None:
            body = self._reads.corrected(body)
        if self.prepared.passthrough and self.prepared.names:
            body = own_names_in_bytes(body, self.prepared.names)
        value = _object(body)
        if value is None or _holds_error(value):
            return self._not_an_answer(reply, body, value)
        try:
            answers = self._reads.read_answers(value, self.target.model, reply.headers.get("x-amzn-requestid", ""))
        except ValueError as exc:
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, str(exc)[:200])
        if self.prepared.names:
            answers = tuple(own_names_in_answer(one, self.prepared.names) for one in answers)
        reported, seen = answers[0].usage, self.seen
        usage = estimated(reported, self.input_tokens, n_bytes=content_bytes(answers))
        answers = (replace(answers[0], usage=usage), *answers[1:])
        first = answers[0]
        seen.answers, seen.usage, seen.finish, seen.started = answers, first.usage, first.finish, True
        if first.finish is Finish.BROKEN:
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, MALFORMED)
        if not first.parts and is_empty(first.finish, reported):
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, EMPTY)
        headers = self._client_headers(reply)
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
            HidingReply(reply, self._secrets),
            Hiding(self._reads.reader(self.target.model, reply.headers.get("x-amzn-requestid", "")), self._hidden),
            self.seen,
            passthrough=self.prepared.passthrough,
            dialect=self.dialect,
            hide_usage=self.prepared.hide_usage,
            names=self.prepared.names,
            settings=self.policy,
            on_end=self.on_end,
            input_tokens=self.input_tokens,
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
        headers = self._client_headers(reply)
        return Opened(self.target, (), stream, self.prepared.passthrough, self.dropped, headers)

    def _client_headers(self, reply: Reply) -> dict[str, str]:
        kept = client_headers(reply.headers, same_dialect=self.prepared.passthrough)
        keys = self._secrets
        return {name: without_keys(value.encode(), keys).decode() for name, value in kept.items()}

    def _refusal(self, reply: Reply, body: bytes) -> UpstreamFailure:
        if 300 <= reply.status < 400:
            message = f"The provider redirects (status {reply.status}), which is not followed: see its base_url."
            return UpstreamFailure(FailureKind.NOT_FOUND, reply.status, message)
        failure = self._read_failure(reply, body)
        if reply.status == GOES_ROUND:  # no retry ends that, and each router of a circle would make its own
            return replace(failure, kind=FailureKind.NOT_FOUND)
        return failure

    def _read_failure(self, reply: Reply, body: bytes) -> UpstreamFailure:
        return self._reads.read_failure(
            reply.status, reply.headers, body, now_s=self.wall_clock(), vendor=self.target.provider
        )

    def _not_an_answer(self, reply: Reply, body: bytes, value: dict[str, Any] | None) -> UpstreamFailure:
        """A 200 that holds an error, or no answer."""
        if value is not None and _holds_error(value):
            return self._read_failure(reply, body)
        kind = reply.headers.get("content-type", "")[:80] or "no content type"
        message = EMPTY if not body.strip() else f"The provider's answer is not what was asked for ({kind})."
        return UpstreamFailure(FailureKind.BROKEN_ANSWER, reply.status, message)


def _is_fine(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def _is_document(reply: Reply) -> bool:
    """Whether the content type rules out a stream. Without one, or with text/plain, it may still be a stream."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/json", "text/html", "application/xml", "text/xml")


def _holds_error(value: dict[str, Any]) -> bool:
    """Whether a document is an error; MiniMax says so in a 200 with a status code of its own."""
    if value.get("error"):
        return True
    own = value.get("base_resp")
    return isinstance(own, dict) and bool(own.get("status_code"))


class HidingReply:
    """An answer whose stream does not quote the keys that were sent."""

    def __init__(self, reply: Reply, secrets: list[Secret]) -> None:
        """secrets: as sent."""
        self.status, self.headers = reply.status, reply.headers
        self._reply = reply
        self._secrets = secrets

    async def read(self, *, limit_bytes: int, between_bytes_s: float) -> bytes:
        """The whole body. Raises UpstreamBroke."""
        body = await self._reply.read(limit_bytes=limit_bytes, between_bytes_s=between_bytes_s)
        return without_keys(body, self._secrets)

    async def chunks(self, *, between_bytes_s: float) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises UpstreamBroke."""
        hiding = StreamHiding(self._secrets)
        async with aclosing(self._reply.chunks(between_bytes_s=between_bytes_s)) as chunks:
            async for chunk in chunks:
                yield hiding.feed(chunk)
        yield hiding.rest()

    async def aclose(self) -> None:
        """Give the connection back, or close it."""
        await self._reply.aclose()


class Hiding:
    """A stream's reader whose failures do not quote the key."""

    def __init__(self, reader: EventReader, hide: Callable[[str], str]) -> None:
        """hide: a message -> the message without the key."""
        self._reader = reader
        self._hide = hide

    def feed(self, data: bytes, /) -> list[Event]:
        """The events that the bytes complete."""
        return [self._hidden(event) for event in self._reader.feed(data)]

    def close(self) -> list[Event]:
        """The last events."""
        return [self._hidden(event) for event in self._reader.close()]

    def missing(self) -> bytes:
        """What a passed-on stream lacks to be whole."""
        return self._reader.missing()

    def _hidden(self, event: Event) -> Event:
        return replace(event, message=self._hide(event.message)) if isinstance(event, Failed) else event


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = decode_json(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
