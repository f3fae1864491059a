"""The table of dialects: how a provider's answers, streams and errors are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from router.dialects import openai_chat
from router.dialects.anthropic import answer as anthropic_answer
from router.dialects.anthropic import failure as anthropic_failure
from router.dialects.anthropic import stream as anthropic_stream
from router.dialects.bedrock import answer as bedrock_answer
from router.dialects.bedrock import failure as bedrock_failure
from router.dialects.bedrock import stream as bedrock_stream
from router.dialects.bedrock.eventstream import Frame, FrameReader
from router.dialects.conversation import Answer, Event, Failed, FailureKind, UpstreamFailure
from router.dialects.gemini import answer as gemini_answer
from router.dialects.gemini import failure as gemini_failure
from router.dialects.gemini import stream as gemini_stream
from router.providers.calls import Dialect
from router.types import JsonObject


class Reader(Protocol):
    """A stream's bytes in, events out; never raises."""

    def feed(self, data: bytes, /) -> list[Event]:
        """The events that the bytes complete."""

    def close(self) -> list[Event]:
        """The last events, once the provider closed the stream."""


class ReadFailure(Protocol):
    """Reads an error answer; never raises."""

    def __call__(self, status: int, headers: Mapping[str, str], body: bytes, *, now_s: float) -> UpstreamFailure:
        """now_s: Unix time."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How to read a provider. Model and request id are for dialects whose bodies say neither.

    read_answers: (body, model, request id) -> all answers, the first first; raises ValueError where there is none.
    reader: (model, request id) -> a reader of one stream.
    """

    read_answers: Callable[[JsonObject, str, str], tuple[Answer, ...]]
    reader: Callable[[str, str], Reader]
    read_failure: ReadFailure


class BedrockReader:
    """Event-stream frames, opened for wire's reader of what is in them."""

    def __init__(self, model: str, request_id: str) -> None:
        self._frames = FrameReader()
        self._reader = bedrock_stream.StreamReader(model=model, request_id=request_id)
        self._broken = False

    def feed(self, data: bytes, /) -> list[Event]:
        """The events of the frames that the bytes complete."""
        if self._broken:
            return []
        try:
            frames = self._frames.feed(data)
        except ValueError as exc:
            self._broken = True
            return [Failed(FailureKind.BROKEN_ANSWER, str(exc))]
        return [event for frame in frames for event in self._reader.feed(*_typed(frame), frame.payload)]

    def close(self) -> list[Event]:
        """A failure if the answer was not complete."""
        return [] if self._broken else self._reader.close()


def _typed(frame: Frame) -> tuple[str, str]:
    """(event type, message type) of a frame."""
    headers = frame.headers
    name = headers.get(":event-type") or headers.get(":exception-type") or headers.get(":error-code") or ""
    return name, headers.get(":message-type", "event")


CODECS: Mapping[Dialect, Codec] = {
    Dialect.OPENAI_CHAT: Codec(
        lambda body, _model, _id: openai_chat.read_answers(body),
        lambda _model, _id: openai_chat.StreamReader(),
        openai_chat.read_failure,
    ),
    Dialect.ANTHROPIC: Codec(
        lambda body, _model, _id: (anthropic_answer.read_answer(body),),
        lambda _model, _id: anthropic_stream.StreamReader(),
        anthropic_failure.read_failure,
    ),
    Dialect.GEMINI: Codec(
        lambda body, _model, _id: (gemini_answer.read_answer(body),),
        lambda _model, _id: gemini_stream.StreamReader(),
        gemini_failure.read_failure,
    ),
    Dialect.BEDROCK: Codec(
        lambda body, model, request_id: (bedrock_answer.read_answer(body, model=model, request_id=request_id),),
        BedrockReader,
        bedrock_failure.read_failure,
    ),
}
