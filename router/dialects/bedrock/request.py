"""Conversation -> the body of a Converse request. The model and whether it streams are in the URL."""

from __future__ import annotations

import re
from typing import Any

from router.dialects import conversation as c
from router.dialects.bedrock.cache_points import cache_point, keep_cache_points
from router.dialects.shared.cache import lifetime_in
from router.dialects.shared.names import COMMON, with_names
from router.dialects.shared.parts import (
    LEAST_THINKING_TOKENS,
    NO_TOOLS_INSTRUCTION,
    arguments_object,
    cannot_send,
    clean_id,
    holds_calls,
    json_instruction,
    media_type_of,
    names_of_calls,
    system_and_turns,
    unsupported_fields,
)
from router.dialects.shared.schemas import closed_schema, is_strict, object_schema
from router.jsontext import encode_json
from router.types import JsonObject

NO_OUTPUT = "(no output)"
"""Text of a tool's result that holds nothing: the API wants some content."""

ROOM_FOR_ANSWER = 8_192
"""Tokens of the answer beyond the thinking, where the client gave a budget for thinking only."""

_NEVER = ("n", "seed", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "parallel_tools", "user")
_IMAGE_FORMATS = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_AUDIO_FORMATS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/aac": "aac",
    "audio/mp4": "mp4",
    "audio/webm": "webm",
}
_DOCUMENT_FORMATS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_FORMATS = {"image": _IMAGE_FORMATS, "audio": _AUDIO_FORMATS, "document": _DOCUMENT_FORMATS}
_MOST_STOPS = {"nova": 4, "cohere": 4, "mistral": 10}
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9 ()\[\]-]+")
_SPACES = re.compile(r" {2,}")


def write_request(conversation: c.Conversation, *, model: str) -> c.Written:
    """The conversation as a body for Converse.

    model: decides which of a family's own fields are sent; it is not in the body.
    Raises RequestError for media given by URL, and for formats that Converse does not take.
    """
    dropped = list(unsupported_fields(conversation, _NEVER))
    conversation, names = with_names(conversation, COMMON)
    leading, turns = system_and_turns(conversation, None)
    body: JsonObject = {"messages": _write_messages(turns)}
    system = [block for part in leading if isinstance(part, c.Text) for block in _with_point({"text": part.text}, part)]
    system += [{"text": text} for text in _write_tools(body, conversation, turns, dropped)]
    form = conversation.answer_format
    if form is not None and form.kind == "json":
        system.append({"text": json_instruction(form)})
    if system:
        body["system"] = system
    keep_cache_points(body, conversation, dropped, model=model)
    _write_inference(body, conversation, dropped, most_stops=_most_stops(model))
    _write_output(body, conversation, dropped)
    _write_family_fields(body, conversation, dropped, model=model)
    return c.Written(body, tuple(dropped), names)


# --- Messages ---------------------------------------------------------------------------------------------------------


def _write_messages(turns: tuple[c.Turn, ...]) -> list[JsonObject]:
    messages = []
    for turn in turns:
        names = _DocumentNames()
        written = [(block, part) for part in turn.parts if (block := _write_part(part, names)) is not None]
        blocks = [item for block, part in written for item in _with_point(block, part)]
        if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
            blocks.append({"text": "See the document."})  # a document alone is refused
        if blocks:
            messages.append({"role": turn.role, "content": blocks})
    return messages


def _with_point(block: JsonObject, part: c.Part) -> list[JsonObject]:
    """The block, and the mark behind it."""
    lifetime = lifetime_in(part)
    return [block] if lifetime is None else [block, cache_point(lifetime)]


class _DocumentNames:
    """Names that Converse takes: plain characters, and no two alike in a message."""

    def __init__(self) -> None:
        self._n = 0

    def name(self, media: c.Media) -> str:
        self._n += 1
        plain = _SPACES.sub(" ", _UNSAFE_IN_NAME.sub(" ", media.name or "document")).strip()[:150] or "document"
        return plain if self._n == 1 else f"{plain} {self._n}"


def _write_part(part: c.Part, names: _DocumentNames) -> JsonObject | None:
    if isinstance(part, c.Text):
        return {"text": part.text}
    if isinstance(part, c.Media):
        return _write_media(part, names)
    if isinstance(part, c.ToolCall):
        call = {"toolUseId": clean_id(part.id), "name": part.name, "input": arguments_object(part.arguments)}
        return {"toolUse": call}
    if isinstance(part, c.ToolResult):
        return {"toolResult": _write_result(part, names)}
    return None


def _write_result(result: c.ToolResult, names: _DocumentNames) -> JsonObject:
    content: list[JsonObject] = []
    for part in result.parts:
        if isinstance(part, c.Media):
            if part.kind == "audio":
                raise cannot_send(part, why="a tool's result cannot hold sound on Bedrock.")
            content.append(_write_media(part, names))
        elif isinstance(part, c.Text) and part.text.strip():
            content.append({"text": part.text})
    written: JsonObject = {"toolUseId": clean_id(result.call_id), "content": content or [{"text": NO_OUTPUT}]}
    return {**written, "status": "error"} if result.is_error else written


def _write_media(media: c.Media, names: _DocumentNames) -> JsonObject:
    if media.data is None:
        raise cannot_send(media, why="Bedrock takes bytes only, no URL. Send it as a data URL.")
    media_type = media_type_of(media)
    default = "application/pdf" if media.kind == "document" else "image/png" if media.kind == "image" else "audio/wav"
    kind = _FORMATS[media.kind].get(media_type or default)
    if kind is None:
        known = ", ".join(sorted(set(_FORMATS[media.kind].values())))
        raise cannot_send(media, why=f"Bedrock takes {known}, not {media_type}.")
    block: JsonObject = {"format": kind, "source": {"bytes": media.data}}
    return {media.kind: {"name": names.name(media), **block} if media.kind == "document" else block}


# --- Tools ------------------------------------------------------------------------------------------------------------


def _write_tools(
    body: JsonObject, conversation: c.Conversation, turns: tuple[c.Turn, ...], dropped: list[str]
) -> tuple[str, ...]:
    """Writes the tools; gives what the system prompt must say where a choice of none cannot be written.

    A history with calls needs tools, so those that it names are declared where the client declares none.
    """
    tools = conversation.tools
    choice = conversation.tool_choice
    called = holds_calls(turns)
    forbidden = choice is not None and choice.mode == "none"
    if forbidden and not called:
        return ()
    if not tools and called:
        tools = tuple(c.Tool(name) for name in sorted(set(names_of_calls(turns).values()) or {"unknown"}))
        forbidden = True
    if not tools:
        return ()
    body["toolConfig"] = {"tools": [item for tool in tools for item in _write_tool_with_point(tool, dropped)]}
    if forbidden:
        if choice is not None and choice.mode == "none":
            dropped.append("tool_choice")
        return (NO_TOOLS_INSTRUCTION,)
    if choice is not None:
        body["toolConfig"]["toolChoice"] = _write_tool_choice(choice)
    return ()


def _write_tool_with_point(tool: c.Tool, dropped: list[str]) -> list[JsonObject]:
    spec = {"toolSpec": _write_tool(tool, dropped)}
    return [spec] if tool.cache is None else [spec, cache_point(tool.cache)]


def _write_tool(tool: c.Tool, dropped: list[str]) -> JsonObject:
    schema = object_schema(tool.schema)
    written: JsonObject = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    written["inputSchema"] = {"json": schema}
    if tool.strict and not is_strict(schema, all_required=False):
        dropped.append("strict")
    elif tool.strict is not None:
        written["strict"] = tool.strict
    return written


def _write_tool_choice(choice: c.ToolChoice) -> JsonObject:
    if choice.mode == "named":
        return {"tool": {"name": choice.name}}
    return {"any": {}} if choice.mode == "required" else {"auto": {}}


# --- Parameters -------------------------------------------------------------------------------------------------------


def _most_stops(model: str) -> int:
    """Stop sequences that a family takes; the API itself takes 2,500.

    https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html and the pages of each model.
    """
    return next((most for family, most in _MOST_STOPS.items() if family in model), 2_500)


def _write_inference(body: JsonObject, conversation: c.Conversation, dropped: list[str], *, most_stops: int) -> None:
    stop = [text for text in conversation.stop if text.strip()][:most_stops]
    if len(stop) != len(conversation.stop):
        dropped.append("stop")
    temperature = conversation.temperature
    config: dict[str, Any] = {
        "maxTokens": conversation.max_output_tokens,
        "temperature": None if temperature is None else min(1.0, max(0.0, temperature)),
        "topP": conversation.top_p,
        "stopSequences": stop or None,
    }
    config = {key: value for key, value in config.items() if value is not None}
    if config:
        body["inferenceConfig"] = config


def _write_output(body: JsonObject, conversation: c.Conversation, dropped: list[str]) -> None:
    config: JsonObject = {}
    form = conversation.answer_format
    if form is not None and form.kind == "schema":
        schema, loosened = closed_schema(form.schema or {})
        wanted = {"schema": encode_json(schema).decode(), "name": form.name or "answer"}
        config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": wanted}}
        if loosened:
            dropped.append("answer_format")
    if conversation.effort is not None and conversation.effort != "none":
        config["effort"] = "low" if conversation.effort == "minimal" else conversation.effort
    if config:
        body["outputConfig"] = config


def _write_family_fields(body: JsonObject, conversation: c.Conversation, dropped: list[str], *, model: str) -> None:
    """What only Claude's models know: top_k, and a budget of thinking."""
    fields: JsonObject = {}
    is_claude = "anthropic" in model or "claude" in model
    if conversation.top_k is not None:
        _put_or_drop(fields, "top_k", conversation.top_k, dropped, put=is_claude)
    tokens = conversation.thinking_tokens
    if tokens is not None and tokens > 0:
        _write_budget(body, fields, conversation, dropped, tokens=tokens if is_claude else 0)
    elif is_claude and (tokens == 0 or conversation.effort == "none"):
        fields["thinking"] = {"type": "disabled"}
    if fields:
        body["additionalModelRequestFields"] = fields


def _put_or_drop(fields: JsonObject, name: str, value: object, dropped: list[str], *, put: bool) -> None:
    if put:
        fields[name] = value
    else:
        dropped.append(name)


def _write_budget(
    body: JsonObject, fields: JsonObject, conversation: c.Conversation, dropped: list[str], *, tokens: int
) -> None:
    """A budget below maxTokens; dropped where it would be refused (a forced call, or thinking that was left out)."""
    budget = max(LEAST_THINKING_TOKENS, tokens)
    most = conversation.max_output_tokens or budget + ROOM_FOR_ANSWER
    budget = min(budget, most - 1)
    forced = {"any", "tool"} & set(body.get("toolConfig", {}).get("toolChoice", {}))
    if not tokens or budget < LEAST_THINKING_TOKENS or forced or _amid_unsigned_loop(body["messages"]):
        dropped.append("thinking_tokens")
        return
    body.setdefault("inferenceConfig", {})["maxTokens"] = most
    fields["thinking"] = {"type": "enabled", "budget_tokens": budget}
    for name, key in (("temperature", "temperature"), ("top_p", "topP")):
        if body["inferenceConfig"].pop(key, None) is not None:
            dropped.append(name)
    if fields.pop("top_k", None) is not None:
        dropped.append("top_k")


def _amid_unsigned_loop(messages: list[JsonObject]) -> bool:
    return len(messages) > 1 and "toolResult" in messages[-1]["content"][0]
