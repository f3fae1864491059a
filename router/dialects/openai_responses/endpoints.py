"""Where OpenAI Responses is served, and its body for the OpenAPI document."""

from __future__ import annotations

from router.dialects.shared.endpoint import Endpoint
from router.dialects.shared.limits import is_above
from router.dialects.shared.openapi import ANY_OBJECT, BOOLEAN, COUNT, STRING, any_of, array_of, block, object_of
from router.types import JsonObject

_ITEM: JsonObject = any_of(
    object_of(
        {
            "type": {"const": "message"},
            "role": {"enum": ["system", "developer", "user", "assistant"]},
            "content": any_of(
                STRING,
                array_of(any_of(block("input_text", "output_text", text=True), block("input_image", "input_file"))),
            ),
        },
        required=("role", "content"),
    ),
    block("function_call", "custom_tool_call", "reasoning"),
    object_of(
        {"type": {"enum": ["function_call_output", "custom_tool_call_output"]}, "output": STRING},
        required=("type", "output"),
    ),
)
BODY: JsonObject = object_of(
    {
        "model": STRING,
        "metadata": ANY_OBJECT,
        "input": any_of(STRING, array_of(_ITEM, at_least=1)),
        "instructions": STRING,
        "tools": array_of(ANY_OBJECT),
        "text": object_of({"format": object_of({"type": {"enum": ["text", "json_object", "json_schema"]}})}),
        "max_output_tokens": COUNT,
        "parallel_tool_calls": BOOLEAN,
    },
    required=("input",),
    description="OpenAI Responses, verbatim",
)

ENDPOINTS = (
    Endpoint(
        "/v1/responses",
        summary="OpenAI Responses",
        description="What needs state at a provider (`previous_response_id`, `conversation`, `prompt`) goes to one "
        "with a Responses endpoint, and is a 400 where there is none; `background` always is.",
    ),
)


def lowered(body: JsonObject, limit: int) -> JsonObject:
    """The member that limits the answer to more than `limit` tokens, lowered to it."""
    name = "max_output_tokens"
    return {name: limit} if is_above(body.get(name), limit) else {}
