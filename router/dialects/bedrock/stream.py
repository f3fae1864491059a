"""A Converse stream, in AWS event-stream frames -> neutral events."""

from __future__ import annotations

from router.dialects import conversation as c
from router.dialects.bedrock.answer import read_finish, read_usage
from router.dialects.bedrock.eventstream import Frame, FrameReader
from router.dialects.bedrock.failure import read_error
from router.dialects.shared import stream
from router.dialects.shared.failures import ProviderError
from router.dialects.shared.fields import count_at, json_object, object_at, text_at
from router.dialects.shared.parts import made_up_id
from router.types import JsonObject


class StreamReader(stream.StreamReader[Frame]):
    """A provider's stream.

    model, request_id: they are not in the frames (`x-amzn-requestid` has the latter).
    """

    def __init__(self, *, model: str = "", request_id: str = "") -> None:
        super().__init__(FrameReader())
        self._model = model
        self._request_id = request_id
        self._started = False
        self._n_calls = 0
        self._open: dict[int, tuple[int, bool]] = {}  # block -> index of its call, whether arguments came

    def _read(self, frame: Frame) -> list[c.Event]:
        names = (":event-type", ":exception-type", ":error-code")
        name = next((frame.headers[key] for key in names if frame.headers.get(key)), "")
        if frame.headers.get(":message-type", "event") != "event":
            return [_error(name, frame.payload).in_stream()]
        item = json_object(frame.payload) if frame.payload.strip() else {}
        return [*self._start(), *self._read_event(name, item)]

    def _start(self) -> list[c.Event]:
        if self._started:
            return []
        self._started = True
        return [c.Started(self._request_id, self._model)]

    def _read_event(self, event_type: str, item: JsonObject) -> list[c.Event]:
        block = count_at(item, "contentBlockIndex")
        if event_type == "contentBlockStart":
            return self._open_block(block, object_at(object_at(item, "start"), "toolUse"))
        if event_type == "contentBlockDelta":
            return self._extend_block(block, object_at(item, "delta"))
        if event_type == "contentBlockStop":
            index, filled = self._open.pop(block, (0, True))
            return [] if filled else [c.ToolCallDelta(index, "{}")]
        if event_type == "messageStop":
            return [c.Finished(read_finish(text_at(item, "stopReason")))]
        if event_type == "metadata" and object_at(item, "usage"):
            return [c.UsageSeen(read_usage(object_at(item, "usage")))]
        return []

    def _open_block(self, block: int, call: JsonObject) -> list[c.Event]:
        if not call:
            return []
        index = self._n_calls
        self._n_calls += 1
        self._open[block] = (index, False)
        call_id = text_at(call, "toolUseId") or made_up_id(seed=self._request_id, index=index)
        return [c.ToolCallStarted(index, call_id, text_at(call, "name"))]

    def _extend_block(self, block: int, delta: JsonObject) -> list[c.Event]:
        if text_at(delta, "text"):
            return [c.TextDelta(text_at(delta, "text"))]
        piece = text_at(object_at(delta, "toolUse"), "input")
        if piece and block in self._open:
            index, _ = self._open[block]
            self._open[block] = (index, True)
            return [c.ToolCallDelta(index, piece)]
        reasoning = object_at(delta, "reasoningContent")
        text, signature = text_at(reasoning, "text"), text_at(reasoning, "signature") or None
        return [c.ThinkingDelta(text, signature)] if text or signature else []


def _error(name: str, payload: bytes) -> ProviderError:
    try:
        document = json_object(payload)
    except ValueError:
        document = {}
    if not (text_at(document, "message") or text_at(document, "Message")):
        document = {"message": name}
    return read_error(document, 0, {"x-amzn-errortype": name})
