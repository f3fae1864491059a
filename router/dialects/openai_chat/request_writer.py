"""Conversation -> a chat-completions body for a compatible provider."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from router.dialects import conversation as c
from router.dialects.shared.cache import cache_control, has_marks, lifetime_in
from router.dialects.shared.openai_shared import audio_format, data_url, effort_for, function_fields, schema_fields
from router.dialects.shared.parts import cannot_send, clean_id, json_instruction, media_type_of, turns_for
from router.jsontext import encode_json
from router.types import Dialect, JsonObject

LONGEST_CALL_ID = 40  # OpenAI refuses more; ids that carry another provider's signature are longer


def write_request(conversation: c.Conversation, *, model: str, marks: bool = False) -> c.Written:
    """The request for a provider's model, which it names as `model`; what its server wants otherwise, a quirk says.

    marks: whether it takes `cache_control`.
    Raises RequestError for media that this dialect cannot hold.
    """
    writer = _Messages(own=conversation.dialect is Dialect.OPENAI_CHAT, marks=marks)
    messages = writer.write(turns_for(conversation, Dialect.OPENAI_CHAT))
    body: JsonObject = {"model": model, "messages": asked_for_json(messages, conversation.answer_format)}
    body |= _tool_fields(conversation, marks=marks)
    body |= _parameters(conversation)
    if marks and conversation.cache is not None:
        body["cache_control"] = cache_control(conversation.cache)
    if conversation.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    lost = {
        "thinking": any(
            isinstance(part, c.Thinking) and (part.signature or part.redacted)
            for turn in conversation.turns
            for part in turn.parts
        ),
        "is_error": writer.lost_errors,
        "top_k": conversation.top_k is not None,  # not a field of OpenAI's
        "thinking_tokens": conversation.thinking_tokens is not None,
        "cache_control": not marks and has_marks(conversation, conversation.turns),
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
        "reasoning_effort": conversation.effort or effort_for(conversation.thinking_tokens),
        "n": conversation.n if conversation.n > 1 else None,
        "seed": conversation.seed,
        "presence_penalty": conversation.presence_penalty,
        "frequency_penalty": conversation.frequency_penalty,
        "logprobs": conversation.logprobs or None,
        "top_logprobs": conversation.top_logprobs,
        "user": conversation.user,
    }
    return {key: value for key, value in (given | dict(conversation.openai)).items() if value is not None}


def asked_for_json(messages: list[JsonObject], wanted: c.AnswerFormat | None) -> list[JsonObject]:
    """The messages, with words that ask for JSON behind the system's where the provider needs them.

    It does for a schema that it does not know; and where no message holds the word, any JSON is refused
    (https://platform.openai.com/docs/guides/structured-outputs#json-mode).
    """
    if wanted is None or wanted.kind != "json":
        return messages
    if wanted.schema is None and b"json" in encode_json(messages).lower():
        return messages
    start = next((i for i, one in enumerate(messages) if one.get("role") not in ("system", "developer")), len(messages))
    return [*messages[:start], {"role": "system", "content": json_instruction(wanted)}, *messages[start:]]


def _write_format(wanted: c.AnswerFormat | None) -> JsonObject | None:
    if wanted is None:
        return None
    if wanted.kind == "json":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": schema_fields(wanted)}


def _tool_fields(conversation: c.Conversation, *, marks: bool) -> JsonObject:
    if not conversation.tools:
        return {}  # a choice without tools is refused
    body: JsonObject = {
        "tools": [
            {"type": "function", "function": function_fields(tool), **_mark(tool.cache if marks else None)}
            for tool in conversation.tools
        ]
    }
    if conversation.tool_choice is not None:
        body["tool_choice"] = _write_choice(conversation.tool_choice)
    if conversation.parallel_tools is not None:
        body["parallel_tool_calls"] = conversation.parallel_tools
    return body


def _mark(lifetime: c.CacheLifetime | None) -> JsonObject:
    return {} if lifetime is None else {"cache_control": cache_control(lifetime)}


def _write_choice(choice: c.ToolChoice) -> str | JsonObject:
    return {"type": "function", "function": {"name": choice.name}} if choice.mode == "named" else choice.mode


# --- Messages ---------------------------------------------------------------------------------------------------------


class _Messages:
    """Writes turns in order."""

    def __init__(self, *, own: bool, marks: bool) -> None:
        """Begin.

        own: the turns came in this dialect, and keep their thinking and their words for the system's role.
        marks: whether marks for the cache are written.
        """
        self.own = own
        self.marks = marks
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
            content = self._marked(turn.parts) or _joined(turn.parts, between="\n\n")
            self._messages.append({"role": role, "content": content, **_named(turn)})

    def _marked(self, parts: Iterable[c.Part]) -> list[JsonObject]:
        """Text and media as blocks, those that are marked with their marks; [] where none is, or none is taken."""
        shown = [part for part in parts if isinstance(part, c.Text | c.Media | c.Opaque)]
        if not self.marks or not any(lifetime_in(part) for part in shown):
            return []
        shown = [part for part in shown if not isinstance(part, c.Text) or part.text]
        return [{**_write_block(part), **_mark(lifetime_in(part))} for part in shown]

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
        if not blocks:
            content = self._marked([part for part in turn.parts if isinstance(part, c.Text)]) or content
        message: JsonObject = {"role": "assistant", "content": content, **_named(turn)}
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
            content = self._marked(others) or _write_content(others)
            self._messages.append({"role": role, "content": content, **_named(turn)})

    def _write_result(self, result: c.ToolResult) -> list[c.Part]:
        """Writes the result's text; returns its media, which only a user's message can hold."""
        media: list[c.Part] = [part for part in result.parts if isinstance(part, c.Media | c.Opaque)]
        text = _joined(result.parts, between="\n\n")
        if media and not text:
            text = "The result is in the next user message."
        self.lost_errors = self.lost_errors or result.is_error
        call_id = clean_call_id(result.call_id)
        content: str | list[JsonObject] = text
        if self.marks and (lifetime := lifetime_in(result)) is not None:
            content = [{"type": "text", "text": text, **_mark(lifetime)}]
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
        return media


def _named(turn: c.Turn) -> JsonObject:
    return {} if turn.name is None else {"name": turn.name}


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
