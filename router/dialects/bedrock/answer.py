"""A Converse answer -> Answer. Bedrock counts input tokens as Anthropic does: without those of a cache."""

from __future__ import annotations

from typing import TypeAlias

from router.dialects.conversation import Answer, Finish, Text, Thinking, ToolCall, Usage
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.shaping import arguments_text, made_up_id
from router.types import JsonObject

AnswerPart: TypeAlias = Text | Thinking | ToolCall

_FINISH = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "tool_use": Finish.TOOL_CALLS,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "guardrail_intervened": Finish.CONTENT_FILTER,
    "content_filtered": Finish.CONTENT_FILTER,
    "malformed_model_output": Finish.BROKEN,
    "malformed_tool_use": Finish.BROKEN,
}


def read_answer(body: JsonObject, *, model: str = "", request_id: str = "") -> Answer:
    """A provider's answer. Raises ValueError if it is none.

    model, request_id: what the answer's body does not say (`x-amzn-requestid` has the latter).
    """
    message = object_at(object_at(body, "output"), "message")
    if not isinstance(message.get("content"), list):
        raise ValueError("the answer has no array `output.message.content`")
    read = [_read_block(block, seed=request_id, index=i) for i, block in enumerate(objects_at(message, "content"))]
    return Answer(
        id=request_id,
        model=model,
        parts=tuple(part for part in read if part is not None),
        finish=read_finish(text_at(body, "stopReason")),
        usage=read_usage(object_at(body, "usage")),
    )


def _read_block(block: JsonObject, *, seed: str, index: int) -> AnswerPart | None:
    if isinstance(block.get("toolUse"), dict):
        call = block["toolUse"]
        call_id = text_at(call, "toolUseId") or made_up_id(seed=seed, index=index)
        return ToolCall(call_id, text_at(call, "name"), arguments_text(call.get("input")))
    if isinstance(block.get("reasoningContent"), dict):
        reasoning = block["reasoningContent"]
        text = object_at(reasoning, "reasoningText")
        redacted = text_at(reasoning, "redactedContent") or None
        return Thinking(text_at(text, "text"), text_at(text, "signature") or None, redacted=redacted)
    if isinstance(block.get("citationsContent"), dict):
        return Text("".join(text_at(item, "text") for item in objects_at(block["citationsContent"], "content")))
    return Text(text_at(block, "text")) if text_at(block, "text") else None


def read_finish(stop_reason: str) -> Finish:
    """Why the answer ended; a reason that is not known is an ordinary end."""
    return _FINISH.get(stop_reason, Finish.STOP)


def read_usage(usage: JsonObject) -> Usage:
    """Input tokens with those that were read from a cache or written to it."""
    read, written = count_at(usage, "cacheReadInputTokens"), count_at(usage, "cacheWriteInputTokens")
    return Usage(
        input_tokens=count_at(usage, "inputTokens") + read + written,
        output_tokens=count_at(usage, "outputTokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )
