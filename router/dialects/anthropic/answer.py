"""Anthropic messages <-> Answer, from a provider and for a client."""

from __future__ import annotations

from router.dialects import conversation as c
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.finishes import finish_of
from router.dialects.shared.parts import arguments_object, arguments_text, made_up_id
from router.dialects.shared.usage import usage_mark
from router.types import JsonObject

_STOP_REASON = {
    c.Finish.STOP: "end_turn",
    c.Finish.LENGTH: "max_tokens",
    c.Finish.TOOL_CALLS: "tool_use",
    c.Finish.CONTENT_FILTER: "refusal",
    c.Finish.BROKEN: "end_turn",  # the dialect has no reason for it
}


def read_answer(body: JsonObject) -> c.Answer:
    """A provider's message. Raises ValueError for anything else."""
    if not isinstance(body.get("content"), list):
        raise ValueError("the message has no array `content`")
    answer_id = text_at(body, "id")
    read = [_read_block(block, seed=answer_id, index=i) for i, block in enumerate(objects_at(body, "content"))]
    return c.Answer(
        id=answer_id,
        model=text_at(body, "model"),
        parts=tuple(part for part in read if part is not None),
        finish=read_finish(text_at(body, "stop_reason")),
        usage=read_usage(object_at(body, "usage")),
        stop_sequence=text_at(body, "stop_sequence") or None,
    )


def _read_block(block: JsonObject, *, seed: str, index: int) -> c.AnswerPart | None:
    kind = block.get("type")
    if kind == "text":
        return c.Text(text_at(block, "text"))
    if kind == "tool_use":
        call_id = text_at(block, "id") or made_up_id(seed=seed, index=index)
        return c.ToolCall(call_id, text_at(block, "name"), arguments_text(block.get("input")))
    if kind == "thinking":
        return c.Thinking(text_at(block, "thinking"), signature=text_at(block, "signature") or None)
    if kind == "redacted_thinking":
        return c.Thinking("", redacted=text_at(block, "data"))
    return None  # a tool that the provider ran itself


def read_finish(stop_reason: str) -> c.Finish:
    """Why the answer ended; a reason that is not known is an ordinary end."""
    return finish_of(stop_reason) or c.Finish.STOP


def read_usage(usage: JsonObject) -> c.Usage:
    """Anthropic's input tokens leave out those read from or written to a cache; the neutral ones include them."""
    read, written = count_at(usage, "cache_read_input_tokens"), count_at(usage, "cache_creation_input_tokens")
    details = object_at(usage, "output_tokens_details")
    return c.Usage(
        input_tokens=count_at(usage, "input_tokens") + read + written,
        output_tokens=count_at(usage, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count_at(details, "thinking_tokens") or count_at(details, "thinking"),
    )


def write_answer(answer: c.Answer, *, model: str) -> JsonObject:
    """The answer as a message for a client. model: the name for the client."""
    return {
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [_write_part(part) for part in answer.parts if part != c.Text("")],
        "stop_reason": write_stop_reason(answer.finish, answer.stop_sequence),
        "stop_sequence": _named(answer.finish, answer.stop_sequence),
        "stop_details": None,
        "container": None,
        "usage": {
            **write_usage(answer.usage),
            "output_tokens_details": {"thinking_tokens": answer.usage.reasoning_tokens},
            **_UNKNOWN_USAGE,
        },
    }


_UNKNOWN_USAGE: JsonObject = dict.fromkeys(("cache_creation", "inference_geo", "server_tool_use", "service_tier"))
"""Fields that strict clients require and no other provider fills."""


def _write_part(part: c.AnswerPart) -> JsonObject:
    if isinstance(part, c.Text):
        return {"type": "text", "text": part.text, "citations": None}
    if isinstance(part, c.ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments_object(part.arguments)}
    if part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature or ""}


def write_stop_reason(finish: c.Finish, stop_sequence: str | None) -> str:
    """Anthropic's name for why the answer ended."""
    return "stop_sequence" if _named(finish, stop_sequence) is not None else _STOP_REASON[finish]


def _named(finish: c.Finish, stop_sequence: str | None) -> str | None:
    return stop_sequence if finish is c.Finish.STOP else None


def write_usage(usage: c.Usage) -> JsonObject:
    """Usage in Anthropic's counting."""
    return {**write_input_usage(usage), "output_tokens": usage.output_tokens, **usage_mark(usage)}


def write_input_usage(usage: c.Usage) -> JsonObject:
    """The input's part of the usage; input tokens without those read from or written to a cache."""
    cached = usage.cache_read_tokens + usage.cache_write_tokens
    return {
        "input_tokens": max(0, usage.input_tokens - cached),
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
    }
