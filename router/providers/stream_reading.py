"""Reading a provider's stream: bytes in, pieces out, in a task of its own that closes the connection."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing

from router.dialects.conversation import Event, Failed, FailureKind, UpstreamFailure, UsageSeen
from router.dialects.row import EventReader, Splitter
from router.dialects.shared.names import own_names_in_bytes, own_names_in_events
from router.dialects.shared.signatures import events_without_signatures
from router.providers.calls import Piece
from router.providers.retry import DispatchSettings
from router.providers.seen import Seen
from router.providers.transport import Reply, UpstreamBroke

LOG = logging.getLogger(__name__)

_WITHOUT_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')

AFTER_FINISH_S = 2.0
"""How long usage is waited for once the answer is complete."""

READ_AHEAD = 2
"""Pieces that are read before the client has taken them."""

STOPPING = UpstreamFailure(
    FailureKind.ROUTER_BUSY, 0, "The router is stopping, and the answer is not complete. Send the request again."
)
"""What ends a stream that is not over when the service stops."""


class StreamReading:
    """Reads a provider's stream in a task of its own, and closes its connection.

    It holds no reference to the AnswerStream, so that one which is dropped without `close` is collected and noticed.
    """

    def __init__(
        self,
        reply: Reply,
        reader: EventReader,
        seen: Seen,
        *,
        cut: Splitter | None,
        hide_usage: bool,
        names: Mapping[str, str],
        settings: DispatchSettings,
        input_tokens: Callable[[], int],
    ) -> None:
        self.seen = seen
        self._input_tokens = input_tokens
        self._reply = reply
        self._reader = reader
        self._cut = cut
        self._hide_usage = hide_usage
        self._names = names
        self._settings = settings
        self._bytes_without_event = 0
        self._clock = asyncio.get_running_loop().time
        self._content_s = self._clock()  # when the last event came that is more than a sign of life
        self._queue: asyncio.Queue[Piece | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(READ_AHEAD)
        self.is_interrupted = False
        self._entered = False
        self._closing: asyncio.Task[None] | None = None
        self.task = asyncio.get_running_loop().create_task(self._pump(), name="provider stream")
        self.task.add_done_callback(self._close_if_never_started)

    async def take(self) -> Piece | None:
        """The next piece; None at the end, on every call."""
        piece = await self._queue.get()
        if piece is None:
            self._queue.put_nowait(None)
        self._room.release()
        return piece

    def interrupt(self) -> None:
        """Stop reading; an answer that is not complete ends in STOPPING. What was read is still given."""
        if self.seen.finish is None and self.seen.failure is None and not self.task.done():
            self.is_interrupted = True
        self.task.cancel()

    def _put_end(self) -> None:
        if self.is_interrupted:
            self._queue.put_nowait(Piece((Failed(STOPPING.kind, STOPPING.message),)))
        self._queue.put_nowait(None)

    async def _pump(self) -> None:
        self._entered = True
        try:
            await self._read_all()
        except UpstreamBroke as exc:
            await self._emit(self._failed(exc.kind, exc.message))
        except Exception as exc:  # our defect must not look like a clean end; its text may quote the answer
            LOG.error("reading a provider's stream: %s", type(exc).__name__)
            await self._emit(self._failed(FailureKind.BROKEN_ANSWER, "The stream could not be read."))
        finally:
            self._put_end()
            await self._reply.aclose()

    def _close_if_never_started(self, task: asyncio.Task[None]) -> None:
        """A task that is cancelled before its first step runs no `finally`."""
        if not self._entered:
            self._put_end()
            self._closing = task.get_loop().create_task(self._reply.aclose())

    async def _read_all(self) -> None:
        async with aclosing(self._reply.chunks(between_bytes_s=self._settings.between_bytes_s)) as chunks:
            while (chunk := await self._next_chunk(chunks)) is not None:
                await self._emit(self._read(chunk))
                if self.seen.failure is not None:
                    return
        await self._emit(self._read_end())

    async def _next_chunk(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        """The next bytes; None at the end. Once the answer is complete nothing that happens is a failure."""
        if self.seen.finish is None:
            return await anext(chunks, None)
        try:
            async with asyncio.timeout(AFTER_FINISH_S):
                return await anext(chunks, None)
        except (TimeoutError, UpstreamBroke):
            return None

    async def _emit(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            await self._room.acquire()
            self._queue.put_nowait(piece)

    def _read(self, chunk: bytes) -> list[Piece]:
        if self._cut is None:
            return self._translated(self._named(self._reader.feed(chunk)), len(chunk))
        try:
            frames = self._cut.feed(chunk)
        except ValueError as exc:
            return self._failed(FailureKind.BROKEN_ANSWER, str(exc))
        if self._names:
            frames = [own_names_in_bytes(frame, self._names) for frame in frames]
        return self._passed_on(frames, len(chunk))

    def _named(self, events: list[Event]) -> list[Event]:
        return own_names_in_events(events, self._names) if self._names else events

    def _read_end(self) -> list[Piece]:
        events: list[Event] = []
        last = b""
        if self._cut is not None:
            events = self._reader.feed(own_names_in_bytes(self._cut.rest(), self._names))
            last = self._cut.last()
        events = self._named(events + self._reader.close())
        self.seen.add(events)
        if self.seen.finish is not None:
            events += self.seen.left_out(self._input_tokens)
        failed = tuple(event for event in events if isinstance(event, Failed))
        if failed:
            return [Piece(failed)]
        if self._cut is not None:
            # Never half an event: what was cut off after the answer's end (usage, a marker) is left out.
            raw = self._shown(last, events) + self._reader.missing()
            return [Piece(tuple(events), raw)] if raw or events else []
        return [Piece(tuple(shown))] if (shown := events_without_signatures(events)) else []

    def _translated(self, events: list[Event], n_bytes: int) -> list[Piece]:
        self.seen.add(events)
        if stalled := self._stalled(events):
            return stalled
        if events:
            self._bytes_without_event = 0
            shown = events_without_signatures(events)
            return [Piece(tuple(shown))] if shown else []
        return self._too_long(n_bytes)

    def _passed_on(self, frames: list[bytes], n_bytes: int) -> list[Piece]:
        """The frames that are good, as one piece; a Failed event alone after them where one is not."""
        events: list[Event] = []
        raw: list[bytes] = []
        failed: list[Piece] = []
        for frame in frames:
            new = self._reader.feed(frame)
            bad = next((event for event in new if isinstance(event, Failed)), None)
            if bad is not None:
                failed = [Piece((bad,))]
                self.seen.add((bad,))
                break
            raw.append(self._reader.missing() + self._shown(frame, new))
            self.seen.add(new)
            events += new
        if frames:
            self._bytes_without_event = 0
            good = [Piece(tuple(events), b"".join(raw))] if events or raw else []
            return [*good, *(failed or self._stalled(events))]
        return self._too_long(n_bytes)

    def _shown(self, frame: bytes, events: list[Event]) -> bytes:
        """The frame; nothing of one that only holds usage, perhaps again, for which the client did not ask."""
        if not self._hide_usage or not all(isinstance(event, UsageSeen) for event in events):
            return frame
        is_usage = bool(events) and self.seen.finish is not None
        return b"" if is_usage or (b'"usage"' in frame and _WITHOUT_CHOICES.search(frame)) else frame

    def _stalled(self, events: list[Event]) -> list[Piece]:
        """A failure where nothing but signs of life came for too long: comments, pings, empty deltas, usage."""
        if self.seen.finish is not None or any(not isinstance(event, UsageSeen) for event in events):
            self._content_s = self._clock()
            return []
        limit_s = self._settings.between_content_s
        if self._clock() - self._content_s <= limit_s:
            return []
        return self._failed(FailureKind.TIMEOUT, f"The provider sent only signs of life for {limit_s:.3g} s.")

    def _too_long(self, n_bytes: int) -> list[Piece]:
        self._bytes_without_event += n_bytes
        limit = self._settings.max_event_bytes
        if self._bytes_without_event <= limit:
            return []
        return self._failed(FailureKind.BROKEN_ANSWER, f"More than {limit:,} bytes without one event in them.")

    def _failed(self, kind: FailureKind, message: str) -> list[Piece]:
        if self.seen.finish is not None:
            return []
        self.seen.failure = UpstreamFailure(kind, 200, message)
        return [Piece((Failed(kind, message),))]
