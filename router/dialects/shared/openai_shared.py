"""What OpenAI's two dialects, Chat Completions and Responses, say in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, get_args

from router.dialects.conversation import AnswerFormat, Effort, Media, Tool, ToolChoice
from router.dialects.shared.asking import media_of_bytes, media_of_url
from router.dialects.shared.fields import as_object, as_string, expected, optional_bool, optional_string
from router.errors import RequestError
from router.jsontext import decode_json, encode_json
from router.types import JsonObject

TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
FREE_TEXT_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}

_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_AUDIO_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}

# --- Reading single fields --------------------------------------------------------------------------------------------


def refuse(message: str, *, field: str, code: str = "unsupported_value") -> RequestError:
    """The error for what cannot be had here; the message ends with the cure."""
    return RequestError(f"{field}: {message}", field=field, code=code)


def optional_effort(value: object, *, field: str) -> Effort | None:
    """One of the words for how much to think. Raises RequestError."""
    if value is None:
        return None
    for effort in _EFFORTS:
        if value == effort:
            return effort
    raise RequestError(f"{field}: expected one of {', '.join(_EFFORTS)}.", field=field)


def read_schema(value: object, *, field: str) -> JsonObject:
    """A tool's parameters; none is an object without properties. Raises RequestError."""
    return {"type": "object", "properties": {}} if value is None else as_object(value, field=field)


def read_function(item: JsonObject, *, field: str) -> Tool:
    """A function's definition. Raises RequestError."""
    strict = item.get("strict")
    return Tool(
        name=as_string(item.get("name"), field=f"{field}.name"),
        description=optional_string(item, "description", prefix=f"{field}."),
        schema=read_schema(item.get("parameters"), field=f"{field}.parameters"),
        strict=None if strict is None else optional_bool(item, "strict", default=False, prefix=f"{field}."),
    )


def read_format_schema(item: JsonObject, *, field: str) -> AnswerFormat:
    """A JSON schema that the answer must fit. Raises RequestError."""
    strict = item.get("strict")
    return AnswerFormat(
        kind="schema",
        schema=as_object(item.get("schema"), field=f"{field}.schema"),
        name=optional_string(item, "name", prefix=f"{field}."),
        strict=None if strict is None else optional_bool(item, "strict", default=False, prefix=f"{field}."),
    )


def read_choice_word(value: str, *, field: str) -> ToolChoice:
    """`none`, `auto` or `required`. Raises RequestError."""
    if value == "none":
        return ToolChoice("none")
    if value == "auto":
        return ToolChoice("auto")
    if value == "required":
        return ToolChoice("required")
    raise RequestError(f"{field}: expected none, auto, required or an object.", field=field)


def unread(body: JsonObject, known: frozenset[str]) -> list[str]:
    """Keys that nobody reads and that hold something."""
    return [key for key, value in body.items() if key not in known and value not in (None, False, [], {}, "")]


def once(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each at its first place."""
    return tuple(dict.fromkeys(names))


# --- Media ------------------------------------------------------------------------------------------------------------


def read_image(url: str, detail: str | None, *, field: str) -> Media:
    """An image by its URL, which may hold the bytes. Raises RequestError."""
    media = media_of_url("image", url=url, media_type=None, name=None, field=field)
    return media if detail is None else replace(media, detail=detail)


def read_document(data: str, name: str | None, *, field: str) -> Media:
    """A document by a `data:` URL, or by bare base64, whose type its name says. Raises RequestError."""
    if data[:5].lower() == "data:":
        return media_of_url("document", url=data, media_type=None, name=name, field=field)
    return media_of_bytes("document", data=data, media_type=None, name=name, field=field)


def read_audio(item: JsonObject, *, field: str) -> Media:
    """A sound. Raises RequestError."""
    kind = as_string(item.get("format"), field=f"{field}.format")
    data = as_string(item.get("data"), field=f"{field}.data")
    media_type = _AUDIO_TYPES.get(kind, f"audio/{kind}")
    return media_of_bytes("audio", data=data, media_type=media_type, name=None, field=f"{field}.data")


def audio_format(media_type: str | None) -> str:
    """OpenAI's word for a sound's media type."""
    known = {media: word for word, media in _AUDIO_TYPES.items()} | {"audio/mp3": "mp3", "audio/x-wav": "wav"}
    return known.get(media_type or "audio/wav") or (media_type or "").rpartition("/")[2]


# --- Custom tools: their one argument is a text -----------------------------------------------------------------------


def free_text_arguments(text: str) -> str:
    """A custom call's input as the arguments of a function that takes `input`."""
    return encode_json({"input": text}).decode()


def free_text_input(arguments: str) -> str:
    """The other way; arguments of any other form are handed over as they are."""
    value = decode_or_none(arguments)
    text = value.get("input") if isinstance(value, dict) else None
    return text if isinstance(text, str) else arguments


def decode_or_none(text: str) -> Any:
    """The value of a JSON text, None for any other text (and for null)."""
    try:
        return decode_json(text.encode("utf-8", "replace"))
    except ValueError:
        return None


def arguments_text(value: object, *, field: str) -> str:
    """A call's arguments: text as it came; some clients send the object itself. Raises RequestError."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return encode_json(value).decode()
    if not isinstance(value, str):
        raise expected("a string", value, field=field)
    return value
