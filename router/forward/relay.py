"""The bytes of a stream to a client: of a provider's stream as it comes, or of a cascade's answer once it is there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator

from router.dialects import conversation as c
from router.dialects.shared.stream import StreamWriter
from router.forward.cascade import CascadeResult
from router.providers.calls import Exhausted, Piece
from router.providers.stream import AnswerStream
from router.providers.stream_reading import STOPPING

LOG = logging.getLogger(__name__)

DEFECT = c.UpstreamFailure(c.FailureKind.SERVER, 0, "The answer could not be written.")


async def relay(stream: AnswerStream, writer: StreamWriter, *, raw: bool) -> AsyncGenerator[bytes, None]:
    """The bytes to send, as they come; the end or an error in the client's dialect.

    raw: the provider's own bytes are sent.
    Closing it closes the provider's connection and ends the attempt: `close` awaits nothing, so that it is done also
    when the client has disconnected and this generator is thrown away. A generator of which no byte was taken runs
    nothing of itself when it is closed: its owner closes the stream too.
    """
    try:
        async for piece in stream:
            if sent := _sent(piece, writer, raw=raw):
                yield sent
        if not raw and (end := writer.finish()):
            yield end
    except Exception as exc:  # our defect must not look like a clean end; its text may quote the answer
        LOG.error("writing a stream: %s", type(exc).__name__)
        yield writer.fail(DEFECT)
    finally:
        stream.close()


def _sent(piece: Piece, writer: StreamWriter, *, raw: bool) -> bytes:
    if piece.is_silence:
        return writer.keepalive()
    if raw and piece.raw is not None:
        return piece.raw
    events = [event for event in piece.events if isinstance(event, c.Failed)] if raw else piece.events
    return b"".join([writer.feed(event) for event in events])


async def relay_whole(
    running: asyncio.Task[CascadeResult], *, heartbeat_s: float, writer: Callable[[str], StreamWriter], model: str
) -> AsyncGenerator[bytes, None]:
    """A stream that sends keepalives until the cascade's answer is there, then all of it. Closing it ends the cascade.

    writer: for the answer of a model.  model: the one that is asked first, while none has answered.
    """
    waiting = writer(model)
    try:
        if not running.done():
            yield waiting.keepalive()
        while (result := await done_within(running, heartbeat_s)) is None:
            yield waiting.keepalive()
        outcome = result.outcome
        if isinstance(outcome, Exhausted):
            yield waiting.fail(outcome.failure)
        else:
            answering = writer(outcome.target.name)
            yield b"".join([*(answering.feed(event) for event in events_of(outcome.answer)), answering.finish()])
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is None or task.cancelling():
            raise  # the client has left
        yield waiting.fail(STOPPING)  # the cascade was ended, and this goes on
    except Exception as exc:  # our defect must not look like a clean end; its text may quote the answer
        LOG.error("writing a cascade's answer: %s", type(exc).__name__)
        yield waiting.fail(DEFECT)
    finally:
        running.cancel()


async def done_within(running: asyncio.Task[CascadeResult], seconds: float | None) -> CascadeResult | None:
    """The cascade's result; None where it takes longer. Being cancelled ends the cascade."""
    try:
        await asyncio.wait({running}, timeout=seconds)
    except BaseException:  # cancelled: the client has disconnected, and the cascade would go on spending
        running.cancel()
        raise
    return running.result() if running.done() else None


def events_of(answer: c.Answer) -> Iterator[c.Event]:
    """A complete answer as the events of a stream. Redacted thinking has no event and is dropped."""
    usage = answer.usage
    input_side = c.Usage(
        usage.input_tokens, cache_read_tokens=usage.cache_read_tokens, cache_write_tokens=usage.cache_write_tokens
    )
    yield c.Started(answer.id, answer.model, input_side)
    n_calls = 0
    for part in answer.parts:
        if isinstance(part, c.Text):
            yield c.TextDelta(part.text)
        elif isinstance(part, c.Thinking):
            if part.redacted is None:
                yield c.ThinkingDelta(part.text, part.signature)
        else:
            yield c.ToolCallStarted(n_calls, part.id, part.name)
            yield c.ToolCallDelta(n_calls, part.arguments)
            n_calls += 1
    yield c.UsageSeen(usage)
    yield c.Finished(answer.finish, answer.stop_sequence)
