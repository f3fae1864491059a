"""A provider's stream on its way to a client: read by a task of its own, ended exactly once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from router.dialects.conversation import Event, Failed, FailureKind, Finish, UpstreamFailure, UsageSeen
from router.dialects.row import EventReader, Splitter
from router.dialects.shared.signatures import events_without_signatures
from router.dialects.table import provider
from router.providers.calls import Piece
from router.providers.retry import DispatchSettings
from router.providers.seen import EMPTY, MALFORMED, Seen, is_empty
from router.providers.transport import Reply, UpstreamBroke
from router.types import Dialect

LOG = logging.getLogger(__name__)

AFTER_FINISH_S = 2.0
"""How long usage is waited for once the answer is complete."""

HOLD_S = 5.0
"""How long the first events are held back for content, so that a failure until then can still go elsewhere."""

READ_AHEAD = 8
"""Pieces that are read before the client has taken them."""


class _Reading:
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
        settings: DispatchSettings,
    ) -> None:
        self.seen = seen
        self._reply = reply
        self._reader = reader
        self._cut = cut
        self._hide_usage = hide_usage
        self._settings = settings
        self._bytes_without_event = 0
        self._queue: asyncio.Queue[Piece | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(READ_AHEAD)
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
            self._queue.put_nowait(None)
            await self._reply.aclose()

    def _close_if_never_started(self, task: asyncio.Task[None]) -> None:
        """A task that is cancelled before its first step runs no `finally`."""
        if not self._entered:
            self._queue.put_nowait(None)
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
            return self._translated(self._reader.feed(chunk), len(chunk))
        try:
            frames = self._cut.feed(chunk)
        except ValueError as exc:
            return self._failed(FailureKind.BROKEN_ANSWER, str(exc))
        return self._passed_on(frames, len(chunk))

    def _read_end(self) -> list[Piece]:
        events = []
        rest = b"" if self._cut is None else self._cut.rest()
        if rest:
            events = self._reader.feed(rest)
        events += self._reader.close()
        self.seen.add(events)
        failed = tuple(event for event in events if isinstance(event, Failed))
        if failed:
            return [Piece(failed)]
        if self._cut is not None:
            return [Piece(tuple(events), rest)] if rest or events else []
        return [Piece(tuple(shown))] if (shown := events_without_signatures(events)) else []

    def _translated(self, events: list[Event], n_bytes: int) -> list[Piece]:
        self.seen.add(events)
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
            if not (self._hide_usage and new and self._is_only_usage(new)):
                raw.append(frame)
            self.seen.add(new)
            events += new
        if frames:
            self._bytes_without_event = 0
            good = [Piece(tuple(events), b"".join(raw))] if events or raw else []
            return [*good, *failed]
        return self._too_long(n_bytes)

    def _is_only_usage(self, events: list[Event]) -> bool:
        return self.seen.finish is not None and all(isinstance(event, UsageSeen) for event in events)

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


class AnswerStream:
    """An asynchronous iterator of pieces; `close` it when done with it, however that comes.

    A failure inside it is a Failed event, the last piece. `close` needs no await, so that it works in the `finally` of
    a task that is being cancelled; the connection is closed by the stream's own task.
    """

    def __init__(
        self,
        reply: Reply,
        reader: EventReader,
        seen: Seen,
        *,
        passthrough: bool,
        dialect: Dialect,
        hide_usage: bool,
        settings: DispatchSettings,
        on_end: Callable[[bool], None],
    ) -> None:
        """Start to read.

        seen: filled with what comes.  on_end: called once, at the end, at a failure or at `close`, with whether the
        consumer left before the end.
        """
        cut = provider(dialect).splitter() if passthrough else None
        self._reading = _Reading(reply, reader, seen, cut=cut, hide_usage=hide_usage, settings=settings)
        self._heartbeat_s = settings.heartbeat_s
        self._on_end: Callable[[bool], None] | None = on_end
        self._held: deque[Piece] = deque()
        self._over = False

    # --- For the consumer ---------------------------------------------------------------------------------------------

    def __aiter__(self) -> AnswerStream:
        return self

    async def __anext__(self) -> Piece:
        """The next piece; one that is silence after `heartbeat_s` of it.

        Cancelling it, as `asyncio.wait_for` does, closes the stream.
        """
        if self._held:
            return self._held.popleft()
        if self._over:
            raise StopAsyncIteration
        try:
            async with asyncio.timeout(self._heartbeat_s):
                piece = await self._reading.take()
        except TimeoutError:
            return Piece()
        except BaseException:  # cancelled: the connection and the attempt end here, whatever the consumer does next
            self.close()
            raise
        if piece is None:
            self._end(cancelled=False)
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Stop reading, close the connection, end the attempt. Does nothing the second time."""
        self._reading.task.cancel()
        self._end(cancelled=self._reading.seen.finish is None and self._reading.seen.failure is None)

    async def aclose(self) -> None:
        """`close`, and wait until the connection is closed."""
        self.close()
        await asyncio.wait({self._reading.task})

    def __del__(self) -> None:
        if self._on_end is not None and not self._reading.task.get_loop().is_closed():
            self.close()  # dropped without close

    # --- For dispatch -------------------------------------------------------------------------------------------------

    async def prime(self, *, within_s: float) -> UpstreamFailure | None:
        """Wait until the answer can be committed to; its failure if it cannot, and then `on_end` is not called.

        within_s: until the first event. Content may then take HOLD_S more: an answer that only thinks is committed to.
        """
        try:
            async with asyncio.timeout(within_s):
                while not (self._seen_held.started or self._is_decided()):
                    if not await self._hold():
                        break
        except TimeoutError:
            return UpstreamFailure(FailureKind.TIMEOUT, 0, f"No answer began within {within_s:.3g} s.")
        try:
            async with asyncio.timeout(HOLD_S):
                while not self._is_decided() and await self._hold():
                    pass
        except TimeoutError:
            return None
        return self._verdict()

    def abandon(self) -> None:
        """Close without `on_end`: dispatch ends the attempt itself."""
        self._on_end = None
        self._over = True
        self._reading.task.cancel()

    async def closed(self) -> None:
        """Wait until the connection is closed."""
        await asyncio.wait({self._reading.task})

    @property
    def _seen_held(self) -> Seen:
        seen = Seen()
        for piece in self._held:
            seen.add(piece.events)
        return seen

    def _is_decided(self) -> bool:
        seen = self._seen_held
        return seen.content or seen.failure is not None

    def _verdict(self) -> UpstreamFailure | None:
        seen = self._seen_held
        if seen.failure is not None and not seen.content:
            return seen.failure
        if seen.finish is Finish.BROKEN:
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, 200, MALFORMED)
        if not seen.content and is_empty(seen.finish, seen.usage):
            return UpstreamFailure(FailureKind.BROKEN_ANSWER, 200, EMPTY)
        return None

    async def _hold(self) -> bool:
        piece = await self._reading.take()
        if piece is None:
            return False
        self._held.append(piece)
        return True

    def _end(self, *, cancelled: bool) -> None:
        self._over = True
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(cancelled)
