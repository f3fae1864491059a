"""A call with its output limit lowered to what the model that is asked can write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from router.dialects.conversation import Conversation
from router.dialects.shared.json_edit import edit
from router.dialects.shared.parts import LEAST_THINKING_TOKENS
from router.dialects.shared.prepared import Call
from router.types import JsonObject

Lowered: TypeAlias = Callable[[JsonObject, int], JsonObject]
"""(a client's body, tokens) -> the members that limit its answer, lowered; {} where they need not be."""


def limited(call: Call, limit: int, lowered: Lowered | None) -> tuple[Call, tuple[str, ...]]:
    """The call with an answer of at most `limit` tokens, and the client's names of what was lowered for it.

    lowered: that of the dialect of the call's own bytes; None where it has none.
    A budget of thinking is lowered with it, as providers refuse one that leaves no room for an answer.
    """
    conversation = call.conversation
    asked = None if conversation is None else conversation.max_output_tokens
    if conversation is not None:
        call = replace(call, conversation=_limited(conversation, limit))
    if call.raw is None or lowered is None:
        return call, ("max_output_tokens",) if asked is not None else ()
    changes = lowered(call.decoded, limit)
    if not changes:
        return call, ()
    return replace(call, raw=edit(call.raw, put=changes), body={**call.decoded, **changes}), tuple(changes)


def thinking_within(tokens: int, limit: int) -> int:
    """A budget of thinking that leaves half of the limit for the answer; 0 where that is too little to think."""
    budget = min(tokens, max(LEAST_THINKING_TOKENS, limit // 2))
    return budget if budget < limit else 0


def _limited(conversation: Conversation, limit: int) -> Conversation:
    """The limited conversation; its budget of thinking may not have been read yet."""
    rest = conversation.rest
    if rest is None:
        return replace(conversation, max_output_tokens=limit, **_budget(vars(conversation), limit))
    return replace(
        conversation,
        max_output_tokens=limit,
        rest=lambda: {**(fields := rest()), **_budget(fields, limit)},
    )


def _budget(fields: Mapping[str, Any], limit: int) -> dict[str, Any]:
    tokens = fields.get("thinking_tokens")
    return {"thinking_tokens": thinking_within(tokens, limit)} if tokens else {}


def is_above(value: object, limit: int) -> bool:
    """Whether a member of a client's body is a number above the limit."""
    return isinstance(value, int) and not isinstance(value, bool) and value > limit
