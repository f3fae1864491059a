"""Anthropic messages <-> Answer: what a provider answered, and what a client is answered."""

from __future__ import annotations

from typing import TypeAlias

from router.dialects.conversation import Answer, Finish, Text, Thinking, ToolCall, Usage
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.shaping import arguments_object, arguments_text, made_up_id
from router.types import JsonObject

AnswerPart: TypeAlias = Text | Thinking | ToolCall

_FINISH = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "pause_turn": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "refusal": Finish.CONTENT_FILTER,
}
_STOP_REASON = {
    Finish.STOP: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALLS: "tool_use",
    Finish.CONTENT_FILTER: "refusal",
    Finish.BROKEN: "end_turn",  # the dialect has no word for it
}


def read_answer(body: JsonObject) -> Answer:
    """A provider's message. Raises ValueError if it is none."""
    if not isinstance(body.get("content"), list):
        raise ValueError("the message has no array `content`")
    answer_id = text_at(body, "id")
    read = [_read_block(block, seed=answer_id, index=i) for i, block in enumerate(objects_at(body, "content"))]
    return Answer(
        id=answer_id,
        model=text_at(body, "model"),
        parts=tuple(part for part in read if part is not None),
        finish=read_finish(text_at(body, "stop_reason")),
        usage=read_usage(object_at(body, "usage")),
        stop_sequence=text_at(body, "stop_sequence") or None,
    )


def _read_block(block: JsonObject, *, seed: str, index: int) -> AnswerPart | None:
    kind = block.get("type")
    if kind == "text":
        return Text(text_at(block, "text"))
    if kind == "tool_use":
        call_id = text_at(block, "id") or made_up_id(seed=seed, index=index)
        return ToolCall(call_id, text_at(block, "name"), arguments_text(block.get("input")))
    if kind == "thinking":
        return Thinking(text_at(block, "thinking"), signature=text_at(block, "signature") or None)
    if kind == "redacted_thinking":
        return Thinking("", redacted=text_at(block, "data"))
    return None  # a tool that the provider ran itself


def read_finish(stop_reason: str) -> Finish:
    """Why the answer ended; a reason that is not known is an ordinary end."""
    return _FINISH.get(stop_reason, Finish.STOP)


def read_usage(usage: JsonObject) -> Usage:
    """Anthropic's input tokens leave out what a cache gave or took; the neutral ones hold it."""
    read, written = count_at(usage, "cache_read_input_tokens"), count_at(usage, "cache_creation_input_tokens")
    details = object_at(usage, "output_tokens_details")
    return Usage(
        input_tokens=count_at(usage, "input_tokens") + read + written,
        output_tokens=count_at(usage, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count_at(details, "thinking_tokens") or count_at(details, "thinking"),
    )


def write_answer(answer: Answer, *, model: str) -> JsonObject:
    """The answer as a message for a client. model: the name that the client knows."""
    return {
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [_write_part(part) for part in answer.parts if part != Text("")],
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
"""What strict clients want to find and no other provider says."""


def _write_part(part: AnswerPart) -> JsonObject:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text, "citations": None}
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments_object(part.arguments)}
    if part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature or ""}


def write_stop_reason(finish: Finish, stop_sequence: str | None) -> str:
    """Anthropic's name for why the answer ended."""
    return "stop_sequence" if _named(finish, stop_sequence) is not None else _STOP_REASON[finish]


def _named(finish: Finish, stop_sequence: str | None) -> str | None:
    return stop_sequence if finish is Finish.STOP else None


def write_usage(usage: Usage) -> JsonObject:
    """Usage in Anthropic's counting."""
    return {**write_input_usage(usage), "output_tokens": usage.output_tokens}


def write_input_usage(usage: Usage) -> JsonObject:
    """The input's part of the usage; input tokens without those that a cache gave or took."""
    cached = usage.cache_read_tokens + usage.cache_write_tokens
    return {
        "input_tokens": max(0, usage.input_tokens - cached),
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
    }
