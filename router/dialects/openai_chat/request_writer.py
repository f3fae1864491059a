"""Conversation -> a chat-completions body for a compatible provider."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from router.dialects.conversation import (
    AnswerFormat,
    Conversation,
    Effort,
    Media,
    Part,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Written,
)
from router.dialects.shared.openai_shared import audio_format, once
from router.dialects.shared.shaping import cannot_send, clean_id, media_type_of
from router.types import JsonObject

MaxTokensField: TypeAlias = Literal["max_tokens", "max_completion_tokens"]
ThinkingField: TypeAlias = Literal["reasoning_content", "reasoning"]

LONGEST_CALL_ID = 40  # OpenAI refuses more; ids that carry another provider's signature are longer

# The neutral names of the fields that `without` may name.
_NEUTRAL_NAMES = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "answer_format",
    "parallel_tool_calls": "parallel_tools",
    "reasoning_effort": "effort",
    "stream_options": "include_usage",
}


def write_request(
    conversation: Conversation,
    *,
    model: str,
    max_tokens_field: MaxTokensField = "max_tokens",
    system_role: Literal["system", "developer"] = "system",
    system_anywhere: bool = True,
    thinking_field: ThinkingField | None = None,
    without: frozenset[str] = frozenset({"top_k"}),
) -> Written:
    """The request for a provider's model.

    model: as the provider names it.  system_anywhere: False where the server's chat template takes a system message at
    the start only; later ones are then said by the user.  thinking_field: where earlier thinking is sent back (DeepSeek
    wants it within a turn's calls); None leaves it out.  without: body keys that the provider or model refuses; top_k
    is no field of OpenAI's. After a REFUSED_PARAMETER, write again with the failure's `parameter` in it.
    Raises RequestError for media that this dialect cannot hold.
    """
    writer = _Messages(system_role, system_anywhere, thinking_field)
    body: JsonObject = {"model": model, "messages": writer.write(conversation.turns)}
    body |= _tool_fields(conversation)
    body |= _parameters(conversation, max_tokens_field)
    if conversation.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    refused = [key for key in body if key in without and key not in ("model", "messages", "stream")]
    for key in refused:
        del body[key]
    dropped = [_NEUTRAL_NAMES.get(key, key) for key in refused if key != "stream_options"]
    if conversation.thinking_tokens is not None:
        dropped.append("thinking_tokens")
    return Written(body=body, dropped=once([*writer.dropped, *dropped]))


# --- Parameters -------------------------------------------------------------------------------------------------------


def _parameters(conversation: Conversation, max_tokens_field: MaxTokensField) -> JsonObject:
    given: dict[str, Any] = {
        "response_format": _write_format(conversation.answer_format),
        max_tokens_field: conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "top_k": conversation.top_k,
        "stop": list(conversation.stop) or None,
        "reasoning_effort": conversation.effort or _effort_for(conversation.thinking_tokens),
        "n": conversation.n if conversation.n > 1 else None,
        "seed": conversation.seed,
        "presence_penalty": conversation.presence_penalty,
        "frequency_penalty": conversation.frequency_penalty,
        "logprobs": conversation.logprobs or None,
        "top_logprobs": conversation.top_logprobs,
        "user": conversation.user,
    }
    return {key: value for key, value in given.items() if value is not None}


def _effort_for(thinking_tokens: int | None) -> Effort | None:
    """The word nearest to a budget of thinking; the steps are LiteLLM's."""
    if thinking_tokens is None:
        return None
    return "low" if thinking_tokens < 2048 else "medium" if thinking_tokens < 4096 else "high"


def _write_format(wanted: AnswerFormat | None) -> JsonObject | None:
    if wanted is None:
        return None
    if wanted.kind == "json":
        return {"type": "json_object"}
    schema: JsonObject = {"name": wanted.name or "answer", "schema": wanted.schema or {}}
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": schema}


def _tool_fields(conversation: Conversation) -> JsonObject:
    if not conversation.tools:
        return {}  # a choice without tools is refused
    body: JsonObject = {"tools": [_write_tool(tool) for tool in conversation.tools]}
    if conversation.tool_choice is not None:
        body["tool_choice"] = _write_choice(conversation.tool_choice)
    if conversation.parallel_tools is not None:
        body["parallel_tool_calls"] = conversation.parallel_tools
    return body


def _write_tool(tool: Tool) -> JsonObject:
    function: JsonObject = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = tool.schema
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _write_choice(choice: ToolChoice) -> str | JsonObject:
    return {"type": "function", "function": {"name": choice.name}} if choice.mode == "named" else choice.mode


# --- Messages ---------------------------------------------------------------------------------------------------------


class _Messages:
    """Writes turns in order, and remembers what could not be said."""

    def __init__(self, system_role: str, system_anywhere: bool, thinking_field: ThinkingField | None) -> None:
        self.dropped: list[str] = []
        self._system_role = system_role
        self._system_anywhere = system_anywhere
        self._thinking_field = thinking_field
        self._messages: list[JsonObject] = []

    def write(self, turns: Iterable[Turn]) -> list[JsonObject]:
        for turn in turns:
            if turn.role == "system":
                self._write_system(turn)
            elif turn.role == "assistant":
                self._write_assistant(turn)
            else:
                self._write_user(turn)
        return self._messages

    def _write_system(self, turn: Turn) -> None:
        text = _joined(turn.parts, between="\n\n")
        at_start = all(message["role"] == self._system_role for message in self._messages)
        if at_start or self._system_anywhere:
            self._messages.append({"role": self._system_role, "content": text})
        else:
            self._messages.append({"role": "user", "content": f"<system>\n{text}\n</system>"})

    def _write_assistant(self, turn: Turn) -> None:
        text = _joined(turn.parts, between="")  # pieces of one utterance
        thinking = "".join([part.text for part in turn.parts if isinstance(part, Thinking)])
        calls = [_write_call(part) for part in turn.parts if isinstance(part, ToolCall)]
        message: JsonObject = {"role": "assistant", "content": text if text or not calls else None}
        if thinking and self._thinking_field is not None:
            message[self._thinking_field] = thinking
        if any(isinstance(part, Thinking) for part in turn.parts) and self._thinking_field is None:
            self.dropped.append("thinking")
        if calls:
            message["tool_calls"] = calls
        if text or calls or not turn.parts:
            self._messages.append(message)

    def _write_user(self, turn: Turn) -> None:
        """Results come first, each its own message: nothing may stand between them and their calls."""
        results = [part for part in turn.parts if isinstance(part, ToolResult)]
        others: list[Part] = []
        for result in results:
            others += self._write_result(result)
        others += [part for part in turn.parts if isinstance(part, Text | Media)]
        if others or not results:
            self._messages.append({"role": "user", "content": _write_content(others)})

    def _write_result(self, result: ToolResult) -> list[Part]:
        """Writes the result's text; returns its media, which only a user's message can hold."""
        media: list[Part] = [part for part in result.parts if isinstance(part, Media)]
        text = _joined(result.parts, between="\n\n")
        if media and not text:
            text = "The result is in the next user message."
        if result.is_error:
            self.dropped.append("is_error")
        call_id = clean_call_id(result.call_id)
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": text})
        return media


def clean_call_id(call_id: str) -> str:
    """The id, or a shorter one in its place: the same for the call and its result."""
    return call_id if 0 < len(call_id) <= LONGEST_CALL_ID else clean_id(call_id, limit=LONGEST_CALL_ID)


def _write_call(call: ToolCall) -> JsonObject:
    # Chat templates parse the arguments; an empty text is the one that they all fail on.
    function = {"name": call.name, "arguments": call.arguments if call.arguments.strip() else "{}"}
    return {"id": clean_call_id(call.id), "type": "function", "function": function}


def _joined(parts: Iterable[Part], *, between: str) -> str:
    return between.join([part.text for part in parts if isinstance(part, Text) and part.text])


def _write_content(parts: list[Part]) -> str | list[JsonObject]:
    """Text alone is a string, as not every server takes arrays."""
    if not any(isinstance(part, Media) for part in parts):
        return _joined(parts, between="\n\n")
    texts_and_media = [part for part in parts if isinstance(part, Media) or (isinstance(part, Text) and part.text)]
    return [
        _write_media(part) if isinstance(part, Media) else {"type": "text", "text": part.text}
        for part in texts_and_media
    ]


def _write_media(media: Media) -> JsonObject:
    if media.kind == "image":
        image: JsonObject = {"url": media.url if media.url is not None else _data_url(media, "image/png")}
        if media.detail is not None:
            image["detail"] = media.detail
        return {"type": "image_url", "image_url": image}
    if media.data is None:
        raise cannot_send(media, why="this provider takes it only as base64 data. Send the bytes.")
    if media.kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": media.data, "format": audio_format(media.media_type)}}
    if (media_type_of(media) or "").startswith("text/"):
        return {"type": "text", "text": _document_text(media)}
    file: JsonObject = {"file_data": _data_url(media, "application/pdf")}
    file["filename"] = media.name or "document"
    return {"type": "file", "file": file}


def _document_text(media: Media) -> str:
    """A document that is text, as text: as files, OpenAI takes PDFs only, and most others nothing."""
    try:
        text = base64.b64decode(media.data or "").decode("utf-8", "replace")
    except ValueError as exc:
        raise cannot_send(media, why="this is not base64.") from exc
    return f"<document{f' name={media.name!r}' if media.name else ''}>\n{text}\n</document>"


def _data_url(media: Media, otherwise: str) -> str:
    return f"data:{media_type_of(media) or otherwise};base64,{media.data or ''}"
