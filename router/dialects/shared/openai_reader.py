"""Reads what OpenAI's two dialects, Chat Completions and Responses, have in common: contents, tools, formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from router.dialects import conversation as c
from router.dialects.shared import fields as get
from router.dialects.shared.cache import with_mark
from router.dialects.shared.openai_shared import AUDIO_TYPES, FREE_TEXT_SCHEMA, free_text_arguments
from router.dialects.shared.reader import Reader, kind_of, media_of_bytes, media_of_url, possible_choice
from router.errors import RequestError
from router.jsontext import encode_json
from router.types import EFFORTS, Effort, JsonObject

_MODES: tuple[Literal["none", "auto", "required"], ...] = ("none", "auto", "required")
OPENAI_FIELDS = (
    *("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "service_tier", "safety_identifier"),
    "verbosity",
)
"""Parameters that only OpenAI's dialects have; the last is inside `text` in Responses."""


class OpenAiReader(Reader):
    """Reads contents. taken: the types of parts that errors name as a cure."""

    taken = "text, image_url, input_audio or file"

    def content(self, value: object, *, field: str) -> list[c.Part]:
        """Parts of a string, of blocks or of null; empty texts are left out, as no other dialect takes them.

        Raises RequestError naming the block.
        """
        if isinstance(value, str):
            return [c.Text(value)] if value else []
        if value is None:
            return []
        if not isinstance(value, list):
            raise get.expected("a string, an array of blocks or null", value, field=field)
        parts = [self.part(item, field=f"{field}[{index}]") for index, item in enumerate(value)]
        return [part for part in parts if type(part) is not c.Text or part.text]

    def part(self, item: object, *, field: str) -> c.Part:
        """A block with its mark for the cache. Raises RequestError."""
        part = self._part(item, field=field)
        if not isinstance(item, dict) or "cache_control" not in item:
            return part
        return with_mark((part,), item)[0]

    def _part(self, item: object, *, field: str) -> c.Part:
        """A block; opaque where its type is not known, or where it has a fault. Raises RequestError."""
        if isinstance(item, str):
            return c.Text(item)
        block = get.as_object(item, field=field)
        if block.get("prompt_cache_breakpoint"):
            self.dropped.append("prompt_cache_breakpoint")
        if (text := self.text_block(block, field=field)) is not None:
            return text
        name = block.get("type")
        read = _PARTS.get(name) if isinstance(name, str) else None
        if read is not None:
            return self.strictly(read, block, kind=kind_of(name), field=field)
        if not isinstance(name, str):
            return self.opaque(kind_of(name), block, get.expected("a string", name, field=f"{field}.type"))
        cure = f"content of type {name[:60]!r} cannot be translated. Send {self.taken}."
        return self.opaque(kind_of(name), block, get.unusable(cure, field=f"{field}.type"))

    def calls(self, item: JsonObject, key: str, read: Callable[..., c.ToolCall], *, field: str) -> list[c.Part]:
        """The calls of the array under `key`."""
        value = item.get(key)
        if value is not None and not isinstance(value, list):
            self.problems.append(get.expected("an array", value, field=f"{field}.{key}"))
            return []
        return [
            self.strictly(read, call, kind="tool_call", field=f"{field}.{key}[{index}]")
            for index, call in enumerate(value or ())
        ]


# --- Parts ------------------------------------------------------------------------------------------------------------


def _read_refusal(block: JsonObject, *, field: str) -> c.Text:
    return c.Text(get.as_string(block.get("refusal"), field=f"{field}.refusal"))


def _read_chat_image(block: JsonObject, *, field: str) -> c.Media:
    value, field = block.get("image_url"), f"{field}.image_url"
    if isinstance(value, str):  # several clients send the URL alone
        return media_of_url("image", value, field=field)
    item = get.as_object(value, field=field)
    detail = get.optional_string(item, "detail", prefix=f"{field}.")
    return media_of_url(
        "image", get.as_string(item.get("url"), field=f"{field}.url"), field=f"{field}.url", detail=detail
    )


def _read_image(block: JsonObject, *, field: str) -> c.Media:
    _refuse_kept_file(block, "image_url", field=field)
    url = get.as_string(block.get("image_url"), field=f"{field}.image_url")
    detail = get.optional_string(block, "detail", prefix=f"{field}.")
    return media_of_url("image", url, field=f"{field}.image_url", detail=detail)


def _read_chat_file(block: JsonObject, *, field: str) -> c.Media:
    return _read_file(get.as_object(block.get("file"), field=f"{field}.file"), field=f"{field}.file")


def _read_file(item: JsonObject, *, field: str) -> c.Media:
    _refuse_kept_file(item, "file_data", "file_url", field=field)
    name = get.optional_string(item, "filename", prefix=f"{field}.")
    url = get.optional_string(item, "file_url", prefix=f"{field}.")
    if url is not None and item.get("file_data") is None:
        return media_of_url("document", url, field=f"{field}.file_url", name=name)
    data, field = get.as_string(item.get("file_data"), field=f"{field}.file_data"), f"{field}.file_data"
    if data[:5].lower() == "data:":
        return media_of_url("document", data, field=field, name=name)
    return media_of_bytes("document", data, field=field, media_type=None, name=name)


def _refuse_kept_file(item: JsonObject, *instead: str, field: str) -> None:
    if item.get("file_id") is not None and all(item.get(key) is None for key in instead):
        cure = f"files kept at OpenAI cannot be read here. Send {' or '.join(instead)}."
        raise get.unusable(cure, field=f"{field}.file_id")


def _read_audio(block: JsonObject, *, field: str) -> c.Media:
    field = f"{field}.input_audio"
    item = get.as_object(block.get("input_audio"), field=field)
    form = get.as_string(item.get("format"), field=f"{field}.format")
    data = get.as_string(item.get("data"), field=f"{field}.data")
    media_type = AUDIO_TYPES.get(form, f"audio/{form}")
    return media_of_bytes("audio", data, field=f"{field}.data", media_type=media_type, name=None)


def _read_thinking(block: JsonObject, *, field: str) -> c.Thinking:
    return c.Thinking(thinking_text(block.get("thinking")))


def thinking_text(value: object) -> str:
    """Thinking as text, or as Mistral's array of text parts; "" for anything else."""
    if isinstance(value, str):
        return value
    items = value if isinstance(value, list) else []
    return "".join([text for item in items if isinstance(text := get.inner(item, "text"), str)])


_PARTS: Mapping[str, Callable[..., c.Part]] = {
    "refusal": _read_refusal,
    "image_url": _read_chat_image,
    "input_image": _read_image,
    "file": _read_chat_file,
    "input_file": _read_file,
    "input_audio": _read_audio,
    "thinking": _read_thinking,
}


# --- Calls ------------------------------------------------------------------------------------------------------------


def read_call(item: JsonObject, call_id: object, *, field: str) -> c.ToolCall:
    """A call of a function, with its name and arguments. Raises RequestError."""
    name = get.as_string(item.get("name"), field=f"{field}.name")
    value = item.get("arguments")
    if isinstance(value, dict):  # some clients send the object itself
        value = encode_json(value).decode()
    arguments = "" if value is None else get.as_string(value, field=f"{field}.arguments")
    return c.ToolCall(get.as_string(call_id, field=f"{field}.id"), name, arguments)


def read_custom_call(item: JsonObject, call_id: str, *, field: str) -> c.ToolCall:
    """A call of a custom tool, whose input is a text. Raises RequestError."""
    name = get.as_string(item.get("name"), field=f"{field}.name")
    return c.ToolCall(call_id, name, free_text_arguments(get.as_string(item.get("input"), field=f"{field}.input")))


# --- Tools, formats, effort -------------------------------------------------------------------------------------------


def read_function(item: JsonObject, *, field: str) -> c.Tool:
    """A function's definition. Raises RequestError."""
    schema = item.get("parameters")
    return c.Tool(
        name=get.as_string(item.get("name"), field=f"{field}.name"),
        description=get.optional_string(item, "description", prefix=f"{field}."),
        schema={"type": "object", "properties": {}}
        if schema is None
        else get.as_object(schema, field=f"{field}.parameters"),
        strict=get.optional_flag(item, "strict", prefix=f"{field}."),
    )


def read_custom_tool(tool: JsonObject, *, field: str) -> c.Tool:
    """A tool that takes free text. Its grammar goes into the description, as no other dialect can enforce one."""
    description = get.optional_string(tool, "description", prefix=f"{field}.")
    definition = get.inner(tool.get("format"), "definition")
    if isinstance(definition, str):
        description = f"{description or ''}\n\n`input` must fit this grammar:\n{definition}".strip()
    name = get.as_string(tool.get("name"), field=f"{field}.name")
    return c.Tool(name, description, FREE_TEXT_SCHEMA, free_text=True)


def choose_tools(
    tools: tuple[c.Tool, ...],
    value: object,
    dropped: list[str],
    *,
    name_of: Callable[..., str],
    kinds: tuple[str, ...],
    allowed_in: str | None = None,
) -> tuple[tuple[c.Tool, ...], c.ToolChoice | None]:
    """The tools that may be called and the choice; `allowed_tools` leaves fewer tools.

    name_of: the name in an item that names a tool.  kinds: types of such items.
    allowed_in: the key that holds mode and tools of `allowed_tools`.
    Raises RequestError.
    """
    choice: c.ToolChoice | None = None
    if isinstance(value, str):
        choice = _read_choice_word(value, field="tool_choice")
    elif value is not None:
        item = get.as_object(value, field="tool_choice")
        kind = item.get("type")
        if kind in kinds:
            choice = c.ToolChoice("named", name_of(item, field="tool_choice"))
        elif kind == "allowed_tools":
            field = f"tool_choice.{allowed_in}" if allowed_in else "tool_choice"
            allowed = get.as_object(item.get(allowed_in), field=field) if allowed_in else item
            get.as_array(allowed.get("tools"), field=f"{field}.tools")
            named = get.objects(allowed, "tools", prefix=f"{field}.")
            names = {name_of(one, field=at) for at, one in named if one.get("type", "function") in kinds}
            word = get.as_string(allowed.get("mode"), field=f"{field}.mode")
            choice = _read_choice_word(word, field=f"{field}.mode")
            tools = tuple(tool for tool in tools if tool.name in names)
        else:
            dropped.append("tool_choice")
    return tools, possible_choice(choice, tools, dropped, field="tool_choice")


def _read_choice_word(value: str, *, field: str) -> c.ToolChoice:
    for mode in _MODES:
        if value == mode:
            return c.ToolChoice(mode)
    raise RequestError(f"{field}: expected none, auto, required or an object.", field=field)


def read_format(item: JsonObject, *, field: str, schema_in: str | None = None) -> c.AnswerFormat | None:
    """The shape that the answer must have; None for text. schema_in: the key that holds name and schema.

    Raises RequestError.
    """
    kind = item.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return c.AnswerFormat("json")
    if kind != "json_schema":
        raise RequestError(f"{field}.type: expected text, json_object or json_schema.", field=f"{field}.type")
    if schema_in is not None:
        field = f"{field}.{schema_in}"
        item = get.as_object(item.get(schema_in), field=field)
    return c.AnswerFormat(
        kind="schema",
        schema=get.as_object(item.get("schema"), field=f"{field}.schema"),
        name=get.optional_string(item, "name", prefix=f"{field}."),
        strict=get.optional_flag(item, "strict", prefix=f"{field}."),
    )


def optional_effort(value: object, *, field: str) -> Effort | None:
    """One of the words for how much to think. Raises RequestError."""
    for effort in EFFORTS:
        if value == effort:
            return effort
    if value is None:
        return None
    raise get.one_of(EFFORTS, value, field=field)


def openai_fields(*bodies: JsonObject) -> tuple[tuple[str, object], ...]:
    """OpenAI's own parameters that are set, with their names in chat completions."""
    found = [(name, body[name]) for body in bodies for name in OPENAI_FIELDS if body.get(name) is not None]
    return tuple(found)


def unread(body: JsonObject, known: frozenset[str], *, prefix: str = "") -> list[str]:
    """Paths of the members that no reader knows and that hold something."""
    return [prefix + key for key, value in body.items() if key not in known and value not in (None, False, [], {}, "")]
