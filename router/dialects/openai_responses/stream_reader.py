"""A provider's stream of named events -> events, whatever of OpenAI's order and numbers the server keeps.

Every text is read from its pieces, and again where its end repeats it whole: some servers send only the one, some only
the other, and llama.cpp leaves out the numbers of events, items and parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from router.dialects import conversation as c
from router.dialects.openai_responses.answer import (
    BETWEEN_SUMMARIES,
    CALL_TYPES,
    read_arguments,
    read_finish,
    read_usage,
)
from router.dialects.shared import stream
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.openai_failures import read_error
from router.dialects.shared.parts import made_up_id
from router.types import JsonObject

_Key: TypeAlias = int | str
"""Of an item: its place in the output; its id where the server does not number them."""

_NO_WORDS = "the provider reported an error without a message"


@dataclass(slots=True)
class _Call:
    """A call being received. number: among the answer's calls.  n_sent: characters of its arguments so far.

    waiting: arguments that came before the name, which starts the call.
    """

    number: int
    id: str = ""
    started: bool = False
    n_sent: int = 0
    waiting: str = ""


class StreamReader(stream.JsonStreamReader):
    """A provider's stream."""

    def __init__(self) -> None:
        super().__init__()
        self._id = ""
        self._started = False
        self._refused = False
        self._n_sent: dict[tuple[_Key, str, int], int] = {}  # characters of each text, by item, kind and part
        self._calls: dict[_Key, _Call] = {}

    def _read_object(self, name: str, item: JsonObject) -> list[c.Event]:
        kind = text_at(item, "type") or name
        if kind == "error" or (item.get("error") and not kind.startswith("response.")):
            return [_failed(item)]
        response = object_at(item, "response")
        found = self._read_event(kind.removeprefix("response."), item, response)
        if self._started or not (found or response):
            return found
        self._started = True
        self._id = text_at(response, "id")
        return [c.Started(self._id, text_at(response, "model")), *found]

    def _read_event(self, kind: str, item: JsonObject, response: JsonObject) -> list[c.Event]:
        subject, _, step = kind.rpartition(".")
        match subject:
            case "output_text" | "refusal" | "reasoning_summary_text" | "reasoning_text" if step in ("delta", "done"):
                return self._read_text(subject, item, is_whole=step == "done")
            case "function_call_arguments" if step == "delta":
                return self._more_arguments(self._call(_key(item)), text_at(item, "delta"))
            case "output_item" if step in ("added", "done"):
                return self._read_item(object_at(item, "item"), _key(item), is_done=step == "done")
        if kind in ("completed", "incomplete"):
            return self._read_end(response)
        if kind in ("failed", "cancelled"):
            return [*_usage(response), _failed(response)]
        return []

    # --- Texts

    def _read_text(self, kind: str, item: JsonObject, *, is_whole: bool) -> list[c.Event]:
        field = ("refusal" if kind == "refusal" else "text") if is_whole else "delta"
        part = count_at(item, "summary_index" if kind == "reasoning_summary_text" else "content_index")
        return self._more_text(kind, _key(item), part, text_at(item, field), is_whole=is_whole)

    def _more_text(self, kind: str, key: _Key, part: int, text: str, *, is_whole: bool) -> list[c.Event]:
        """What is new of a text, as an event. is_whole: the text is all of it, of which pieces may have come before."""
        place = (key, kind, part)
        n_sent = self._n_sent.get(place, 0)
        new = text[n_sent:] if is_whole else text
        if not new:
            return []
        self._n_sent[place] = n_sent + len(new)
        self._refused = self._refused or kind == "refusal"
        if not kind.startswith("reasoning"):
            return [c.TextDelta(new)]
        begins_another = kind == "reasoning_summary_text" and part and not n_sent
        return [c.ThinkingDelta(BETWEEN_SUMMARIES + new if begins_another else new)]

    # --- Items

    def _read_item(self, item: JsonObject, key: _Key, *, is_done: bool) -> list[c.Event]:
        kind = text_at(item, "type")
        if kind in CALL_TYPES:
            return self._read_call(item, key, is_done=is_done)
        if not is_done:
            return []
        events: list[c.Event] = []
        for part, shown in enumerate(objects_at(item, "summary")):
            events += self._more_text("reasoning_summary_text", key, part, text_at(shown, "text"), is_whole=True)
        for part, shown in enumerate(objects_at(item, "content")):
            is_refusal = shown.get("type") == "refusal"
            plain = "reasoning_text" if kind == "reasoning" else "refusal" if is_refusal else "output_text"
            text = text_at(shown, "refusal" if is_refusal else "text")
            events += self._more_text(plain, key, part, text, is_whole=True)
        sealed = text_at(item, "encrypted_content")
        if sealed and any(place[0] == key for place in self._n_sent):  # a seal alone is nothing to show
            events.append(c.ThinkingDelta("", signature=sealed))
        return events

    def _call(self, key: _Key) -> _Call:
        return self._calls.setdefault(key, _Call(len(self._calls)))

    def _read_call(self, item: JsonObject, key: _Key, *, is_done: bool) -> list[c.Event]:
        call = self._call(key)
        events: list[c.Event] = []
        if not call.started and (name := text_at(item, "name")):
            call.started = True
            call_id = text_at(item, "call_id") or text_at(item, "id")
            call_id = call_id or made_up_id(seed=self._id, index=call.number)
            events.append(c.ToolCallStarted(call.number, call_id, name))
            waiting, call.waiting = call.waiting, ""
            events += self._more_arguments(call, waiting)
        if is_done:  # a custom tool's text is inside JSON, and known at its end
            events += self._more_arguments(call, read_arguments(item)[call.n_sent :])
        return events

    def _more_arguments(self, call: _Call, text: str) -> list[c.Event]:
        if not text:
            return []
        if not call.started:
            call.waiting += text
            return []
        call.n_sent += len(text)
        return [c.ToolCallDelta(call.number, text)]

    # --- The end

    def _read_end(self, response: JsonObject) -> list[c.Event]:
        events: list[c.Event] = []
        if not self._n_sent and not self._calls:  # a server that sends no pieces
            for place, item in enumerate(objects_at(response, "output")):
                events += self._read_item(item, place, is_done=True)
        nameless = any(not call.started for call in self._calls.values())
        finish = read_finish(response, has_calls=bool(self._calls), refused=self._refused)
        return [*events, *_usage(response), c.Finished(c.Finish.BROKEN if nameless else finish)]


def _key(event: JsonObject) -> _Key:
    place = event.get("output_index")
    if isinstance(place, int):
        return place
    item = object_at(event, "item")
    return text_at(event, "item_id") or text_at(item, "id") or text_at(item, "call_id")


def _usage(response: JsonObject) -> list[c.Event]:
    found = object_at(response, "usage")
    return [c.UsageSeen(read_usage(found))] if found else []


def _failed(document: JsonObject) -> c.Failed:
    """The failure of an `error` event, or of a response that failed."""
    error = read_error(document, 0, {})
    return c.Failed(error.kind, error.message or _NO_WORDS)
