"""Gemini's streams <-> neutral events. Every frame is a whole response that holds what is new."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.dialects import conversation as c
from router.dialects.gemini.answer import (
    is_blocked,
    read_finish,
    read_parts,
    read_usage,
    write_candidate,
    write_response,
)
from router.dialects.gemini.failure import read_error, write_failure
from router.dialects.shared import stream
from router.dialects.shared.fields import object_at, objects_at, text_at
from router.dialects.shared.sse import sse_data
from router.jsontext import encode_json
from router.types import JsonObject


class StreamReader(stream.JsonStreamReader):
    """A provider's stream (`alt=sse`). There is no end marker: one that ends without a finish reason is a failure."""

    def __init__(self) -> None:
        super().__init__()
        self._started = False
        self._id = ""
        self._n_calls = 0

    def _read_object(self, name: str, item: JsonObject) -> list[c.Event]:
        if object_at(item, "error"):
            return [read_error(item, 0, {}).in_stream()]
        events: list[c.Event] = []
        if not self._started:
            self._started = True
            self._id = text_at(item, "responseId")
            events.append(c.Started(self._id, text_at(item, "modelVersion")))
        candidates = objects_at(item, "candidates")
        if candidates:
            events += self._read_content(object_at(candidates[0], "content"))
        usage = object_at(item, "usageMetadata")
        if usage:
            events.append(c.UsageSeen(read_usage(usage)))
        return events + self._read_finish(item, candidates)

    def _read_content(self, content: JsonObject) -> list[c.Event]:
        events: list[c.Event] = []
        for part in read_parts(content, response_id=self._id, first_call=self._n_calls):
            if isinstance(part, c.Text):
                events.append(c.TextDelta(part.text))
            elif isinstance(part, c.Thinking):
                events.append(c.ThinkingDelta(part.text, part.signature))
            else:
                events.append(c.ToolCallStarted(self._n_calls, part.id, part.name))
                events.append(c.ToolCallDelta(self._n_calls, part.arguments))
                self._n_calls += 1
        return events

    def _read_finish(self, item: JsonObject, candidates: list[JsonObject]) -> list[c.Event]:
        if not candidates:
            return [c.Finished(c.Finish.CONTENT_FILTER)] if is_blocked(item) else []
        reason = text_at(candidates[0], "finishReason")
        if not reason or reason == "FINISH_REASON_UNSPECIFIED":
            return []
        return [c.Finished(read_finish(reason, called=self._n_calls > 0))]


class StreamWriter(stream.StreamWriter):
    """A client's stream. Calls are kept until the end, as Gemini sends each of them whole.

    model: the name for the client.
    as_array: one JSON array, for clients that did not ask for `alt=sse`.
    """

    def __init__(self, model: str, *, as_array: bool = False) -> None:
        super().__init__()
        self._model = model
        self._as_array = as_array
        self._id = ""
        self._finish: c.Finish | None = None
        self._calls: dict[int, _Call] = {}
        self._signature: str | None = None  # of the part to come
        self._began = False

    def keepalive(self) -> bytes:
        """A comment, or white space inside the array."""
        return b"\n" if self._as_array else super().keepalive()

    def _write(self, event: stream.ContentEvent) -> bytes:
        if isinstance(event, c.TextDelta | c.ThinkingDelta):
            return self._content(event)
        if isinstance(event, c.Started):
            self._id = event.id
            self._usage = event.usage
        elif isinstance(event, c.Finished):
            self._finish = event.finish
        elif isinstance(event, c.ToolCallStarted):
            self._calls[event.index] = _Call(event.id, event.name, self._signature)
            self._signature = None
        elif event.index in self._calls:
            self._calls[event.index].arguments.append(event.arguments)
        return b""

    def _write_end(self) -> bytes:
        parts: list[c.AnswerPart] = []
        for _, call in sorted(self._calls.items()):
            if call.signature:
                parts.append(c.Thinking("", call.signature))
            parts.append(c.ToolCall(call.id, call.name, "".join(call.arguments)))
        if self._signature:
            parts.append(c.Thinking("", self._signature))
        candidate = write_candidate(parts, finish=self._finish or c.Finish.STOP)
        return self._frame(self._response(candidate, usage=self._usage)) + self._end()

    def _write_failure(self, failure: c.UpstreamFailure) -> bytes:
        return self._frame(write_failure(failure)) + self._end()

    def _content(self, event: c.TextDelta | c.ThinkingDelta) -> bytes:
        if isinstance(event, c.ThinkingDelta):
            self._signature = event.signature or self._signature
            parts: list[c.AnswerPart] = [c.Thinking(event.text)]
        else:
            signed = [c.Thinking("", self._signature)] if self._signature and event.text else []
            parts = [*signed, c.Text(event.text)]
            self._signature = None if signed else self._signature
        if not event.text:
            return b""
        return self._frame(self._response(write_candidate(parts, finish=None), usage=None))

    def _response(self, candidate: JsonObject, *, usage: c.Usage | None) -> JsonObject:
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
