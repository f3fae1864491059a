"""The frames of a Converse stream, decoded by whoever read them -> neutral events."""

from __future__ import annotations

from router.dialects.bedrock.answer import read_finish, read_usage
from router.dialects.bedrock.failure import kind_of_error
from router.dialects.conversation import (
    Event,
    Failed,
    Finished,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageSeen,
)
from router.dialects.shared.failing import LONGEST_MESSAGE
from router.dialects.shared.fields import count_at, json_object, object_at, text_at
from router.dialects.shared.shaping import made_up_id
from router.dialects.shared.streaming import EventGate, broken
from router.types import JsonObject


class StreamReader:
    """A provider's stream, one decoded frame at a time, events out. Never raises; broken frames are a Failed event.

    model, request_id: what the frames do not say (`x-amzn-requestid` has the latter).
    """

    def __init__(self, *, model: str = "", request_id: str = "") -> None:
        self._model = model
        self._request_id = request_id
        self._gate = EventGate()
        self._started = False
        self._n_calls = 0
        self._open: dict[int, tuple[int, bool]] = {}  # block -> index of its call, whether arguments came

    def feed(self, event_type: str, message_type: str, payload: bytes) -> list[Event]:
        """What the frame says.

        event_type: the header `:event-type`, or `:exception-type` where there is none.
        message_type: the header `:message-type`: `event`, `exception` or `error`.
        """
        if self._gate.over:
            return []
        try:
            item = json_object(payload) if payload.strip() else {}
        except ValueError as exc:
            item = {}
            if message_type == "event":
                return self._gate.pass_on([broken(exc)])
        if message_type != "event":
            message = text_at(item, "message") or text_at(item, "Message") or event_type
            kind, _ = kind_of_error(event_type, message, status=0)
            return self._gate.pass_on([Failed(kind, message[:LONGEST_MESSAGE])])
        return self._gate.pass_on([*self._start(), *self._read(event_type, item)])

    def close(self) -> list[Event]:
        """The stream has ended; a failure if the answer was not complete."""
        return self._gate.close()

    def _start(self) -> list[Event]:
        if self._started:
            return []
        self._started = True
        return [Started(self._request_id, self._model)]

    def _read(self, event_type: str, item: JsonObject) -> list[Event]:
        block = count_at(item, "contentBlockIndex")
        if event_type == "contentBlockStart":
            return self._open_block(block, object_at(object_at(item, "start"), "toolUse"))
        if event_type == "contentBlockDelta":
            return self._extend_block(block, object_at(item, "delta"))
        if event_type == "contentBlockStop":
            index, filled = self._open.pop(block, (0, True))
            return [] if filled else [ToolCallDelta(index, "{}")]
        if event_type == "messageStop":
            return [Finished(read_finish(text_at(item, "stopReason")))]
        if event_type == "metadata" and object_at(item, "usage"):
            return [UsageSeen(read_usage(object_at(item, "usage")))]
        return []

    def _open_block(self, block: int, call: JsonObject) -> list[Event]:
        if not call:
            return []
        index = self._n_calls
        self._n_calls += 1
        self._open[block] = (index, False)
        call_id = text_at(call, "toolUseId") or made_up_id(seed=self._request_id, index=index)
        return [ToolCallStarted(index, call_id, text_at(call, "name"))]

    def _extend_block(self, block: int, delta: JsonObject) -> list[Event]:
        if text_at(delta, "text"):
            return [TextDelta(text_at(delta, "text"))]
        piece = text_at(object_at(delta, "toolUse"), "input")
        if piece and block in self._open:
            index, _ = self._open[block]
            self._open[block] = (index, True)
            return [ToolCallDelta(index, piece)]
        reasoning = object_at(delta, "reasoningContent")
        text, signature = text_at(reasoning, "text"), text_at(reasoning, "signature") or None
        return [ThinkingDelta(text, signature)] if text or signature else []
