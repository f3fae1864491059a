"""What OpenAI's two dialects, Chat Completions and Responses, write in the same words."""

from __future__ import annotations

from typing import Any

from router.dialects.conversation import AnswerFormat, FailureKind, Media, Tool, UpstreamFailure
from router.dialects.shared.failing import client_message
from router.dialects.shared.shaping import media_type_of
from router.jsontext import decode_json, encode_json
from router.types import JsonObject

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


# --- Errors in the client's dialect -----------------------------------------------------------------------------------

_WORDS: dict[FailureKind, tuple[str, str]] = {
    FailureKind.RATE_LIMITED: ("rate_limit_error", "rate_limit_exceeded"),
    FailureKind.QUOTA: ("insufficient_quota", "insufficient_quota"),
    FailureKind.OVERLOADED: ("upstream_error", "upstream_overloaded"),
    FailureKind.SERVER: ("upstream_error", "upstream_error"),
    FailureKind.TIMEOUT: ("upstream_error", "upstream_timeout"),
    FailureKind.CONNECTION: ("upstream_error", "upstream_disconnected"),
    FailureKind.AUTHENTICATION: ("upstream_error", "upstream_authentication"),
    FailureKind.NOT_FOUND: ("upstream_error", "upstream_not_found"),
    FailureKind.CONTEXT_TOO_LONG: ("invalid_request_error", "context_length_exceeded"),
    FailureKind.REFUSED_PARAMETER: ("invalid_request_error", "unsupported_parameter"),
    FailureKind.BAD_REQUEST: ("invalid_request_error", "invalid_value"),
    FailureKind.TOO_LARGE: ("invalid_request_error", "request_too_large"),
    FailureKind.BROKEN_ANSWER: ("upstream_error", "upstream_broken_answer"),
}


def write_failure(failure: UpstreamFailure) -> JsonObject:
    """The body of an error answer, which is also the error frame of a chat stream."""
    kind, code = _WORDS[failure.kind]
    return {"error": {"message": client_message(failure), "type": kind, "param": failure.parameter, "code": code}}
