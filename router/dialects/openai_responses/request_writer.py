"""Conversation -> a Responses body.

No provider is called in this dialect; a client's own conversation can be written again after it was changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.dialects import conversation as c
from router.dialects.openai_responses.request_reader import free_text_tools
from router.dialects.shared.openai_shared import audio_format, data_url, free_text_input, function_fields, schema_fields
from router.dialects.shared.parts import cannot_send, turns_for, unsupported_fields
from router.dialects.shared.reader import UNKNOWN
from router.types import Dialect, JsonObject

_NEVER = ("n", "seed", "presence_penalty", "frequency_penalty", "top_k")


def write_request(conversation: c.Conversation, *, model: str) -> c.Written:
    """The conversation as a body. Raises RequestError for a sound by URL, which the dialect cannot hold."""
    turns = turns_for(conversation, Dialect.OPENAI_RESPONSES)
    own = conversation.dialect is Dialect.OPENAI_RESPONSES
    free_text = free_text_tools(conversation)
    items = [item for turn in turns for item in _write_turn(turn, free_text, own=own)]
    fields: dict[str, Any] = {
        "tools": [_write_tool(tool) for tool in conversation.tools] or None,
        "tool_choice": _write_choice(conversation.tool_choice),
        "parallel_tool_calls": conversation.parallel_tools,
        "text": _write_format(conversation.answer_format),
        "max_output_tokens": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "reasoning": None if conversation.effort is None else {"effort": conversation.effort},
        "top_logprobs": conversation.top_logprobs,
        "user": conversation.user,
        "stream": conversation.stream or None,
    }
    dropped = list(unsupported_fields(conversation, _NEVER))
    dropped += [name for name in ("stop", "thinking_tokens") if getattr(conversation, name)]
    if any(isinstance(part, c.ToolResult) and part.is_error for turn in turns for part in turn.parts):
        dropped.append("is_error")
    given = {key: value for key, value in fields.items() if value is not None}
    return c.Written({"model": model, "input": items, **given}, tuple(dropped))


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
        return {**call, "call_id": part.id, "name": part.name}
    if isinstance(part, c.ToolResult):
        if part.hosted is not None:
            return dict(part.hosted)
        output = [block for shown in part.parts for block in _write_block(shown, "user")]
        kind = "custom_tool_call_output" if part.name in free_text else "function_call_output"
        return {"type": kind, "call_id": part.call_id, "output": output}
    is_item = isinstance(part, c.Opaque) and (role == UNKNOWN or part.kind in ("thinking", "tool_call"))
    return dict(part.raw) if is_item and isinstance(part, c.Opaque) else None


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


def _write_tool(tool: c.Tool) -> JsonObject:
    if not tool.free_text:
        return {"type": "function", **function_fields(tool)}
    described = {} if tool.description is None else {"description": tool.description}
    return {"type": "custom", "name": tool.name, **described}


def _write_choice(choice: c.ToolChoice | None) -> str | JsonObject | None:
    if choice is None or choice.mode != "named":
        return None if choice is None else choice.mode
    return {"type": "function", "name": choice.name}


def _write_format(wanted: c.AnswerFormat | None) -> JsonObject | None:
    if wanted is None:
        return None
    kind = {"type": "json_object"} if wanted.kind == "json" else {"type": "json_schema", **schema_fields(wanted)}
    return {"format": kind}
