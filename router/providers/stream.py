"""A provider's stream on its way to a client, ended exactly once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from router.dialects.conversation import FailureKind, Finish, UpstreamFailure
from router.dialects.row import EventReader
from router.dialects.table import provider
from router.providers.calls import Piece
from router.providers.retry import DispatchSettings
from router.providers.seen import EMPTY, MALFORMED, Seen, is_empty
from router.providers.stream_reading import StreamReading
from router.providers.transport import Reply
from router.types import Dialect

HOLD_S = 5.0
"""How long the first events are held back for content, so that a failure until then can still go elsewhere."""


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
        names: Mapping[str, str],
        settings: DispatchSettings,
        on_end: Callable[[bool], None],
        input_tokens: Callable[[], int],
    ) -> None:
        """Start to read.

        seen: filled with what comes.  names: as in Prepared.
        input_tokens: estimates those of the request, where no usage comes.
        on_end: called once, at the end, at a failure or at `close`, with whether the consumer left before the end.
        """
        cut = provider(dialect).splitter() if passthrough else None
        self._reading = StreamReading(
            reply,
            reader,
            seen,
            cut=cut,
            hide_usage=hide_usage,
            names=names,
            settings=settings,
            input_tokens=input_tokens,
        )
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
            self._end(cancelled=self._reading.is_interrupted)
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Stop reading, close the connection, end the attempt. Does nothing the second time."""
        self._reading.task.cancel()
        self._end(cancelled=self._reading.seen.finish is None and self._reading.seen.failure is None)

    def interrupt(self) -> None:
        """As the service stops: an answer that is not complete ends in a failure, the last piece."""
        self._reading.interrupt()

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
