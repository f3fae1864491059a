"""Gemini generateContent bodies -> ChatRequest.

Keys come in camel case, and in snake case from those who write the protocol buffer's own names: both are read.
The role `model` is the assistant's; a function's response becomes a message of its own, with role `tool`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from router.dialects.shared.content import (
    THINKING,
    TOOL_CALL,
    UNKNOWN,
    flat_strings,
    inner,
    is_filled,
    needs_of,
    whole_number,
)
from router.dialects.shared.fields import as_array, as_object, as_string, expected, optional_string
from router.errors import RequestError
from router.types import ChatRequest, Dialect, JsonObject, Message

_BESIDE_THE_DATA = frozenset({"thought", "thoughtSignature", "thought_signature", "videoMetadata", "video_metadata"})


def parse_gemini(body: JsonObject) -> ChatRequest:
    """A generateContent body as a ChatRequest. Raises RequestError naming the field."""
    contents = as_array(body.get("contents"), field="contents")
    if not contents:
        raise RequestError("contents: expected at least one content.", field="contents", code="empty")
    messages = [*_system(body)]
    for index, content in enumerate(contents):
        messages.extend(_parse_content(content, field=f"contents[{index}]"))
    config = _get(body, "generationConfig", "generation_config")
    mime = _get(config, "responseMimeType", "response_mime_type")
    with_schema = any(
        _get(config, camel, snake) is not None
        for camel, snake in (("responseSchema", "response_schema"), ("responseJsonSchema", "response_json_schema"))
    )
    calling = _get(_get(body, "toolConfig", "tool_config"), "functionCallingConfig", "function_calling_config")
    return ChatRequest(
        messages=tuple(messages),
        model=optional_string(body, "model"),
        max_output_tokens=_whole(config, "maxOutputTokens", "max_output_tokens"),
        dialect=Dialect.GEMINI,
        needs=needs_of(
            messages,
            tools=is_filled(body.get("tools")) and inner(calling, "mode") != "NONE",
            json_mode=mime == "application/json" and not with_schema,
            json_schema=with_schema,
            n=_whole(config, "candidateCount", "candidate_count") or 1,
            logprobs=_get(config, "responseLogprobs", "response_logprobs") is True
            or _whole(config, "logprobs") is not None,
        ),
        metadata=flat_strings(body.get("labels")),
    )


def _get(value: object, camel: str, snake: str) -> Any:
    found = inner(value, camel)
    return inner(value, snake) if found is None else found


def _whole(config: object, *keys: str) -> int | None:
    return whole_number(config, *keys) if isinstance(config, dict) else None


def _system(body: JsonObject) -> Iterator[Message]:
    name = "system_instruction" if body.get("systemInstruction") is None else "systemInstruction"
    value = body.get(name)
    if isinstance(value, str):
        yield Message(role="system", text=value)
    elif value is not None:
        parts = as_object(value, field=name).get("parts")
        yield from _parse_parts(parts, role="system", field=f"{name}.parts")


def _parse_content(value: object, *, field: str) -> Iterator[Message]:
    item = as_object(value, field=field)
    role = item.get("role")
    role = "user" if role is None else as_string(role, field=f"{field}.role").lower()
    role = {"model": "assistant", "function": "tool"}.get(role, role)
    yield from _parse_parts(item.get("parts"), role=role, field=f"{field}.parts")


def _parse_parts(value: object, *, role: str, field: str) -> Iterator[Message]:
    """The functions' responses among some parts, in order, then what else they hold."""
    if value is None:
        parts: list[Any] = []
    elif isinstance(value, dict):  # some clients leave out the array around a single part
        parts = [value]
    elif isinstance(value, list):
        parts = value
    else:
        raise expected("an array of parts", value, field=field)
    texts: list[str] = []
    kinds: list[str] = []
    n_responses = 0
    for index, part in enumerate(parts):
        item = as_object(part, field=f"{field}[{index}]")
        response = _get(item, "functionResponse", "function_response")
        if response is not None:
            n_responses += 1
            yield _parse_response(response)
        else:
            _read_part(item, texts, kinds, field=f"{field}[{index}]")
    if texts or kinds or not n_responses:
        yield Message(role=role, text="\n".join(texts), block_types=tuple(kinds))


def _read_part(part: JsonObject, texts: list[str], kinds: list[str], *, field: str) -> None:
    text = part.get("text")
    if text is not None:
        if not isinstance(text, str):
            raise expected("a string", text, field=f"{field}.text")
        if part.get("thought") is True:
            kinds.append(THINKING)
        else:
            texts.append(text)
    elif _get(part, "functionCall", "function_call") is not None:
        kinds.append(TOOL_CALL)
    elif (data := _get(part, "inlineData", "inline_data") or _get(part, "fileData", "file_data")) is not None:
        kinds.append(_kind_of_mime(_get(data, "mimeType", "mime_type")))
    else:
        kinds.append(next((key for key in part if key not in _BESIDE_THE_DATA), UNKNOWN))


def _kind_of_mime(mime: object) -> str:
    family = mime.partition("/")[0].lower() if isinstance(mime, str) else ""
    return family if family in ("image", "audio", "video") else "document"


def _parse_response(value: object) -> Message:
    """A function's response: the text of its only field, else the whole object as JSON; media in it by kind."""
    response = inner(value, "response")
    only = next(iter(response.values())) if isinstance(response, dict) and len(response) == 1 else response
    text = only if isinstance(only, str) else "" if only is None else json.dumps(only, ensure_ascii=False, default=str)
    kinds: list[str] = []
    media = inner(value, "parts")
    for part in media if isinstance(media, list) else ():
        data = _get(part, "inlineData", "inline_data") or _get(part, "fileData", "file_data")
        kinds.append(_kind_of_mime(_get(data, "mimeType", "mime_type")))
    return Message(role="tool", text=text, block_types=tuple(kinds))
