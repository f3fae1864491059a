"""A provider's stream of chunks -> events, whatever habits the server has."""

from __future__ import annotations

from dataclasses import dataclass

from router.dialects.conversation import (
    Event,
    Failed,
    FailureKind,
    Finish,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
    UsageSeen,
)
from router.dialects.openai_chat.answers import read_arguments, read_texts
from router.dialects.openai_chat.failures import read_stream_error
from router.dialects.openai_chat.words import read_finish, read_usage
from router.dialects.shared.failing import CLOSED_EARLY
from router.dialects.shared.fields import json_object, object_at, objects_at, text_at
from router.dialects.shared.shaping import made_up_id
from router.dialects.shared.sse import SseEvent, SseReader
from router.types import JsonObject


class StreamReader:
    """Bytes in, events out. Never raises: what cannot be read is a Failed event, and then no more follow.

    Only the first choice is read. After Finished, usage alone is.
    """

    def __init__(self) -> None:
        self._sse = SseReader()
        self._calls = _Calls()
        self._usage: Usage | None = None
        self._started = False
        self._refused = False
        self._finished = False
        self._ended = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that the bytes complete."""
        if self._ended:
            return []
        try:
            frames = self._sse.feed(chunk)
        except ValueError as exc:
            return self._fail(FailureKind.BROKEN_ANSWER, str(exc))
        return [event for frame in frames for event in self._read_frame(frame)]

    def close(self) -> list[Event]:
        """The last events, once the provider closed the stream: Failed if the answer is not complete."""
        if self._ended:
            return []
        try:
            frames = self._sse.close()
        except ValueError as exc:
            return self._fail(FailureKind.BROKEN_ANSWER, str(exc))
        events = [event for frame in frames for event in self._read_frame(frame)]
        return [*events, *self._end()]

    def _end(self) -> list[Event]:
        if self._ended:
            return []
        if not self._finished:
            return self._fail(FailureKind.BROKEN_ANSWER, CLOSED_EARLY)
        self._ended = True
        return []

    def _fail(self, kind: FailureKind, message: str) -> list[Event]:
        self._ended = True
        return [] if self._finished else [Failed(kind, message)]  # a complete answer stays one

    def _read_frame(self, frame: SseEvent) -> list[Event]:
        data = frame.data.strip()
        if self._ended or not data:
            return []
        if data == "[DONE]":
            return self._end()
        try:
            chunk = json_object(data)
        except ValueError:
            return self._fail(FailureKind.BROKEN_ANSWER, "The provider sent a chunk that is no JSON object.")
        if chunk.get("error") or chunk.get("object") == "error" or frame.event == "error":
            return self._fail(*read_stream_error(chunk))
        return self._read_chunk(chunk)

    def _read_chunk(self, chunk: JsonObject) -> list[Event]:
        choices = objects_at(chunk, "choices")
        choice = next((choice for choice in choices if choice.get("index") in (None, 0)), {})
        delta = object_at(choice, "delta" if "delta" in choice else "message")  # Perplexity sends the whole beside it
        usage = self._read_usage(chunk, choice)
        if self._finished:
            return usage
        start: list[Event] = []
        if not self._started and (choices or usage):  # Azure's first chunk holds neither, and no id
            self._started = True
            self._calls.seed = text_at(chunk, "id")
            start = [Started(text_at(chunk, "id"), text_at(chunk, "model"))]
        return [*start, *self._read_delta(delta), *usage, *self._read_end(choice)]

    def _read_usage(self, chunk: JsonObject, choice: JsonObject) -> list[Event]:
        """Usage wherever servers put it; several repeat it in every chunk."""
        found = (
            object_at(chunk, "usage") or object_at(object_at(chunk, "x_groq"), "usage") or object_at(choice, "usage")
        )
        usage = read_usage(found) if found else None
        if usage is None or usage == self._usage:
            return []
        self._usage = usage
        return [UsageSeen(usage)]

    def _read_delta(self, delta: JsonObject) -> list[Event]:
        thinking, text = read_texts(delta)
        refusal = text_at(delta, "refusal")
        self._refused = self._refused or bool(refusal)
        events: list[Event] = [ThinkingDelta(thinking)] if thinking else []
        events += [TextDelta(said) for said in (text, refusal) if said]
        for call in objects_at(delta, "tool_calls"):
            events += self._calls.read(call)
        legacy = object_at(delta, "function_call")
        return events + self._calls.read({"index": 0, "function": legacy}) if legacy else events

    def _read_end(self, choice: JsonObject) -> list[Event]:
        word = text_at(choice, "finish_reason")
        if not word:
            return []
        if word == "error":
            return self._fail(FailureKind.SERVER, "The provider ended the stream with an error.")
        self._finished = True
        finish = read_finish(word, has_calls=self._calls.any, refused=self._refused)
        stop = text_at(choice, "stop_reason") or None  # vLLM says which one it was
        return [Finished(Finish.BROKEN if self._calls.nameless else finish, stop)]


@dataclass(slots=True)
class _Call:
    """A call being received. started: its name has come, and with it the start was told.

    key: what the provider numbers it by.  waiting: arguments that came before the name.
    """

    key: int | None
    id: str
    started: bool = False
    waiting: str = ""


class _Calls:
    """Puts deltas of calls together: indices may be missing, or the same for all; ids may be missing, or repeated."""

    def __init__(self) -> None:
        self.seed = ""
        self._calls: list[_Call] = []

    @property
    def any(self) -> bool:
        return bool(self._calls)

    @property
    def nameless(self) -> bool:
        return any(not call.started for call in self._calls)

    def read(self, delta: JsonObject) -> list[Event]:
        # A custom tool's free text is not read: only a client of this dialect can ask for one, and it gets the bytes.
        function = object_at(delta, "function") or object_at(delta, "custom")
        name, arguments = text_at(function, "name"), read_arguments(function)
        index = self._place(delta, name)
        call = self._calls[index]
        events: list[Event] = []
        if name and not call.started:
            call.started = True
            events.append(ToolCallStarted(index, call.id or made_up_id(seed=self.seed, index=index), name))
            arguments, call.waiting = call.waiting + arguments, ""
        if not call.started:
            call.waiting += arguments
        elif arguments:
            events.append(ToolCallDelta(index, arguments))
        return events

    def _place(self, delta: JsonObject, name: str) -> int:
        """Where the call of the delta stands: an earlier one, or a new one at the end."""
        key = delta.get("index")
        key = key if isinstance(key, int) and not isinstance(key, bool) else None
        call_id = text_at(delta, "id")
        for place in range(len(self._calls) - 1, -1, -1):
            call = self._calls[place]
            if self._same(call, key, call_id, name):
                call.id = call.id or call_id
                return place
        self._calls.append(_Call(key, call_id))
        return len(self._calls) - 1

    def _same(self, call: _Call, key: int | None, call_id: str, name: str) -> bool:
        if key is None:
            if call_id:
                return call.id == call_id
            return not (name and call.started)  # no index and no id: more of the last, unless a name begins another
        if key != call.key:
            return False
        # Gemini's compatible endpoint numbers every call 0: another id with a name begins another call.
        return not (call_id and name and call.started and call.id != call_id)
