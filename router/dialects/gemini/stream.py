"""Gemini's streams <-> neutral events. Every frame is a whole response that holds what is new."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.dialects.conversation import (
    Event,
    Failed,
    Finish,
    Finished,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    UpstreamFailure,
    Usage,
    UsageSeen,
)
from router.dialects.gemini.answer import (
    AnswerPart,
    is_blocked,
    read_finish,
    read_parts,
    read_usage,
    write_candidate,
    write_response,
)
from router.dialects.gemini.failure import kind_of_error, write_failure
from router.dialects.shared.failing import LONGEST_MESSAGE
from router.dialects.shared.fields import object_at, objects_at, text_at
from router.dialects.shared.sse import sse_comment, sse_data
from router.dialects.shared.streaming import JsonStreamReader
from router.jsontext import encode_json
from router.types import JsonObject


class StreamReader(JsonStreamReader):
    """A provider's stream (`alt=sse`), bytes in as they come, events out. Never raises.

    There is no end marker: a stream whose body ends without a finish reason is a failure, which `close` tells.
    """

    def __init__(self) -> None:
        super().__init__()
        self._started = False
        self._id = ""
        self._n_calls = 0

    def _read(self, name: str, item: JsonObject) -> list[Event]:
        error = object_at(item, "error")
        if error:
            kind, _ = kind_of_error(error, status=0)
            return [Failed(kind, text_at(error, "message")[:LONGEST_MESSAGE])]
        events: list[Event] = []
        if not self._started:
            self._started = True
            self._id = text_at(item, "responseId")
            events.append(Started(self._id, text_at(item, "modelVersion")))
        candidates = objects_at(item, "candidates")
        if candidates:
            events += self._read_content(object_at(candidates[0], "content"))
        usage = object_at(item, "usageMetadata")
        if usage:
            events.append(UsageSeen(read_usage(usage)))
        return events + self._read_finish(item, candidates)

    def _read_content(self, content: JsonObject) -> list[Event]:
        events: list[Event] = []
        for part in read_parts(content, response_id=self._id, first_call=self._n_calls):
            if isinstance(part, Text):
                events.append(TextDelta(part.text))
            elif isinstance(part, Thinking):
                events.append(ThinkingDelta(part.text, part.signature))
            else:
                events.append(ToolCallStarted(self._n_calls, part.id, part.name))
                events.append(ToolCallDelta(self._n_calls, part.arguments))
                self._n_calls += 1
        return events

    def _read_finish(self, item: JsonObject, candidates: list[JsonObject]) -> list[Event]:
        if not candidates:
            return [Finished(Finish.CONTENT_FILTER)] if is_blocked(item) else []
        reason = text_at(candidates[0], "finishReason")
        if not reason or reason == "FINISH_REASON_UNSPECIFIED":
            return []
        return [Finished(read_finish(reason, called=self._n_calls > 0))]


class StreamWriter:
    """Events in, a client's stream out. Calls are kept until the end, as Gemini sends each of them whole.

    model: the name that the client knows.
    as_array: one JSON array, for clients that did not ask for `alt=sse`.
    """

    def __init__(self, model: str, *, as_array: bool = False) -> None:
        self._model = model
        self._as_array = as_array
        self._id = ""
        self._usage: Usage | None = None
        self._finish: Finish | None = None
        self._calls: dict[int, _Call] = {}
        self._signature: str | None = None  # of the part to come
        self._began = False
        self._over = False

    def feed(self, event: Event) -> bytes:
        """What the client is sent for the event; often nothing yet."""
        if self._over:
            return b""
        if isinstance(event, Failed):
            return self.fail(UpstreamFailure(event.kind, 0, event.message))
        if isinstance(event, Started):
            self._id = event.id
            self._usage = event.usage
        elif isinstance(event, UsageSeen):
            self._usage = event.usage
        elif isinstance(event, Finished):
            self._finish = event.finish
        elif isinstance(event, ToolCallStarted):
            self._calls[event.index] = _Call(event.id, event.name, self._signature)
            self._signature = None
        elif isinstance(event, ToolCallDelta):
            if event.index in self._calls:
                self._calls[event.index].arguments.append(event.arguments)
        else:
            return self._content(event)
        return b""

    def finish(self) -> bytes:
        """The end of the answer: the calls, why it ended, and the last usage seen."""
        if self._over:
            return b""
        self._over = True
        parts: list[AnswerPart] = []
        for _, call in sorted(self._calls.items()):
            if call.signature:
                parts.append(Thinking("", call.signature))
            parts.append(ToolCall(call.id, call.name, "".join(call.arguments)))
        if self._signature:
            parts.append(Thinking("", self._signature))
        candidate = write_candidate(parts, finish=self._finish or Finish.STOP)
        return self._frame(self._response(candidate, usage=self._usage)) + self._end()

    def keepalive(self) -> bytes:
        """What keeps a silent stream open: a comment, or white space inside the array."""
        return b"\n" if self._as_array else sse_comment("keepalive")

    def fail(self, failure: UpstreamFailure) -> bytes:
        """The error that ends a stream which has begun."""
        if self._over:
            return b""
        self._over = True
        return self._frame(write_failure(failure)) + self._end()

    def _content(self, event: TextDelta | ThinkingDelta) -> bytes:
        if isinstance(event, ThinkingDelta):
            self._signature = event.signature or self._signature
            parts: list[AnswerPart] = [Thinking(event.text)]
        else:
            signed = [Thinking("", self._signature)] if self._signature and event.text else []
            parts = [*signed, Text(event.text)]
            self._signature = None if signed else self._signature
        if not event.text:
            return b""
        return self._frame(self._response(write_candidate(parts, finish=None), usage=None))

    def _response(self, candidate: JsonObject, *, usage: Usage | None) -> JsonObject:
        return write_response(candidate, response_id=self._id, model=self._model, usage=usage)

    def _frame(self, body: JsonObject) -> bytes:
        if not self._as_array:
            return sse_data(body)
        opening = b",\n" if self._began else b"["
        self._began = True
        return opening + encode_json(body)

    def _end(self) -> bytes:
        return b"]\n" if self._as_array else b""


@dataclass(slots=True)
class _Call:
    """A call whose arguments are being collected."""

    id: str
    name: str
    signature: str | None
    arguments: list[str] = field(default_factory=list)
