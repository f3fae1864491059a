"""Anthropic's server-sent events <-> neutral events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from router.dialects import conversation as c
from router.dialects.anthropic.answer import read_finish, read_usage, write_input_usage, write_stop_reason, write_usage
from router.dialects.anthropic.failure import read_error, write_failure
from router.dialects.shared import stream
from router.dialects.shared.fields import count_at, object_at, text_at
from router.dialects.shared.finishes import FAILURE_WORDS
from router.dialects.shared.parts import arguments_text, made_up_id
from router.dialects.shared.sse import sse_event
from router.dialects.shared.usage import usage_mark
from router.types import JsonObject

MESSAGE_STOP = sse_event("message_stop", {"type": "message_stop"})

_BlockEvent: TypeAlias = c.TextDelta | c.ThinkingDelta | c.ToolCallStarted | c.ToolCallDelta


_INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class StreamReader(stream.JsonStreamReader):
    """A provider's stream."""

    def __init__(self) -> None:
        super().__init__()
        self._usage: JsonObject = {}
        self._calls: dict[int, _OpenCall] = {}  # by the number of the block
        self._n_calls = 0
        self._open: set[int] = set()  # numbers of blocks
        self._n_blocks = 0
        self._stopped = False
        self._output: list[int] = []  # output tokens, by report after the start
        self._sums_up = False
        self._id = ""

    def _read_object(self, name: str, item: JsonObject) -> list[c.Event]:
        kind = text_at(item, "type") or name
        if kind == "message_start":
            return self._start(object_at(item, "message"))
        if kind == "content_block_start":
            return self._open_block(count_at(item, "index"), object_at(item, "content_block"))
        if kind == "content_block_delta":
            return self._extend_block(count_at(item, "index"), object_at(item, "delta"))
        if kind == "content_block_stop":
            return self._close_block(count_at(item, "index"))
        if kind == "message_delta":
            return self._finish(item)
        if kind == "error" or object_at(item, "error"):
            return [read_error(item, 0, {}).in_stream()]
        if kind == "message_stop":
            return self._stop()
        return []  # ping, and events of later API versions

    def close(self) -> list[c.Event]:
        """The last events; a reason without message_stop is an end too, which a client that is sent the bytes lacks."""
        events = super().close()
        if self._finished and not self._stopped:
            self._stopped, self._missing = True, self._missing + MESSAGE_STOP
        return events

    def _stop(self) -> list[c.Event]:
        """The end's marker; without a reason before it, it is the end of what came, unless a block is still open."""
        self._stopped = True
        if self._finished or self._open or not self._n_blocks:
            return []
        finish = c.Finish.TOOL_CALLS if self._n_calls else c.Finish.STOP
        delta = {"stop_reason": write_stop_reason(finish, None), "stop_sequence": None}
        self._missing = sse_event("message_delta", {"type": "message_delta", "delta": delta, "usage": self._usage})
        return [c.Finished(finish)]

    def _start(self, message: JsonObject) -> list[c.Event]:
        self._id = text_at(message, "id")
        self._usage = dict(object_at(message, "usage"))
        return [c.Started(self._id, text_at(message, "model"), usage=read_usage(self._usage))]

    def _open_block(self, index: int, block: JsonObject) -> list[c.Event]:
        self._open.add(index)
        self._n_blocks += 1
        kind = block.get("type")
        if kind == "text" and text_at(block, "text"):
            return [c.TextDelta(text_at(block, "text"))]
        if kind == "thinking" and (text_at(block, "thinking") or text_at(block, "signature")):
            return [c.ThinkingDelta(text_at(block, "thinking"), signature=text_at(block, "signature") or None)]
        if kind != "tool_use":
            return []
        call = _OpenCall(self._n_calls, arguments_text(block.get("input")))
        self._n_calls += 1
        self._calls[index] = call
        call_id = text_at(block, "id") or made_up_id(seed=self._id, index=call.index)
        return [c.ToolCallStarted(call.index, call_id, text_at(block, "name"))]

    def _extend_block(self, index: int, delta: JsonObject) -> list[c.Event]:
        kind = delta.get("type")
        if kind == "text_delta" and text_at(delta, "text"):
            return [c.TextDelta(text_at(delta, "text"))]
        if kind == "thinking_delta" and text_at(delta, "thinking"):
            return [c.ThinkingDelta(text_at(delta, "thinking"))]
        if kind == "signature_delta" and text_at(delta, "signature"):
            return [c.ThinkingDelta("", signature=text_at(delta, "signature"))]
        call = self._calls.get(index)
        piece = text_at(delta, "partial_json")
        if kind != "input_json_delta" or call is None or not piece:
            return []
        call.input_so_far = ""
        return [c.ToolCallDelta(call.index, piece)]

    def _close_block(self, index: int) -> list[c.Event]:
        self._open.discard(index)
        call = self._calls.pop(index, None)
        return [c.ToolCallDelta(call.index, call.input_so_far)] if call and call.input_so_far else []

    def _finish(self, item: JsonObject) -> list[c.Event]:
        events: list[c.Event] = []
        usage = object_at(item, "usage")
        if usage:
            self._add_usage(usage)
            events.append(c.UsageSeen(read_usage(self._usage)))
        delta = object_at(item, "delta")
        if text_at(delta, "stop_reason").lower() in FAILURE_WORDS:
            return [*events, c.Failed(c.FailureKind.SERVER, "The provider ended the stream with an error.")]
        if text_at(delta, "stop_reason"):
            stop_sequence = text_at(delta, "stop_sequence") or None
            events.append(c.Finished(read_finish(text_at(delta, "stop_reason")), stop_sequence))
        return events

    def _add_usage(self, usage: JsonObject) -> None:
        """Counts are of the whole answer so far, and the last one counts; some servers' are not.

        Some repeat the start's fields with 0, which then changes nothing: no request has 0 input tokens in all. Where
        one of the input's counts is given, its zeros are counts too: all of it may come from the cache. A first report
        of 0 output tokens replaces the start's, which is a guess. Output tokens that become fewer were those since the
        last time: then they are summed up.
        """
        output, self._output = self._output, [*self._output, count_at(usage, "output_tokens")]
        counted = {*(_INPUT_COUNTS if any(usage.get(key) for key in _INPUT_COUNTS) else ())}
        counted |= set() if output else {"output_tokens"}
        self._usage |= {
            key: value
            for key, value in usage.items()
            if value or key not in self._usage or (key in counted and value == 0)
        }
        self._sums_up = self._sums_up or (bool(output) and 0 < self._output[-1] < output[-1])
        if self._sums_up:
            self._usage["output_tokens"] = sum(self._output)


@dataclass(slots=True)
class _OpenCall:
    """A call whose block is open. input_so_far: what its start held, which counts only if nothing follows."""

    index: int
    input_so_far: str


class StreamWriter(stream.StreamWriter):
    """A client's stream. Blocks are opened when they are needed and closed before the next one.

    model: the name for the client.  input_tokens_estimate: for message_start, where the provider has not
    reported it yet; message_delta then corrects it.  request_id: for the error event.
    """

    def __init__(self, model: str, input_tokens_estimate: int, *, request_id: str | None = None) -> None:
        super().__init__()
        self._model = model
        self._said = c.Usage(input_tokens=input_tokens_estimate, output_tokens=1)
        self._request_id = request_id
        self._finished: c.Finished | None = None
        self._started = False
        self._index = -1  # of the newest block
        self._open: str | int | None = None  # "text", "thinking", or the index of a tool call
        self._waiting: list[_Waiting] = []  # blocks that came while a call was open
        self._called = False

    def keepalive(self) -> bytes:
        """The dialect has an event for it."""
        return sse_event("ping", {"type": "ping"})

    def _write(self, event: stream.ContentEvent) -> bytes:
        if isinstance(event, c.Started):
            return self._start(event.id, event.usage)
        if isinstance(event, c.Finished):
            self._finished = event
            return self._start("", None) + self._release()
        start = self._start("", None)
        if isinstance(self._open, int) and not (isinstance(event, c.ToolCallDelta) and event.index == self._open):
            self._wait(event)
            return start
        return start + self._write_content(event)

    def _write_end(self) -> bytes:
        raw = self._start("", None) + self._release()
        return raw + self._message_delta() + MESSAGE_STOP

    def _write_failure(self, failure: c.UpstreamFailure) -> bytes:
        return sse_event("error", write_failure(failure, request_id=self._request_id))

    def _start(self, message_id: str, usage: c.Usage | None) -> bytes:
        if self._started:
            return b""
        self._started = True
        if usage is not None:
            self._usage = usage
            self._said = usage
        message: JsonObject = {
            "id": message_id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**write_usage(self._said), "output_tokens": max(1, self._said.output_tokens)},
        }
        return sse_event("message_start", {"type": "message_start", "message": message})

    def _message_delta(self) -> bytes:
        finish = self._finished or c.Finished(c.Finish.TOOL_CALLS if self._called else c.Finish.STOP)
        reason = write_stop_reason(finish.finish, finish.stop_sequence)
        usage: JsonObject = {"output_tokens": self._said.output_tokens}
        if self._usage is not None:
            usage = {"output_tokens": self._usage.output_tokens, **usage_mark(self._usage)}
            if write_input_usage(self._usage) != write_input_usage(self._said):
                usage = write_usage(self._usage)
        delta = {
            "stop_reason": reason,
            "stop_sequence": finish.stop_sequence if reason == "stop_sequence" else None,
        }
        return sse_event("message_delta", {"type": "message_delta", "delta": delta, "usage": usage})

    def _wait(self, event: _BlockEvent) -> None:
        """Keeps what would need another block while a call's is open: more of that call may still come."""
        if isinstance(event, c.ToolCallDelta):
            for waiting in self._waiting:
                if waiting.call == event.index:
                    waiting.events.append(event)
            return
        call = event.index if isinstance(event, c.ToolCallStarted) else None
        if call is None and self._waiting and self._waiting[-1].call is None:
            self._waiting[-1].events.append(event)
        else:
            self._waiting.append(_Waiting(call, [event]))

    def _release(self) -> bytes:
        raw = self._close()
        for waiting in self._waiting:
            raw += b"".join(self._write_content(event) for event in waiting.events)
            raw += self._close()
        self._waiting.clear()
        return raw

    def _write_content(self, event: _BlockEvent) -> bytes:
        if isinstance(event, c.TextDelta):
            return self._write_text(event.text)
        if isinstance(event, c.ThinkingDelta):
            return self._write_thinking(event)
        if isinstance(event, c.ToolCallStarted):
            self._called = True
            block = {"type": "tool_use", "id": event.id, "name": event.name, "input": {}}
            return self._close() + self._begin(event.index, block)
        if self._open != event.index or not event.arguments:
            return b""
        return self._delta({"type": "input_json_delta", "partial_json": event.arguments})

    def _write_text(self, text: str) -> bytes:
        if not text:
            return b""
        raw = b"" if self._open == "text" else self._close() + self._begin("text", {"type": "text", "text": ""})
        return raw + self._delta({"type": "text_delta", "text": text})

    def _write_thinking(self, event: c.ThinkingDelta) -> bytes:
        if not event.text and event.signature is None:
            return b""
        raw = b""
        if self._open != "thinking":
            raw = self._close() + self._begin("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        if event.text:
            raw += self._delta({"type": "thinking_delta", "thinking": event.text})
        if event.signature is not None:
            raw += self._delta({"type": "signature_delta", "signature": event.signature}) + self._close()
        return raw

    def _begin(self, what: str | int, block: JsonObject) -> bytes:
        self._open = what
        self._index += 1
        start = {"type": "content_block_start", "index": self._index, "content_block": block}
        return sse_event("content_block_start", start)

    def _delta(self, delta: JsonObject) -> bytes:
        return sse_event("content_block_delta", {"type": "content_block_delta", "index": self._index, "delta": delta})

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return sse_event("content_block_stop", {"type": "content_block_stop", "index": self._index})


@dataclass(slots=True)
class _Waiting:
    """Events of one block to be. call: the index of its tool call; None for text and thinking."""

    call: int | None
    events: list[_BlockEvent] = field(default_factory=list)
