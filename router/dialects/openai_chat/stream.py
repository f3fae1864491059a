"""A provider's stream of chunks -> events, whatever habits the server has; events -> the chunks for a chat client."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.dialects import conversation as c
from router.dialects.openai_chat.answer import (
    read_arguments,
    read_finish,
    read_texts,
    read_usage,
    usage_at,
    with_known_finish,
    write_finish,
    write_usage,
)
from router.dialects.shared import stream
from router.dialects.shared.failures import CLOSED_EARLY
from router.dialects.shared.fields import object_at, objects_at, text_at
from router.dialects.shared.finishes import FAILURE_WORDS
from router.dialects.shared.openai_errors import write_failure
from router.dialects.shared.openai_failures import read_error
from router.dialects.shared.openai_shared import decode_or_none
from router.dialects.shared.parts import made_up_id
from router.dialects.shared.sse import DONE, SseEvent, SseSplitter, sse_data
from router.types import JsonObject


class StreamReader(stream.JsonStreamReader):
    """A provider's stream; only its first choice is read."""

    closed_early_kind = c.FailureKind.BROKEN_ANSWER

    def __init__(self) -> None:
        super().__init__()
        self._calls = _Calls()
        self._usage: c.Usage | None = None
        self._started = False
        self._refused = False
        self._answered = False  # text came
        self._done = False
        self._shell: JsonObject = {}  # what all chunks have in common

    def close(self) -> list[c.Event]:
        """The last events; a finish without [DONE] is an end too, which a client that is sent the bytes lacks."""
        events = super().close()
        if self._finished and not self._done:
            self._done, self._missing = True, self._missing + DONE
        return events

    def _read(self, frame: SseEvent) -> list[c.Event]:
        if frame.data.strip() != "[DONE]":
            return super()._read(frame)
        self._done = True
        if self._finished:
            self._over = True
            return []
        return [self._end_without_reason()]

    def _end_without_reason(self) -> c.Event:
        """[DONE] after an answer, without a reason: NVIDIA's NIM and others end so (earendil-works/pi#6225).

        Nothing was cut, as the marker is the server's last word; a call is only whole where its arguments are JSON.
        """
        if not (self._calls.are_whole if self._calls.any else self._answered):
            return c.Failed(self.closed_early_kind, CLOSED_EARLY)
        finish = read_finish("", has_calls=self._calls.any, refused=self._refused)
        choice = {"index": 0, "delta": {}, "finish_reason": write_finish(finish)}
        self._missing = sse_data({**self._shell, "choices": [choice]})
        return c.Finished(finish)

    def _read_object(self, name: str, item: JsonObject) -> list[c.Event]:
        if item.get("error") or item.get("object") == "error" or name == "error":
            return _failed(item)
        return self._read_chunk(item)

    def _read_chunk(self, chunk: JsonObject) -> list[c.Event]:
        choices = objects_at(chunk, "choices")
        choice = next((choice for choice in choices if choice.get("index") in (None, 0)), {})
        if choice.get("error"):  # OpenRouter's place for one
            return _failed(choice)
        delta = object_at(choice, "delta" if "delta" in choice else "message")  # Perplexity sends the whole as well
        usage = self._read_usage(chunk)
        if self._finished:
            return usage
        start: list[c.Event] = []
        if not self._started and (choices or usage):  # Azure's first chunk holds neither, and no id
            self._started = True
            self._calls.seed = text_at(chunk, "id")
            self._shell = {key: chunk[key] for key in ("id", "object", "created", "model") if key in chunk}
            start = [c.Started(text_at(chunk, "id"), text_at(chunk, "model"))]
        return [*start, *self._read_delta(delta), *usage, *self._read_end(choice)]

    def _read_usage(self, chunk: JsonObject) -> list[c.Event]:
        """Usage wherever servers put it; several repeat it in every chunk."""
        found = usage_at(chunk)
        usage = read_usage(found) if found else None
        if usage is None or usage == self._usage:
            return []
        self._usage = usage
        return [c.UsageSeen(usage)]

    def _read_delta(self, delta: JsonObject) -> list[c.Event]:
        thinking, text = read_texts(delta)
        refusal = text_at(delta, "refusal")
        self._refused = self._refused or bool(refusal)
        self._answered = self._answered or bool(text or refusal)
        events: list[c.Event] = [c.ThinkingDelta(thinking)] if thinking else []
        events += [c.TextDelta(found) for found in (text, refusal) if found]
        for call in objects_at(delta, "tool_calls"):
            events += self._calls.read(call)
        legacy = object_at(delta, "function_call")
        return events + self._calls.read({"index": 0, "function": legacy}) if legacy else events

    def _read_end(self, choice: JsonObject) -> list[c.Event]:
        word = text_at(choice, "finish_reason")
        if not word:
            return []
        if word.lower() in FAILURE_WORDS:
            return [c.Failed(c.FailureKind.SERVER, "The provider ended the stream with an error.")]
        finish = read_finish(word, has_calls=self._calls.any, refused=self._refused)
        stop = text_at(choice, "stop_reason") or None  # vLLM's own field
        return [c.Finished(c.Finish.BROKEN if self._calls.nameless else finish, stop)]


def _failed(item: JsonObject) -> list[c.Event]:
    error = read_error(item, 0, {})
    return [c.Failed(error.kind, error.message or "the provider reported an error without a message")]


@dataclass(slots=True)
class _Call:
    """A call being received. started: its name has come, and ToolCallStarted was returned.

    key: what the provider numbers it by.  waiting: arguments that came before the name.  pieces: all of them.
    """

    key: int | None
    id: str
    started: bool = False
    waiting: str = ""
    pieces: list[str] = field(default_factory=list)


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

    @property
    def are_whole(self) -> bool:
        """Whether each call has a name, and arguments that are JSON; none at all are those of a call without any."""
        texts = ["".join(call.pieces) for call in self._calls]
        return not self.nameless and all(isinstance(decode_or_none(text or "{}"), dict) for text in texts)

    def read(self, delta: JsonObject) -> list[c.Event]:
        # A custom tool's free text is not read: only a client of this dialect can ask for one, and it gets the bytes.
        function = object_at(delta, "function") or object_at(delta, "custom")
        name, arguments = text_at(function, "name"), read_arguments(function)
        index = self._place(delta, name)
        call = self._calls[index]
        call.pieces.append(arguments)
        events: list[c.Event] = []
        if name and not call.started:
            call.started = True
            events.append(c.ToolCallStarted(index, call.id or made_up_id(seed=self.seed, index=index), name))
            arguments, call.waiting = call.waiting + arguments, ""
        if not call.started:
            call.waiting += arguments
        elif arguments:
            events.append(c.ToolCallDelta(index, arguments))
        return events

    def _place(self, delta: JsonObject, name: str) -> int:
        """The index of the delta's call: an earlier one, or a new one at the end."""
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
        # Google's compatible endpoint numbers every call 0: another id with a name begins another call.
        return not (call_id and name and call.started and call.id != call_id)


class Splitter(SseSplitter):
    """Splits a stream for a client that is sent the provider's bytes."""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now, with ends in the dialect's own words."""
        return [with_known_finish(frame) for frame in super().feed(data)]

    def last(self) -> bytes:
        """As of SseSplitter, in the dialect's own words."""
        return with_known_finish(super().last())


_NO_END = c.UpstreamFailure(c.FailureKind.BROKEN_ANSWER, 0, "the provider's stream ended before the answer did")


class StreamWriter(stream.StreamWriter):
    """One answer as `data:` frames.

    model: the name for the client.  created_s: Unix time.  include_usage: as the client asked; a usage chunk that was
    not asked for breaks clients that read `choices[0]`.
    """

    def __init__(self, model: str, created_s: int, include_usage: bool) -> None:
        super().__init__()
        self._model = model
        self._created_s = created_s
        self._include_usage = include_usage
        self._id = ""
        self._started = False
        self._finished = False

    def _write(self, event: stream.ContentEvent) -> bytes:
        if self._finished:
            return b""
        return self._start(event) + self._frame(event)

    def _write_end(self) -> bytes:
        """Usage if it was asked for, then [DONE]."""
        if not self._finished:
            return self.fail(_NO_END)
        usage = write_usage(self._usage or c.Usage())
        return (sse_data(self._chunk([], usage=usage)) if self._include_usage else b"") + DONE

    def _write_failure(self, failure: c.UpstreamFailure) -> bytes:
        """The connection is closed without [DONE]: clients have raised already."""
        return sse_data(write_failure(failure))

    def _start(self, event: stream.ContentEvent) -> bytes:
        if self._started:
            return b""
        self._started = True
        if isinstance(event, c.Started):
            self._id = event.id
            self._usage = event.usage
        return self._delta({"role": "assistant", "content": ""})

    def _frame(self, event: stream.ContentEvent) -> bytes:
        match event:
            case c.TextDelta(text) if text:
                return self._delta({"content": text})
            case c.ToolCallStarted(index, call_id, name):
                function = {"name": name, "arguments": ""}
                return self._call({"index": index, "id": call_id, "type": "function", "function": function})
            case c.ToolCallDelta(index, arguments) if arguments:
                return self._call({"index": index, "function": {"arguments": arguments}})
            case c.Finished(finish):
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
