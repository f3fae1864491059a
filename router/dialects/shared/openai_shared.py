"""What OpenAI's two dialects, Chat Completions and Responses, write in the same words."""

from __future__ import annotations

from typing import Any

from router.dialects.conversation import AnswerFormat, Media, Tool
from router.dialects.shared.parts import media_type_of
from router.jsontext import decode_json, encode_json
from router.types import Effort, JsonObject

FREE_TEXT_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}
"""Of a custom tool's arguments."""
AUDIO_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
"""OpenAI's words for the formats of sounds, with their media types."""


def audio_format(media_type: str | None) -> str:
    """OpenAI's word for a sound's media type."""
    known = {media: word for word, media in AUDIO_TYPES.items()} | {"audio/mp3": "mp3", "audio/x-wav": "wav"}
    return known.get(media_type or "audio/wav") or (media_type or "").rpartition("/")[2]


def data_url(media: Media, otherwise: str) -> str:
    """The media's bytes as a `data:` URL. otherwise: the media type where none is known."""
    return f"data:{media_type_of(media) or otherwise};base64,{media.data or ''}"


def function_fields(tool: Tool) -> JsonObject:
    """A function's definition."""
    fields = {"name": tool.name, "description": tool.description, "parameters": tool.schema, "strict": tool.strict}
    return {key: value for key, value in fields.items() if value is not None}


def effort_for(thinking_tokens: int | None) -> Effort | None:
    """The word nearest to a budget of thinking; the steps are LiteLLM's."""
    if thinking_tokens is None:
        return None
    return "low" if thinking_tokens < 2048 else "medium" if thinking_tokens < 4096 else "high"


def schema_fields(wanted: AnswerFormat) -> JsonObject:
    """A JSON schema that the answer must fit; it needs a name."""
    fields = {"name": wanted.name or "answer", "schema": wanted.schema or {}, "strict": wanted.strict}
    return {key: value for key, value in fields.items() if value is not None}


# --- Custom tools: their one argument is a text -----------------------------------------------------------------------


def free_text_arguments(text: str) -> str:
    """A custom call's input as the arguments of a function that takes `input`."""
    return encode_json({"input": text}).decode()


def free_text_input(arguments: str) -> str:
    """The inverse; arguments of any other form are returned as they are."""
    value = decode_or_none(arguments)
    text = value.get("input") if isinstance(value, dict) else None
    return text if isinstance(text, str) else arguments


def decode_or_none(text: str) -> Any:
    """The value of a JSON text, None for any other text (and for null)."""
    try:
        return decode_json(text.encode("utf-8", "replace"))
    except ValueError:
        return None
