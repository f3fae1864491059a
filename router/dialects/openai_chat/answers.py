"""Whole answers: a provider's chat completion -> Answer, and Answer -> what a chat client gets."""

from __future__ import annotations

from collections.abc import Sequence

from router.dialects.conversation import Answer, Finish, Text, Thinking, ToolCall, Usage
from router.dialects.openai_chat.words import read_finish, read_usage, write_finish, write_usage
from router.dialects.shared.fields import count_at, object_at, objects_at, text_at
from router.dialects.shared.openai_shared import free_text_arguments
from router.dialects.shared.shaping import made_up_id
from router.jsontext import encode_json
from router.types import JsonObject

# --- Reading ----------------------------------------------------------------------------------------------------------


def read_answer(body: JsonObject) -> Answer:
    """The first choice of a completion. Raises ValueError if the body holds none, or an error."""
    return read_answers(body)[0]


def read_answers(body: JsonObject) -> tuple[Answer, ...]:
    """Every choice of a completion, by index; the usage is that of all and stands at the first.

    Raises ValueError if the body holds no choice, or an error.
    """
    choices = objects_at(body, "choices")
    if body.get("error") or not choices:
        raise ValueError("the provider's answer holds no choices")
    choices.sort(key=lambda choice: count_at(choice, "index"))
    usage = read_usage(object_at(body, "usage") or object_at(object_at(body, "x_groq"), "usage"))
    return tuple(_read_choice(body, choice, Usage() if index else usage) for index, choice in enumerate(choices))


def _read_choice(body: JsonObject, choice: JsonObject, usage: Usage) -> Answer:
    message = object_at(choice, "message")
    answer_id = text_at(body, "id")
    calls = read_calls(message, seed=f"{answer_id}\n{count_at(choice, 'index')}")
    thinking, text = read_texts(message)
    refusal = text_at(message, "refusal")
    finish = read_finish(text_at(choice, "finish_reason"), has_calls=bool(calls), refused=bool(refusal))
    if any(not call.name for call in calls):
        calls, finish = [call for call in calls if call.name], Finish.BROKEN
    parts: list[Text | Thinking | ToolCall] = [Thinking(thinking)] if thinking else []
    parts += [Text(said) for said in (text, refusal) if said]
    return Answer(
        id=answer_id,
        model=text_at(body, "model"),
        parts=(*parts, *calls),
        finish=finish,
        usage=usage,
        stop_sequence=text_at(choice, "stop_reason") or None,  # vLLM says which one it was
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


def read_calls(message: JsonObject, *, seed: str) -> list[ToolCall]:
    """The calls of a message, with made-up ids where there are none."""
    found = [(call, function_of(call)) for call in objects_at(message, "tool_calls")]
    if not found and object_at(message, "function_call"):
        found = [({}, object_at(message, "function_call"))]
    return [
        ToolCall(
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


# --- Writing ----------------------------------------------------------------------------------------------------------


def write_answer(answer: Answer, *, model: str, created_s: int, thinking: bool = False) -> JsonObject:
    """The answer as a completion.

    model: the name that the client is told.  created_s: Unix time.  thinking: whether `reasoning_content` is sent,
    which is no field of OpenAI's own.
    """
    return write_answers([answer], model=model, created_s=created_s, thinking=thinking)


def write_answers(answers: Sequence[Answer], *, model: str, created_s: int, thinking: bool = False) -> JsonObject:
    """Several answers to one request as the choices of one completion; usage is their sum.

    Raises ValueError if there are none.
    """
    if not answers:
        raise ValueError("a completion needs at least one answer")
    return {
        "id": answers[0].id,
        "object": "chat.completion",
        "created": created_s,
        "model": model,
        "choices": [_write_choice(answer, index, thinking=thinking) for index, answer in enumerate(answers)],
        "usage": write_usage(_total([answer.usage for answer in answers])),
        "service_tier": None,
        "system_fingerprint": None,
    }


def _write_choice(answer: Answer, index: int, *, thinking: bool) -> JsonObject:
    calls = [part for part in answer.parts if isinstance(part, ToolCall)]
    text = "".join([part.text for part in answer.parts if isinstance(part, Text)])
    thought = "".join([part.text for part in answer.parts if isinstance(part, Thinking)])
    message: JsonObject = {
        "role": "assistant",
        "content": text if text or not calls else None,
        "refusal": None,
        "annotations": [],
        "audio": None,
    }
    if thinking and thought:
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in calls
        ]
    return {"index": index, "message": message, "finish_reason": write_finish(answer.finish), "logprobs": None}


def _total(usages: Sequence[Usage]) -> Usage:
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cache_read_tokens=sum(usage.cache_read_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
    )
