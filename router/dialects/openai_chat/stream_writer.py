"""Events -> the chunks that a streaming chat client gets."""

from __future__ import annotations

from router.dialects.conversation import (
    Event,
    Failed,
    FailureKind,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UpstreamFailure,
    Usage,
    UsageSeen,
)
from router.dialects.openai_chat.words import write_finish, write_usage
from router.dialects.shared.openai_shared import write_failure
from router.dialects.shared.sse import DONE, sse_comment, sse_data
from router.types import JsonObject

_NO_END = UpstreamFailure(FailureKind.BROKEN_ANSWER, 0, "the provider's stream ended before the answer did")


class StreamWriter:
    """One answer as `data:` frames. After `finish` or `fail` it writes nothing more.

    model: the name that the client is told.  created_s: Unix time.  include_usage: as the client asked; a usage chunk
    that nobody asked for breaks clients that read `choices[0]`.  thinking: whether `reasoning_content` is sent.
    """

    def __init__(self, model: str, created_s: int, include_usage: bool, *, thinking: bool = False) -> None:
        self._model = model
        self._created_s = created_s
        self._include_usage = include_usage
        self._thinking = thinking
        self._id = ""
        self._usage = Usage()
        self._started = False
        self._finished = False
        self._ended = False

    def feed(self, event: Event) -> bytes:
        """The frames of one event; none for what this dialect does not say."""
        if self._ended:
            return b""
        if isinstance(event, Failed):
            return self.fail(UpstreamFailure(event.kind, 0, event.message))
        if isinstance(event, UsageSeen):
            self._usage = event.usage
            return b""
        if self._finished:
            return b""
        return self._start(event) + self._frame(event)

    def finish(self) -> bytes:
        """The end of the stream: usage if it was asked for, then [DONE]; an error if the answer is not complete."""
        if self._ended:
            return b""
        if not self._finished:
            return self.fail(_NO_END)
        self._ended = True
        usage = sse_data(self._chunk([], usage=write_usage(self._usage))) if self._include_usage else b""
        return usage + DONE

    def keepalive(self) -> bytes:
        """A comment, for when the provider is silent."""
        return sse_comment("keepalive")

    def fail(self, failure: UpstreamFailure) -> bytes:
        """The error frame, after which the connection is closed without [DONE]: clients have raised already."""
        if self._ended:
            return b""
        self._ended = True
        return sse_data(write_failure(failure))

    def _start(self, event: Event) -> bytes:
        if self._started:
            return b""
        self._started = True
        if isinstance(event, Started):
            self._id = event.id
            self._usage = event.usage or self._usage
        return self._delta({"role": "assistant", "content": ""})

    def _frame(self, event: Event) -> bytes:
        match event:
            case TextDelta(text) if text:
                return self._delta({"content": text})
            case ThinkingDelta(text) if text and self._thinking:
                return self._delta({"reasoning_content": text})
            case ToolCallStarted(index, call_id, name):
                function = {"name": name, "arguments": ""}
                return self._call({"index": index, "id": call_id, "type": "function", "function": function})
            case ToolCallDelta(index, arguments) if arguments:
                return self._call({"index": index, "function": {"arguments": arguments}})
            case Finished(finish):
                self._finished = True
                return self._delta({}, finish_reason=write_finish(finish))
            case _:
                return b""

    def _call(self, call: JsonObject) -> bytes:
        return self._delta({"tool_calls": [call]})

    def _delta(self, delta: JsonObject, *, finish_reason: str | None = None) -> bytes:
        return sse_data(self._chunk([{"index": 0, "delta": delta, "finish_reason": finish_reason}], usage=None))

    def _chunk(self, choices: list[JsonObject], *, usage: JsonObject | None) -> JsonObject:
        chunk: JsonObject = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created_s,
            "model": self._model,
            "choices": choices,
        }
        if self._include_usage:
            chunk["usage"] = usage
        return chunk
