"""A Converse answer -> Answer. Bedrock counts input tokens as Anthropic does: without those of a cache."""

from __future__ import annotations

from router.dialects import conversation as c
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.finishes import finish_of
from router.dialects.shared.parts import arguments_text, made_up_id
from router.types import JsonObject


def read_answer(body: JsonObject, *, model: str = "", request_id: str = "") -> c.Answer:
    """A provider's answer. Raises ValueError for anything else.

    model, request_id: they are not in the answer's body (`x-amzn-requestid` has the latter).
    """
    message = object_at(object_at(body, "output"), "message")
    if not isinstance(message.get("content"), list):
        raise ValueError("the answer has no array `output.message.content`")
    read = [_read_block(block, seed=request_id, index=i) for i, block in enumerate(objects_at(message, "content"))]
    return c.Answer(
        id=request_id,
        model=model,
        parts=tuple(part for part in read if part is not None),
        finish=read_finish(text_at(body, "stopReason")),
        usage=read_usage(object_at(body, "usage")),
    )


def _read_block(block: JsonObject, *, seed: str, index: int) -> c.AnswerPart | None:
    if isinstance(block.get("toolUse"), dict):
        call = block["toolUse"]
        call_id = text_at(call, "toolUseId") or made_up_id(seed=seed, index=index)
        return c.ToolCall(call_id, text_at(call, "name"), arguments_text(call.get("input")))
    if isinstance(block.get("reasoningContent"), dict):
        reasoning = block["reasoningContent"]
        text = object_at(reasoning, "reasoningText")
        redacted = text_at(reasoning, "redactedContent") or None
        return c.Thinking(text_at(text, "text"), text_at(text, "signature") or None, redacted=redacted)
    if isinstance(block.get("citationsContent"), dict):
        return c.Text("".join(text_at(item, "text") for item in objects_at(block["citationsContent"], "content")))
    return c.Text(text_at(block, "text")) if text_at(block, "text") else None


def read_finish(stop_reason: str) -> c.Finish:
    """Why the answer ended; a reason that is not known is an ordinary end."""
    return finish_of(stop_reason) or c.Finish.STOP


def read_usage(usage: JsonObject) -> c.Usage:
    """Input tokens with those that were read from a cache or written to it."""
    read, written = count_at(usage, "cacheReadInputTokens"), count_at(usage, "cacheWriteInputTokens")
    return c.Usage(
        input_tokens=count_at(usage, "inputTokens") + read + written,
        output_tokens=count_at(usage, "outputTokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )
