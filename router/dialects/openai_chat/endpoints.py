"""Where OpenAI Chat Completions is served, and its body for the OpenAPI document."""

from __future__ import annotations

from router.dialects.shared.endpoint import Endpoint
from router.dialects.shared.limits import is_above
from router.dialects.shared.openapi import ANY_OBJECT, BOOLEAN, COUNT, STRING, any_of, array_of, block, object_of
from router.types import JsonObject

_MESSAGE: JsonObject = object_of(
    {
        "role": {"enum": ["system", "developer", "user", "assistant", "tool"]},
        "content": any_of(
            STRING,
            {"type": "null"},
            array_of(any_of(block("text", text=True), block("image_url", "input_audio", "file", "refusal"))),
        ),
        "tool_calls": array_of(object_of({"id": STRING, "type": STRING, "function": ANY_OBJECT})),
        "tool_call_id": STRING,
    },
    required=("role",),
)
BODY: JsonObject = object_of(
    {
        "model": STRING,
        "metadata": ANY_OBJECT,
        "messages": array_of(_MESSAGE, at_least=1),
        "tools": array_of(ANY_OBJECT),
        "tool_choice": any_of(STRING, ANY_OBJECT),
        "parallel_tool_calls": BOOLEAN,
        "response_format": object_of({"type": {"enum": ["text", "json_object", "json_schema"]}}),
        "max_completion_tokens": COUNT,
        "max_tokens": COUNT,
        "n": COUNT,
        "logprobs": BOOLEAN,
    },
    required=("messages",),
    description="OpenAI Chat Completions, verbatim; also with `input` instead of `messages`",
)

ENDPOINTS = (
    Endpoint(
        "/v1/chat/completions",
        summary="OpenAI Chat Completions",
        description="Also with `input` in place of `messages`, as Cursor sends it.",
    ),
)


def lowered(body: JsonObject, limit: int) -> JsonObject:
    """The members that limit the answer to more than `limit` tokens, lowered to it."""
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
    return {name: limit for name in names if is_above(body.get(name), limit)}
