"""Events -> the named events that a streaming Responses client gets.

One item is open at a time, as OpenAI does it and clients rely on. Neutral calls may interleave: what belongs to a later
item waits until the open one can be closed, which for a call is when its arguments are a complete JSON value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.dialects import conversation as c
from router.dialects.openai_responses.answer import (
    BROKEN,
    ItemStatus,
    item_id,
    response_id,
    write_call,
    write_message,
    write_response,
    write_text_part,
)
from router.dialects.openai_responses.namespaces import OwnName
from router.dialects.openai_responses.reasoning import write_reasoning, write_reasoning_part
from router.dialects.shared import stream
from router.dialects.shared.failures import CLOSED_EARLY
from router.dialects.shared.openai_shared import decode_or_none, free_text_input
from router.dialects.shared.sse import sse_event
from router.types import JsonObject


@dataclass(slots=True)
class _Item:
    """An item of the output. head: an empty part of its kind.  sent, waiting: pieces that the client has, and lacks.

    complete: whether a call's arguments are a whole JSON object; None where that was not looked at since they grew.
    """

    id: str
    place: int
    head: c.AnswerPart
    free_text: bool = False
    own_names: Mapping[str, OwnName] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    complete: bool | None = None
    opened: bool = False
    closed: bool = False

    @property
    def text(self) -> str:
        return "".join(self.sent + self.waiting)

    def written(self, status: ItemStatus, *, empty: bool = False) -> JsonObject:
        if isinstance(self.head, c.Text):
            return write_message(self.id, None if empty else self.text, status)
        if isinstance(self.head, c.Thinking):
            return write_reasoning(self.id, "" if empty else self.text, status)
        call = c.ToolCall(self.head.id, self.head.name, "" if empty else self.text)
        return write_call(self.id, call, status, free_text=self.free_text, own_names=self.own_names)


def _shown(item: _Item, text: str) -> JsonObject:
    return write_reasoning_part(text) if isinstance(item.head, c.Thinking) else write_text_part(text)


class StreamWriter(stream.StreamWriter):
    """One answer as named events with rising sequence numbers.

    model: the name for the client.  created_s: Unix time.  free_text, own_names: as in `write_answer`.
    """

    def __init__(
        self,
        model: str,
        created_s: int,
        *,
        free_text: frozenset[str] = frozenset(),
        own_names: Mapping[str, OwnName] | None = None,
    ) -> None:
        super().__init__()
        self._model = model
        self._created_s = created_s
        self._free_text = free_text
        self._own_names = own_names or {}
        self._id = response_id("")
        self._sequence_number = 0
        self._items: list[_Item] = []
        self._calls: dict[int, _Item] = {}
        self._open = 0  # the place of the item that is open, or will be next
        self._finish: c.Finish | None = None
        self._started = False

    def _write(self, event: stream.ContentEvent) -> bytes:
        if self._finish is not None:
            return b""
        start = self._start(event)
        self._take(event)
        return start + self._advance()

    def _write_end(self) -> bytes:
        """An event with the whole response: completed, incomplete or failed."""
        if self._finish is None:
            return self.fail(c.UpstreamFailure(c.FailureKind.BROKEN_ANSWER, 0, CLOSED_EARLY))
        if self._finish is c.Finish.BROKEN:
            return self.fail(BROKEN)
        response = self._response(finish=self._finish, usage=self._usage or c.Usage())
        return self._frame(f"response.{response['status']}", response=response)

    def _write_failure(self, failure: c.UpstreamFailure) -> bytes:
        start = self._begin()
        return start + self._frame("response.failed", response=self._response(failure=failure, usage=self._usage))

    # --- What an event adds

    def _start(self, event: stream.ContentEvent) -> bytes:
        if not self._started and isinstance(event, c.Started):
            self._id = response_id(event.id)
            self._usage = event.usage
        return self._begin()

    def _begin(self) -> bytes:
        """The first two events, once: OpenAI's own client reads nothing before them."""
        if self._started:
            return b""
        self._started = True
        return self._frame("response.created", response=self._response()) + self._frame(
            "response.in_progress", response=self._response()
        )

    def _take(self, event: stream.ContentEvent) -> None:
        match event:
            case c.TextDelta(text) if text:
                self._joining(c.Text("")).waiting.append(text)
            case c.ThinkingDelta(text) if text:
                self._joining(c.Thinking("")).waiting.append(text)
            case c.ToolCallStarted(index, call_id, name):
                self._calls[index] = self._add(c.ToolCall(call_id, name, ""))
            case c.ToolCallDelta(index, arguments) if index in self._calls and not self._calls[index].closed:
                self._calls[index].waiting.append(arguments)
                self._calls[index].complete = None
            case c.Finished(finish):
                self._finish = finish
            case _:
                pass

    def _joining(self, head: c.Text | c.Thinking) -> _Item:
        """The last item if it is of this kind, else a new one."""
        last = self._items[-1] if self._items else None
        return last if last is not None and isinstance(last.head, type(head)) else self._add(head)

    def _add(self, head: c.AnswerPart) -> _Item:
        place = len(self._items)
        free_text = isinstance(head, c.ToolCall) and head.name in self._free_text
        name = item_id(self._id, place, head, free_text=free_text)
        self._items.append(_Item(name, place, head, free_text, self._own_names))
        return self._items[-1]

    # --- What the client gets

    def _advance(self) -> bytes:
        """Writes what waits in the open item, and goes on to the next as often as possible."""
        frames = b""
        while self._open < len(self._items):
            item = self._items[self._open]
            if not item.opened:
                item.opened = True
                frames += self._open_item(item)
            if item.waiting and not item.free_text:  # a custom call's text is inside JSON, and known at its end
                frames += self._delta(item, "".join(item.waiting))
                item.sent, item.waiting = item.sent + item.waiting, []
            if not self._may_close(item):
                break
            item.closed = True
            frames += self._close_item(item)
            self._open += 1
        return frames

    def _may_close(self, item: _Item) -> bool:
        if self._finish is not None:
            return True
        if item.place + 1 == len(self._items):
            return False
        if not isinstance(item.head, c.ToolCall):
            return True
        if item.complete is None:  # once for each piece: other calls' pieces come here as well
            item.complete = isinstance(decode_or_none(item.text), dict)
        return item.complete

    def _open_item(self, item: _Item) -> bytes:
        added = self._frame(
            "response.output_item.added", output_index=item.place, item=item.written("in_progress", empty=True)
        )
        if isinstance(item.head, c.ToolCall):
            return added
        return added + self._part("response.content_part.added", item, part=_shown(item, ""))

    def _delta(self, item: _Item, text: str) -> bytes:
        if isinstance(item.head, c.Text):
            return self._part("response.output_text.delta", item, delta=text, logprobs=[])
        if isinstance(item.head, c.Thinking):
            return self._part("response.reasoning_text.delta", item, delta=text)
        return self._part("response.function_call_arguments.delta", item, delta=text)

    def _close_item(self, item: _Item) -> bytes:
        text = item.text
        if isinstance(item.head, c.Text):
            done = self._part("response.output_text.done", item, text=text, logprobs=[])
            done += self._part("response.content_part.done", item, part=_shown(item, text))
        elif isinstance(item.head, c.Thinking):
            done = self._part("response.reasoning_text.done", item, text=text)
            done += self._part("response.content_part.done", item, part=_shown(item, text))
        elif item.free_text:
            text = free_text_input(text)
            done = self._part("response.custom_tool_call_input.delta", item, delta=text) if text else b""
            done += self._part("response.custom_tool_call_input.done", item, input=text)
        else:
            own = self._own_names.get(item.head.name)
            name = item.head.name if own is None else own.name
            done = self._part("response.function_call_arguments.done", item, name=name, arguments=text)
        return done + self._frame(
            "response.output_item.done", output_index=item.place, item=item.written(self._item_status(item))
        )

    def _item_status(self, item: _Item) -> ItemStatus:
        if not item.closed:
            return "in_progress"
        cut = self._finish in (c.Finish.LENGTH, c.Finish.CONTENT_FILTER) and item.place + 1 == len(self._items)
        return "incomplete" if cut else "completed"

    def _part(self, kind: str, item: _Item, **fields: object) -> bytes:
        place: JsonObject = {"item_id": item.id, "output_index": item.place}
        if not isinstance(item.head, c.ToolCall):
            place["content_index"] = 0
        return self._frame(kind, **place, **fields)

    def _frame(self, kind: str, **fields: object) -> bytes:
        frame = sse_event(kind, {"type": kind, "sequence_number": self._sequence_number, **fields})
        self._sequence_number += 1
        return frame

    def _response(
        self,
        *,
        finish: c.Finish | None = None,
        usage: c.Usage | None = None,
        failure: c.UpstreamFailure | None = None,
    ) -> JsonObject:
        output = [item.written(self._item_status(item)) for item in self._items if item.opened]
        return write_response(
            self._id,
            model=self._model,
            created_s=self._created_s,
            output=output,
            finish=finish,
            usage=usage,
            failure=failure,
        )
