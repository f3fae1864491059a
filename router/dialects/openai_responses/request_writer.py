"""Conversation -> a Responses body, for providers whose Chat Completions refuse what it asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from router.dialects import conversation as c
from router.dialects.openai_responses.request_reader import free_text_tools
from router.dialects.shared.openai_shared import (
    audio_format,
    data_url,
    effort_for,
    free_text_input,
    function_fields,
    schema_fields,
)
from router.dialects.shared.parts import cannot_send, clean_id, turns_for, unsupported_fields
from router.dialects.shared.reader import UNKNOWN
from router.dialects.shared.users import fitting_user
from router.types import Dialect, JsonObject

LEAST_OUTPUT_TOKENS = 16
"""The smallest limit that OpenAI takes here."""

LONGEST_USER = 64
"""Characters of a user's name that every server takes."""

_NEVER = ("n", "seed", "presence_penalty", "frequency_penalty", "top_k")
_SHOWS_THINKING = (Dialect.ANTHROPIC, Dialect.GEMINI)


def write_request(conversation: c.Conversation, *, model: str) -> c.Written:
    """The conversation as a body. Raises RequestError for a sound by URL, which the dialect cannot hold."""
    own = conversation.dialect is Dialect.OPENAI_RESPONSES
    turns = turns_for(conversation, Dialect.OPENAI_RESPONSES)
    free_text = free_text_tools(conversation)
    items = [item for turn in turns for item in _write_turn(turn, free_text, own=own)]
    body: JsonObject = {"model": model, "input": items}
    body |= _tool_fields(conversation, free_text, own=own)
    body |= _parameters(conversation, own=own)
    return c.Written(body, tuple(_dropped(conversation, turns, own=own)))


# --- Parameters -------------------------------------------------------------------------------------------------------


def _parameters(conversation: c.Conversation, *, own: bool) -> JsonObject:
    limit = conversation.max_output_tokens
    given: dict[str, Any] = {
        "text": _write_format(conversation.answer_format),
        "max_output_tokens": None if limit is None else max(limit, LEAST_OUTPUT_TOKENS),
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "reasoning": _write_reasoning(conversation),
        "top_logprobs": conversation.top_logprobs if own else None,  # no other answer has a place for them
        "safety_identifier": None
        if conversation.user is None
        else fitting_user(conversation.user, longest=LONGEST_USER),
        "stream": conversation.stream or None,
    }
    openai = dict(conversation.openai)
    if (verbosity := openai.pop("verbosity", None)) is not None:
        given["text"] = {**(given["text"] or {}), "verbosity": verbosity}
    given = {**openai, **{key: value for key, value in given.items() if value is not None}}
    return {key: value for key, value in given.items() if value is not None}


def _write_reasoning(conversation: c.Conversation) -> JsonObject | None:
    """The effort; a summary of the thinking too, where the client shows it."""
    effort = conversation.effort or effort_for(conversation.thinking_tokens)
    if effort is None:
        return None
    shows = conversation.dialect in _SHOWS_THINKING and effort != "none"
    return {"effort": effort, "summary": "auto"} if shows else {"effort": effort}


def _dropped(conversation: c.Conversation, turns: Iterable[c.Turn], *, own: bool) -> Iterable[str]:
    never = _NEVER if own else (*_NEVER, "logprobs", "top_logprobs")
    yield from unsupported_fields(replace(conversation, openai=()), never)
    if conversation.stop:
        yield "stop"
    if conversation.thinking_tokens is not None:
        yield "thinking_tokens"
    if not own and any(isinstance(part, c.Thinking) for turn in conversation.turns for part in turn.parts):
        yield "thinking"
    if any(isinstance(part, c.ToolResult) and part.is_error for turn in turns for part in turn.parts):
        yield "is_error"


# --- Items ------------------------------------------------------------------------------------------------------------


def _write_turn(turn: c.Turn, free_text: frozenset[str], *, own: bool) -> Iterable[JsonObject]:
    """The turn's items, results first; its texts and media make one message, up to a call."""
    role = (turn.label if own else None) or turn.role
    shown: list[JsonObject] = []
    for part in sorted(turn.parts, key=lambda part: not isinstance(part, c.ToolResult)):
        item = _write_item(part, role, free_text)
        if item is None:
            shown += _write_block(part, role)
            continue
        yield from _message(role, shown)
        shown = []
        yield item
    if shown or not turn.parts:
        yield from _message(role, shown) if shown else [{"type": "message", "role": role, "content": []}]


def _message(role: str, blocks: list[JsonObject]) -> list[JsonObject]:
    return [{"type": "message", "role": role, "content": blocks}] if blocks else []


def _write_item(part: c.Part, role: str, free_text: frozenset[str]) -> JsonObject | None:
    """The item that a part is; None where it is a block of a message."""
    if isinstance(part, c.ToolCall):
        if part.name in free_text:
            call = {"type": "custom_tool_call", "input": free_text_input(part.arguments)}
        else:
            call = {"type": "function_call", "arguments": part.arguments}
        return {**call, "call_id": _call_id(part.id), "name": part.name}
    if isinstance(part, c.ToolResult):
        if part.hosted is not None:
            return dict(part.hosted)
        kind = "custom_tool_call_output" if part.name in free_text else "function_call_output"
        return {"type": kind, "call_id": _call_id(part.call_id), "output": _write_output(part)}
    is_item = isinstance(part, c.Opaque) and (role == UNKNOWN or part.kind in ("thinking", "tool_call"))
    return dict(part.raw) if is_item and isinstance(part, c.Opaque) else None


def _call_id(given: str) -> str:
    """The id, or one that OpenAI takes in its place: the same for a call and its result."""
    return clean_id(given) if given else ""


def _write_output(result: c.ToolResult) -> str | list[JsonObject]:
    """Text alone is a string, as not every server takes arrays."""
    if len(result.parts) == 1 and isinstance(text := result.parts[0], c.Text):
        return text.text
    return [block for shown in result.parts for block in _write_block(shown, "user")]


def _write_block(part: c.Part, role: str) -> list[JsonObject]:
    if isinstance(part, c.Text):
        return [{"type": "output_text" if role == "assistant" else "input_text", "text": part.text}]
    if isinstance(part, c.Media):
        return [_write_media(part)]
    return [dict(part.raw)] if isinstance(part, c.Opaque) else []


def _write_media(media: c.Media) -> JsonObject:
    if media.kind == "image":
        url = media.url if media.url is not None else data_url(media, "image/png")
        image = {"type": "input_image", "image_url": url}
        return image if media.detail is None else {**image, "detail": media.detail}
    if media.kind == "document":
        place = {"file_url": media.url} if media.url else {"file_data": data_url(media, "application/pdf")}
        return {"type": "input_file", **place, **({} if media.name is None else {"filename": media.name})}
    if media.data is None:
        raise cannot_send(media, why="the dialect takes it only as base64 data. Send the bytes.")
    return {"type": "input_audio", "input_audio": {"data": media.data, "format": audio_format(media.media_type)}}


# --- Tools ------------------------------------------------------------------------------------------------------------


def _tool_fields(conversation: c.Conversation, free_text: frozenset[str], *, own: bool) -> JsonObject:
    if not conversation.tools:
        return {}  # a choice without tools is refused
    body: JsonObject = {"tools": [_write_tool(tool, own=own) for tool in conversation.tools]}
    if conversation.tool_choice is not None:
        body["tool_choice"] = _write_choice(conversation.tool_choice, free_text)
    if conversation.parallel_tools is not None:
        body["parallel_tool_calls"] = conversation.parallel_tools
    return body


def _write_tool(tool: c.Tool, *, own: bool) -> JsonObject:
    if tool.free_text:
        described = {} if tool.description is None else {"description": tool.description}
        return {"type": "custom", "name": tool.name, **described}
    fields = function_fields(tool)
    # OpenAI takes a function for strict where this is left out, and makes all of its arguments required.
    return {"type": "function", **fields} if own else {"type": "function", "strict": False, **fields}


def _write_choice(choice: c.ToolChoice, free_text: frozenset[str]) -> str | JsonObject:
    if choice.mode != "named":
        return choice.mode
    return {"type": "custom" if choice.name in free_text else "function", "name": choice.name}


def _write_format(wanted: c.AnswerFormat | None) -> JsonObject | None:
    if wanted is None:
        return None
    kind = {"type": "json_object"} if wanted.kind == "json" else {"type": "json_schema", **schema_fields(wanted)}
    return {"format": kind}
