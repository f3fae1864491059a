"""Conversation -> a chat-completions body for a compatible provider."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from router.dialects import conversation as c
from router.dialects.shared.openai_shared import audio_format, data_url, function_fields, schema_fields
from router.dialects.shared.parts import cannot_send, clean_id, media_type_of, turns_for
from router.types import Dialect, JsonObject

LONGEST_CALL_ID = 40  # OpenAI refuses more; ids that carry another provider's signature are longer


def write_request(conversation: c.Conversation, *, model: str) -> c.Written:
    """The request for a provider's model, which it names as `model`; what its server wants otherwise, a quirk says.

    Raises RequestError for media that this dialect cannot hold.
    """
    writer = _Messages(own=conversation.dialect is Dialect.OPENAI_CHAT)
    body: JsonObject = {"model": model, "messages": writer.write(turns_for(conversation, Dialect.OPENAI_CHAT))}
    body |= _tool_fields(conversation)
    body |= _parameters(conversation)
    if conversation.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    lost = {
        "thinking": not writer.own
        and any(isinstance(p, c.Thinking) for turn in conversation.turns for p in turn.parts),
        "is_error": writer.lost_errors,
        "top_k": conversation.top_k is not None,  # not a field of OpenAI's
        "thinking_tokens": conversation.thinking_tokens is not None,
    }
    return c.Written(body=body, dropped=tuple([name for name, is_lost in lost.items() if is_lost]))


# --- Parameters -------------------------------------------------------------------------------------------------------


def _parameters(conversation: c.Conversation) -> JsonObject:
    given: dict[str, Any] = {
        "response_format": _write_format(conversation.answer_format),
        "max_tokens": conversation.max_output_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
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


def _effort_for(thinking_tokens: int | None) -> c.Effort | None:
    """The word nearest to a budget of thinking; the steps are LiteLLM's."""
    if thinking_tokens is None:
        return None
    return "low" if thinking_tokens < 2048 else "medium" if thinking_tokens < 4096 else "high"


def _write_format(wanted: c.AnswerFormat | None) -> JsonObject | None:
    if wanted is None:
        return None
    if wanted.kind == "json":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": schema_fields(wanted)}


def _tool_fields(conversation: c.Conversation) -> JsonObject:
    if not conversation.tools:
        return {}  # a choice without tools is refused
    body: JsonObject = {
        "tools": [{"type": "function", "function": function_fields(tool)} for tool in conversation.tools]
    }
    if conversation.tool_choice is not None:
        body["tool_choice"] = _write_choice(conversation.tool_choice)
    if conversation.parallel_tools is not None:
        body["parallel_tool_calls"] = conversation.parallel_tools
    return body


def _write_choice(choice: c.ToolChoice) -> str | JsonObject:
    return {"type": "function", "function": {"name": choice.name}} if choice.mode == "named" else choice.mode


# --- Messages ---------------------------------------------------------------------------------------------------------


class _Messages:
    """Writes turns in order."""

    def __init__(self, *, own: bool) -> None:
        """own: the turns came in this dialect, and keep their thinking and their words for the system's role."""
        self.own = own
        self.lost_errors = False  # a result was an error, for which there is no field
        self._messages: list[JsonObject] = []

    def write(self, turns: Iterable[c.Turn]) -> list[JsonObject]:
        for turn in turns:
            if turn.role == "system":
                self._write_system(turn)
            elif turn.role == "assistant":
                self._write_assistant(turn)
            else:
                self._write_user(turn)
        return self._messages

    def _write_system(self, turn: c.Turn) -> None:
        if turn.parts:
            role = (turn.label if self.own else None) or "system"
            self._messages.append({"role": role, "content": _joined(turn.parts, between="\n\n")})

    def _write_assistant(self, turn: c.Turn) -> None:
        text = _joined(turn.parts, between="")  # pieces of one utterance
        thinking = "".join([part.text for part in turn.parts if isinstance(part, c.Thinking)])
        calls = [_write_call(part) for part in turn.parts if isinstance(part, c.ToolCall)]
        opaque = [part for part in turn.parts if isinstance(part, c.Opaque)]
        calls += [part.raw for part in opaque if part.kind == "tool_call"]
        blocks = [part.raw for part in opaque if part.kind != "tool_call"]
        content: str | list[JsonObject] | None = text if text or not calls else None
        if blocks:
            content = [*([{"type": "text", "text": text}] if text else []), *blocks]
        message: JsonObject = {"role": "assistant", "content": content}
        if thinking:
            message["reasoning_content"] = thinking
        if calls:
            message["tool_calls"] = calls
        if content or calls or thinking or not turn.parts:
            self._messages.append(message)

    def _write_user(self, turn: c.Turn) -> None:
        """Results come first, each its own message: no message may come between them and their calls."""
        results = [part for part in turn.parts if isinstance(part, c.ToolResult)]
        others: list[c.Part] = []
        for result in results:
            others += self._write_result(result)
        others += [part for part in turn.parts if isinstance(part, c.Text | c.Media | c.Opaque)]
        if others or not results:
            role = (turn.label if self.own else None) or "user"
            self._messages.append({"role": role, "content": _write_content(others)})

    def _write_result(self, result: c.ToolResult) -> list[c.Part]:
        """Writes the result's text; returns its media, which only a user's message can hold."""
        media: list[c.Part] = [part for part in result.parts if isinstance(part, c.Media | c.Opaque)]
        text = _joined(result.parts, between="\n\n")
        if media and not text:
            text = "The result is in the next user message."
        self.lost_errors = self.lost_errors or result.is_error
        call_id = clean_call_id(result.call_id)
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": text})
        return media


def clean_call_id(call_id: str) -> str:
    """The id, or a shorter one in its place: the same for the call and its result."""
    return call_id if 0 < len(call_id) <= LONGEST_CALL_ID else clean_id(call_id, limit=LONGEST_CALL_ID)


def _write_call(call: c.ToolCall) -> JsonObject:
    # Chat templates parse the arguments; an empty text is the one that they all fail on.
    function = {"name": call.name, "arguments": call.arguments if call.arguments.strip() else "{}"}
    return {"id": clean_call_id(call.id), "type": "function", "function": function}


def _joined(parts: Iterable[c.Part], *, between: str) -> str:
    return between.join([part.text for part in parts if isinstance(part, c.Text) and part.text])


def _write_content(parts: list[c.Part]) -> str | list[JsonObject]:
    """Text alone is a string, as not every server takes arrays."""
    if not any(isinstance(part, c.Media | c.Opaque) for part in parts):
        return _joined(parts, between="\n\n")
    return [_write_block(part) for part in parts if not isinstance(part, c.Text) or part.text]


def _write_block(part: c.Part) -> JsonObject:
    if isinstance(part, c.Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, c.Media):
        return _write_media(part)
    assert isinstance(part, c.Opaque), "a user's turn holds no other parts besides results"
    return dict(part.raw)


def _write_media(media: c.Media) -> JsonObject:
    if media.kind == "image":
        image: JsonObject = {"url": media.url if media.url is not None else data_url(media, "image/png")}
        if media.detail is not None:
            image["detail"] = media.detail
        return {"type": "image_url", "image_url": image}
    if media.data is None:
        raise cannot_send(media, why="this provider takes it only as base64 data. Send the bytes.")
    if media.kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": media.data, "format": audio_format(media.media_type)}}
    if (media_type_of(media) or "").startswith("text/"):
        return {"type": "text", "text": _document_text(media)}
    file: JsonObject = {"file_data": data_url(media, "application/pdf")}
    file["filename"] = media.name or "document"
    return {"type": "file", "file": file}


def _document_text(media: c.Media) -> str:
    """A document that is text, as text: as files, OpenAI takes PDFs only, and most others nothing."""
    try:
        text = base64.b64decode(media.data or "").decode("utf-8", "replace")
    except ValueError as exc:
        raise cannot_send(media, why="this is not base64.") from exc
    return f"<document{f' name={media.name!r}' if media.name else ''}>\n{text}\n</document>"
