"""The input of a Responses body -> turns.

Neighbouring items of one side make one turn: a model's text and calls are separate items here, and one turn elsewhere.
"""

from __future__ import annotations

from typing import Literal

from router.dialects.conversation import Media, Part, Text, ToolCall, ToolResult, Turn
from router.dialects.shared.asking import media_of_url
from router.dialects.shared.fields import as_object, as_string, expected, optional_string
from router.dialects.shared.openai_shared import (
    TEXT_TYPES,
    arguments_text,
    free_text_arguments,
    read_audio,
    read_document,
    read_image,
    refuse,
)
from router.errors import RequestError
from router.types import JsonObject

_CALLS = frozenset({"function_call", "custom_tool_call"})
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})


def read_input(value: object, dropped: list[str]) -> tuple[Turn, ...]:
    """A text, or an array of items, as turns; items without a neutral form are added to `dropped`.

    Raises RequestError naming the item's field.
    """
    if isinstance(value, str):
        return (Turn("user", (Text(value),) if value else ()),)
    if not isinstance(value, list):
        raise expected("a string or an array of items", value, field="input")
    if not value:
        raise RequestError("input: expected at least one item.", field="input", code="empty")
    items = _Items(dropped)
    for index, item in enumerate(value):
        items.read(as_object(item, field=f"input[{index}]"), field=f"input[{index}]")
    return tuple(items.turns)


class _Items:
    """Reads items in order: results need the names of the calls before them."""

    def __init__(self, dropped: list[str]) -> None:
        self.turns: list[Turn] = []
        self._dropped = dropped
        self._names: dict[str, str] = {}
        self._last: str = ""  # what the last turn may be joined by: `assistant`, `results`, or nothing

    def read(self, item: JsonObject, *, field: str) -> None:
        kind = as_string(item.get("type", "message"), field=f"{field}.type")
        if kind == "message":
            self._read_message(item, field=field)
        elif kind in _CALLS:
            self._add("assistant", "assistant", (self._read_call(item, kind, field=field),))
        elif kind in _RESULTS:
            self._add("user", "results", (self._read_result(item, field=field),))
        elif kind == "item_reference":
            raise refuse("items are not kept here. Send the item itself.", field=field)
        else:  # reasoning is bound to who made it; hosted tools' calls and results to OpenAI
            self._dropped.append(f"{field} ({kind[:60]})")

    def _add(self, role: Literal["user", "assistant"], group: str, parts: tuple[Part, ...]) -> None:
        if self._last == group:
            parts = self.turns.pop().parts + parts
        self.turns.append(Turn(role, parts))
        self._last = group

    def _read_message(self, item: JsonObject, *, field: str) -> None:
        role = as_string(item.get("role"), field=f"{field}.role")
        parts = _read_content(item.get("content"), field=f"{field}.content")
        if role == "assistant":
            self._add("assistant", "assistant", parts)
            return
        self._last = ""
        if role == "user":
            self.turns.append(Turn("user", parts))
        elif role in ("system", "developer"):
            if any(isinstance(part, Media) for part in parts):
                raise refuse("expected text only in this role. Send media as the user.", field=f"{field}.content")
            self.turns.append(Turn("system", parts))
        else:
            raise RequestError(f"{field}.role: expected user, assistant, system or developer.", field=f"{field}.role")

    def _read_call(self, item: JsonObject, kind: str, *, field: str) -> ToolCall:
        call_id = as_string(item.get("call_id"), field=f"{field}.call_id")
        name = as_string(item.get("name"), field=f"{field}.name")
        self._names[call_id] = name
        if kind == "custom_tool_call":
            text = as_string(item.get("input"), field=f"{field}.input")
            return ToolCall(call_id, name, free_text_arguments(text))
        return ToolCall(call_id, name, arguments_text(item.get("arguments"), field=f"{field}.arguments"))

    def _read_result(self, item: JsonObject, *, field: str) -> ToolResult:
        call_id = as_string(item.get("call_id"), field=f"{field}.call_id")
        parts = _read_content(item.get("output"), field=f"{field}.output")
        return ToolResult(call_id, parts, name=self._names.get(call_id))


# --- Contents ---------------------------------------------------------------------------------------------------------


def _read_content(value: object, *, field: str) -> tuple[Text | Media, ...]:
    """Parts of a content; empty texts are left out, as no other dialect takes them."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (Text(value),) if value else ()
    if not isinstance(value, list):
        raise expected("a string or an array of parts", value, field=field)
    parts = [
        _read_part(as_object(part, field=f"{field}[{index}]"), field=f"{field}[{index}]")
        for index, part in enumerate(value)
    ]
    return tuple(part for part in parts if part != Text(""))


def _read_part(item: JsonObject, *, field: str) -> Text | Media:
    kind = as_string(item.get("type"), field=f"{field}.type")
    if kind in TEXT_TYPES:
        return Text(as_string(item.get("text"), field=f"{field}.text"))
    if kind == "refusal":
        return Text(as_string(item.get("refusal"), field=f"{field}.refusal"))
    if kind == "input_image":
        _refuse_kept_file(item, "image_url", field=field)
        url = as_string(item.get("image_url"), field=f"{field}.image_url")
        detail = optional_string(item, "detail", prefix=f"{field}.")
        return read_image(url, detail, field=f"{field}.image_url")
    if kind == "input_file":
        return _read_file(item, field=field)
    if kind == "input_audio":
        return read_audio(
            as_object(item.get("input_audio"), field=f"{field}.input_audio"), field=f"{field}.input_audio"
        )
    raise refuse(
        f"content of type {kind[:60]!r} cannot be translated. Send input_text, input_image or input_file.",
        field=f"{field}.type",
    )


def _read_file(item: JsonObject, *, field: str) -> Media:
    _refuse_kept_file(item, "file_data", "file_url", field=field)
    name = optional_string(item, "filename", prefix=f"{field}.")
    url = optional_string(item, "file_url", prefix=f"{field}.")
    if url is not None and item.get("file_data") is None:
        return media_of_url("document", url=url, media_type=None, name=name, field=f"{field}.file_url")
    return read_document(as_string(item.get("file_data"), field=f"{field}.file_data"), name, field=f"{field}.file_data")


def _refuse_kept_file(item: JsonObject, *instead: str, field: str) -> None:
    if item.get("file_id") is not None and all(item.get(key) is None for key in instead):
        raise refuse(
            f"files kept at OpenAI cannot be read here. Send {' or '.join(instead)}.", field=f"{field}.file_id"
        )
