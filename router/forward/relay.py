"""A provider's stream to a client's bytes."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator

from router.dialects.conversation import Failed, FailureKind, UpstreamFailure
from router.dialects.shared.stream import StreamWriter
from router.providers.calls import Piece
from router.providers.stream import AnswerStream

LOG = logging.getLogger(__name__)


async def relay(stream: AnswerStream, writer: StreamWriter, *, raw: bool) -> AsyncGenerator[bytes, None]:
    """The bytes to send, as they come; the end or an error in the client's dialect.

    raw: the provider's own bytes are sent.
    Closing it closes the provider's connection and settles the account: `close` awaits nothing, so it is done also
    when the client has hung up and this generator is thrown away. Where no byte was asked for yet, closing a generator
    runs nothing of it: whoever throws it away closes the stream too.
    """
    try:
        async for piece in stream:
            if sent := _sent(piece, writer, raw=raw):
                yield sent
        if not raw and (end := writer.finish()):
            yield end
    except Exception as exc:  # a defect of ours must not look like a clean end; its text may hold what was said
        LOG.error("writing a stream: %s", type(exc).__name__)
        yield writer.fail(UpstreamFailure(FailureKind.SERVER, 0, "The answer could not be written."))
    finally:
        stream.close()


def _sent(piece: Piece, writer: StreamWriter, *, raw: bool) -> bytes:
    if piece.is_silence:
        return writer.keepalive()
    if raw and piece.raw is not None:
        return piece.raw
    events = [event for event in piece.events if isinstance(event, Failed)] if raw else piece.events
    return b"".join([writer.feed(event) for event in events])
