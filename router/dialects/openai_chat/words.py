"""Usage and the reasons why an answer ended, in chat's words and back."""

from __future__ import annotations

from router.dialects.conversation import Finish, Usage
from router.dialects.shared.fields import count_at, object_at
from router.types import JsonObject

_FINISHES = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "content_filter": Finish.CONTENT_FILTER,
    # Compatible servers' own words.
    "max_tokens": Finish.LENGTH,
    "model_length": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "safety": Finish.CONTENT_FILTER,
    "refusal": Finish.CONTENT_FILTER,
    "sensitive": Finish.CONTENT_FILTER,
    "error": Finish.BROKEN,
    "network_error": Finish.BROKEN,
    "insufficient_system_resource": Finish.BROKEN,
}


def read_finish(word: str, *, has_calls: bool, refused: bool = False) -> Finish:
    """The reason; an unknown word is a plain stop, and so is no word at all.

    Some servers say `stop` after calls, and some `tool_calls` without any: what is there counts.
    """
    finish = Finish.BROKEN if "malformed" in word.lower() else _FINISHES.get(word.lower(), Finish.STOP)
    if finish in (Finish.STOP, Finish.TOOL_CALLS):
        return Finish.CONTENT_FILTER if refused else Finish.TOOL_CALLS if has_calls else Finish.STOP
    return finish


def write_finish(finish: Finish) -> str:
    """The word. A broken answer has none: whoever wants to tell the client sends an error instead."""
    return "stop" if finish is Finish.BROKEN else finish.value


def read_usage(value: JsonObject) -> Usage:
    """Tokens; what is missing is 0."""
    output = count_at(value, "completion_tokens")
    reasoning = count_at(object_at(value, "completion_tokens_details"), "reasoning_tokens")
    prompt = count_at(value, "prompt_tokens")
    if reasoning and count_at(value, "total_tokens") == prompt + output + reasoning:
        output += reasoning  # xAI counts thinking beside the completion, and bills it
    details = object_at(value, "prompt_tokens_details")
    return Usage(
        input_tokens=prompt,
        output_tokens=output,
        cache_read_tokens=count_at(details, "cached_tokens") or count_at(value, "prompt_cache_hit_tokens"),
        cache_write_tokens=count_at(details, "cache_write_tokens"),
        reasoning_tokens=reasoning,
    )


def write_usage(usage: Usage) -> JsonObject:
    """Tokens with their details."""
    details = {"cached_tokens": usage.cache_read_tokens}
    if usage.cache_write_tokens:
        details["cache_write_tokens"] = usage.cache_write_tokens
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
