"""Whole answers: a provider's chat completion -> Answer, and Answer -> a client's chat completion."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from router.dialects import conversation as c
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.finishes import finish_of
from router.dialects.shared.openai_shared import free_text_arguments
from router.dialects.shared.parts import made_up_id
from router.dialects.shared.usage import usage_mark
from router.jsontext import encode_json
from router.types import JsonObject

# --- Reading ----------------------------------------------------------------------------------------------------------


def read_answers(body: JsonObject) -> tuple[c.Answer, ...]:
    """Every choice of a completion, by index; the usage is that of all and is the first one's.

    Raises ValueError if the body holds no choice, or an error.
    """
    choices = objects_at(body, "choices")
    if body.get("error") or not choices:
        raise ValueError("the provider's answer holds no choices")
    choices.sort(key=lambda choice: count_at(choice, "index"))
    usage = read_usage(usage_at(body))
    return tuple(_read_choice(body, choice, c.Usage() if index else usage) for index, choice in enumerate(choices))


def _read_choice(body: JsonObject, choice: JsonObject, usage: c.Usage) -> c.Answer:
    message = object_at(choice, "message")
    answer_id = text_at(body, "id")
    calls = read_calls(message, seed=f"{answer_id}\n{count_at(choice, 'index')}")
    thinking, text = read_texts(message)
    refusal = text_at(message, "refusal")
    finish = read_finish(text_at(choice, "finish_reason"), has_calls=bool(calls), refused=bool(refusal))
    if any(not call.name for call in calls):
        calls, finish = [call for call in calls if call.name], c.Finish.BROKEN
    parts: list[c.Text | c.Thinking | c.ToolCall] = [c.Thinking(thinking)] if thinking else []
    parts += [c.Text(found) for found in (text, refusal) if found]
    return c.Answer(
        id=answer_id,
        model=text_at(body, "model"),
        parts=(*parts, *calls),
        finish=finish,
        usage=usage,
        stop_sequence=text_at(choice, "stop_reason") or None,  # vLLM's own field
    )


def read_texts(message: JsonObject) -> tuple[str, str]:
    """Thinking and text of a message or a delta, whichever of their forms the server uses."""
    thinking = text_at(message, "reasoning_content") or text_at(message, "reasoning")
    text = text_at(message, "content")
    for part in objects_at(message, "content"):
        if part.get("type") == "thinking":
            thinking += text_at(part, "thinking") + "".join(
                [text_at(item, "text") for item in objects_at(part, "thinking")]
            )
        else:
            text += text_at(part, "text")
    return thinking, text


def read_calls(message: JsonObject, *, seed: str) -> list[c.ToolCall]:
    """The calls of a message, with made-up ids where there are none."""
    found = [(call, function_of(call)) for call in objects_at(message, "tool_calls")]
    if not found and object_at(message, "function_call"):
        found = [({}, object_at(message, "function_call"))]
    return [
        c.ToolCall(
            id=text_at(call, "id") or made_up_id(seed=seed, index=index),
            name=text_at(function, "name"),
            arguments=read_arguments(function),
        )
        for index, (call, function) in enumerate(found)
    ]


def function_of(call: JsonObject) -> JsonObject:
    """What is called; a custom tool's free text as the arguments that such a tool has in the other dialects."""
    custom = object_at(call, "custom")
    if not custom:
        return object_at(call, "function")
    return {"name": custom.get("name"), "arguments": free_text_arguments(text_at(custom, "input"))}


def read_arguments(function: JsonObject) -> str:
    """The arguments' text; some servers send the object itself."""
    value = function.get("arguments")
    return encode_json(value).decode() if isinstance(value, dict) else text_at(function, "arguments")


def read_finish(word: str, *, has_calls: bool, refused: bool = False) -> c.Finish:
    """The reason; an unknown word is a plain stop, as is a missing one.

    Some servers say `stop` after calls, and some `tool_calls` without any: the calls decide.
    """
    finish = finish_of(word) or c.Finish.STOP
    if finish in (c.Finish.STOP, c.Finish.TOOL_CALLS):
        return c.Finish.CONTENT_FILTER if refused else c.Finish.TOOL_CALLS if has_calls else c.Finish.STOP
    return finish


def usage_at(body: JsonObject) -> JsonObject:
    """The usage of an answer or of a chunk, wherever the server puts it: Groq in `x_groq`, Moonshot in a choice."""
    found = object_at(body, "usage") or object_at(object_at(body, "x_groq"), "usage")
    return found or next((usage for choice in objects_at(body, "choices") if (usage := object_at(choice, "usage"))), {})


def read_usage(value: JsonObject) -> c.Usage:
    """Tokens; what is missing is 0. Servers name the same count in several ways: the first that is there counts."""
    prompt = _count(value, "prompt_tokens", "input_tokens")
    output = _count(value, "completion_tokens", "output_tokens") or max(0, _count(value, "total_tokens") - prompt)
    details = object_at(value, "completion_tokens_details") or object_at(value, "output_tokens_details")
    reasoning = count_at(details, "reasoning_tokens") or count_at(value, "reasoning_tokens")
    if reasoning and count_at(value, "total_tokens") == prompt + output + reasoning:
        output += reasoning  # xAI leaves thinking out of the completion, and bills it
    cached = object_at(value, "prompt_tokens_details") or object_at(value, "input_tokens_details")
    return c.Usage(
        input_tokens=prompt,
        output_tokens=output,
        # DeepSeek, LiteLLM and Moonshot have names of their own as well as OpenAI's.
        cache_read_tokens=count_at(cached, "cached_tokens")
        or _count(value, "prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens"),
        # OpenRouter's, Qwen's and LiteLLM's names.
        cache_write_tokens=_count(cached, "cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens")
        or count_at(value, "cache_creation_input_tokens"),
        reasoning_tokens=reasoning,
        cost_usd=_cost_usd(value),
    )


def _count(value: JsonObject, *names: str) -> int:
    return next((count for name in names if (count := count_at(value, name))), 0)


def _cost_usd(value: JsonObject) -> float | None:
    """What the provider says the answer cost: OpenRouter's and Perplexity's `cost`, DeepInfra's `estimated_cost`."""
    cost = value.get("cost", value.get("estimated_cost"))
    if isinstance(cost, dict):
        cost = cost.get("total_cost")
    if not isinstance(cost, int | float) or isinstance(cost, bool):
        return None
    return float(cost) if 0 < cost < math.inf else None


# --- Writing ----------------------------------------------------------------------------------------------------------


def write_answers(answers: Sequence[c.Answer], *, model: str, created_s: int) -> JsonObject:
    """Several answers to one request as the choices of one completion; usage is their sum. Thinking has no field.

    model: the name for the client.  created_s: Unix time.  Raises ValueError if there are none.
    """
    if not answers:
        raise ValueError("a completion needs at least one answer")
    return {
        "id": answers[0].id,
        "object": "chat.completion",
        "created": created_s,
        "model": model,
        "choices": [_write_choice(answer, index) for index, answer in enumerate(answers)],
        "usage": write_usage(_total([answer.usage for answer in answers])),
        "service_tier": None,
        "system_fingerprint": None,
    }


def _write_choice(answer: c.Answer, index: int) -> JsonObject:
    calls = [part for part in answer.parts if isinstance(part, c.ToolCall)]
    text = "".join([part.text for part in answer.parts if isinstance(part, c.Text)])
    message: JsonObject = {
        "role": "assistant",
        "content": text if text or not calls else None,
        "refusal": None,
        "annotations": [],
        "audio": None,
    }
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in calls
        ]
    return {"index": index, "message": message, "finish_reason": write_finish(answer.finish), "logprobs": None}


def _total(usages: Sequence[c.Usage]) -> c.Usage:
    return c.Usage(
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cache_read_tokens=sum(usage.cache_read_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        estimated=any(usage.estimated for usage in usages),
    )


def write_finish(finish: c.Finish) -> str:
    """The word. A broken answer has none: `stop`."""
    return "stop" if finish is c.Finish.BROKEN else finish.value


_UNKNOWN_FINISH = re.compile(
    rb'("finish_reason"\s*:\s*")(?!(?:stop|length|tool_calls|content_filter|function_call)")([A-Za-z_]+)(?=")'
)


def with_known_finish(raw: bytes) -> bytes:
    """A provider's JSON with the dialect's own words for the end of an answer, which some clients insist on.

    A cut answer that ends in `model_context_window_exceeded` or `abort` looks whole to the others.
    """
    return _UNKNOWN_FINISH.sub(_known_finish, raw)


def _known_finish(match: re.Match[bytes]) -> bytes:
    finish = finish_of(match[2].decode())
    return match[0] if finish in (None, c.Finish.BROKEN) else match[1] + write_finish(finish).encode()


def write_usage(usage: c.Usage) -> JsonObject:
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
        **usage_mark(usage),
    }
