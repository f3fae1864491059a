"""Where Anthropic Messages is served, and its bodies for the OpenAPI document."""

from __future__ import annotations

from router.dialects.shared.endpoint import Endpoint, PathInfo
from router.dialects.shared.limits import is_above, thinking_within
from router.dialects.shared.listing import ListedName
from router.dialects.shared.openapi import ANY_OBJECT, COUNT, STRING, any_of, array_of, block, object_of
from router.types import JsonObject

_BLOCK: JsonObject = any_of(
    block("text", text=True),
    block("thinking", "redacted_thinking", "tool_use", "image", "document"),
    object_of(
        {"type": {"const": "tool_result"}, "content": any_of(STRING, array_of(block("text", text=True)))},
        required=("type",),
    ),
)
BODY: JsonObject = object_of(
    {
        "model": STRING,
        "metadata": ANY_OBJECT,
        "messages": array_of(
            object_of(
                {
                    "role": {"enum": ["user", "assistant", "system"]},
                    "content": any_of(STRING, array_of(_BLOCK)),
                },
                required=("role", "content"),
            ),
            at_least=1,
        ),
        "system": any_of(STRING, array_of(block("text", text=True))),
        "max_tokens": COUNT,
        "tools": array_of(ANY_OBJECT),
        "tool_choice": object_of({"type": {"enum": ["auto", "any", "tool", "none"]}}),
        "output_config": ANY_OBJECT,
        "thinking": ANY_OBJECT,
    },
    required=("messages", "max_tokens"),
    description="Anthropic Messages, verbatim",
)

ERROR: JsonObject = object_of(
    {
        "type": {"const": "error"},
        "error": object_of({"type": STRING, "message": STRING, "details": ANY_OBJECT}, required=("type", "message")),
    },
    required=("type", "error"),
    description="for requests with `anthropic-version`",
)

PICKED_PREFIX = "claude-"
"""The picker of Claude Code shows only names that begin with claude or anthropic."""


def write_name(one: ListedName) -> JsonObject:
    """The object of a model."""
    return {
        "type": "model",
        "id": one.name,
        "display_name": one.title,
        "created_at": "1970-01-01T00:00:00Z",
        "max_input_tokens": one.context_window,
        "max_tokens": one.max_output_tokens,
    }


def write_names(names: list[ListedName]) -> JsonObject:
    """The only page of the list."""
    data = [write_name(one) for one in names]
    return {"data": data, "has_more": False, "first_id": names[0].name, "last_id": names[-1].name}


ENDPOINTS = (
    Endpoint(
        "/v1/messages",
        summary="Anthropic Messages",
        description="Both API versions.",
        aliases=("/anthropic/v1/messages",),
    ),
    Endpoint(
        "/v1/messages/count_tokens",
        summary="Tokens of an Anthropic request, counted here",
        description="Erring high: with one vendor's vocabulary and a tenth for the others.",
        aliases=("/anthropic/v1/messages/count_tokens",),
        info=PathInfo(counts=True),
    ),
)


def lowered(body: JsonObject, limit: int) -> JsonObject:
    """The members that limit the answer to more than `limit` tokens, lowered to it; so is the budget of thinking."""
    if not is_above(body.get("max_tokens"), limit):
        return {}
    thinking = body.get("thinking")
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    if not isinstance(thinking, dict) or not isinstance(budget, int) or thinking_within(budget, limit) == budget:
        return {"max_tokens": limit}
    within = thinking_within(budget, limit)
    return {"max_tokens": limit, "thinking": {**thinking, "budget_tokens": within} if within else {"type": "disabled"}}
