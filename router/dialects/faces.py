"""The dialects that clients speak: how a request is read, and how answers, streams and failures are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from router.dialects import anthropic, gemini, openai_chat, openai_responses
from router.dialects.conversation import Answer, Conversation, Event, UpstreamFailure
from router.dialects.shared.fields import optional_bool
from router.providers.calls import Dialect as ProviderDialect
from router.types import Dialect, JsonObject

SSE = "text/event-stream"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Told:
    """What a client is told beside the answer. model: who answered.  created_s: Unix time.  input_tokens: estimated."""

    model: str
    created_s: int
    request_id: str
    input_tokens: int


class Writer(Protocol):
    """Events to the bytes of a stream."""

    def feed(self, event: Event, /) -> bytes:
        """The bytes of one event."""

    def finish(self) -> bytes:
        """The end of the stream; an error if the answer is not complete."""

    def keepalive(self) -> bytes:
        """Bytes that say nothing, for a silence."""

    def fail(self, failure: UpstreamFailure, /) -> bytes:
        """An error after the first byte."""


@dataclass(frozen=True, slots=True)
class Face:
    """One client dialect.

    dialect: in which errors are written.  same_as: the provider dialect whose bytes are the client's own; None where
        no provider's are.  streams: whether a stream is asked for.
    read: the body, for the decision and for translation; it raises RequestError where there is no text to decide on.
    stream_type: media type of a stream.
    own_frames: whether a provider that speaks the same also frames its streams the same, so that its bytes will do.
    """

    dialect: Dialect
    same_as: ProviderDialect | None
    streams: Callable[[JsonObject], bool]
    read: Callable[[JsonObject], Conversation]
    write: Callable[[Sequence[Answer], Conversation, Told], JsonObject]
    writer: Callable[[Conversation, Told], Writer]
    failure: Callable[[UpstreamFailure], JsonObject]
    status: Callable[[UpstreamFailure], int]
    stream_type: str = SSE
    own_frames: bool = True


def face_for(
    dialect: Dialect, body: JsonObject, *, model: str | None = None, stream: bool = False, as_array: bool = False
) -> Face:
    """The face of a dialect for one body.

    model, stream, as_array: of Gemini, whose path names the model and the kind of answer; without `alt=sse` a stream
    is one JSON array.
    """
    if dialect is Dialect.ANTHROPIC:
        return _ANTHROPIC
    if dialect is Dialect.GEMINI:
        return _gemini(model, stream=stream, as_array=as_array)
    if dialect is Dialect.OPENAI_RESPONSES:
        return _RESPONSES
    # Cursor sends `input` to the chat endpoint and wants chat back: such a body is nobody's own bytes.
    return _CHAT if "messages" in body or "input" not in body else _CURSOR


def _gemini(model: str | None, *, stream: bool, as_array: bool) -> Face:
    return Face(
        dialect=Dialect.GEMINI,
        same_as=ProviderDialect.GEMINI,
        streams=lambda _: stream,
        read=partial(gemini.read_request, model=model, stream=stream),
        write=lambda answers, _, told: gemini.write_answer(answers[0], model=told.model),
        writer=lambda _, told: gemini.StreamWriter(told.model, as_array=as_array),
        failure=gemini.write_failure,
        status=gemini.error_status,
        stream_type=JSON if as_array else SSE,
        own_frames=not as_array,
    )


def _streams(body: JsonObject) -> bool:
    return optional_bool(body, "stream", default=False)


def _openai_status(failure: UpstreamFailure) -> int:
    """OpenAI's clients know no 529; 503 is retried alike."""
    status = anthropic.error_status(failure)
    return 503 if status == 529 else status


def _responses_answer(answers: Sequence[Answer], conversation: Conversation, told: Told) -> JsonObject:
    free_text = openai_responses.free_text_tools(conversation)
    return openai_responses.write_answer(answers[0], model=told.model, created_s=told.created_s, free_text=free_text)


_CHAT = Face(
    dialect=Dialect.OPENAI_CHAT,
    same_as=ProviderDialect.OPENAI_CHAT,
    streams=_streams,
    read=openai_chat.read_request,
    write=lambda answers, _, told: openai_chat.write_answers(answers, model=told.model, created_s=told.created_s),
    writer=lambda asked, told: openai_chat.StreamWriter(told.model, told.created_s, asked.include_usage),
    failure=openai_chat.write_failure,
    status=_openai_status,
)
_CURSOR = replace(_CHAT, same_as=None)
_RESPONSES = Face(
    dialect=Dialect.OPENAI_RESPONSES,
    same_as=None,
    streams=_streams,
    read=openai_responses.read_request,
    write=_responses_answer,
    writer=lambda asked, told: openai_responses.StreamWriter(
        told.model, told.created_s, free_text=openai_responses.free_text_tools(asked)
    ),
    failure=openai_responses.write_failure,
    status=_openai_status,
)
_ANTHROPIC = Face(
    dialect=Dialect.ANTHROPIC,
    same_as=ProviderDialect.ANTHROPIC,
    streams=_streams,
    read=anthropic.read_request,
    write=lambda answers, _, told: anthropic.write_answer(answers[0], model=told.model),
    writer=lambda _, told: anthropic.StreamWriter(told.model, told.input_tokens, request_id=told.request_id),
    failure=anthropic.write_failure,
    status=anthropic.error_status,
)
