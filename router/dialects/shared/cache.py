"""Marks after which a provider is to cache the prompt.

They are Anthropic's `cache_control`, which OpenRouter and LiteLLM take in chat completions too, and Bedrock's
`cachePoint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from router.dialects.conversation import CacheLifetime, Conversation, Opaque, Part, Thinking, ToolResult, Turn
from router.types import JsonObject

MOST_MARKS = 4
"""Marks of one request: Anthropic and Bedrock refuse more."""


def lifetime_of(block: JsonObject) -> CacheLifetime | None:
    """The lifetime that a block's `cache_control` asks for; None without one."""
    mark = block.get("cache_control")
    if not isinstance(mark, dict):
        return None
    return "1h" if mark.get("ttl") == "1h" else "5m"


def with_mark(parts: Sequence[Part], block: JsonObject) -> tuple[Part, ...]:
    """The parts of a block, the last of which carries the block's mark; thinking and opaque parts carry none."""
    lifetime = lifetime_of(block)
    if lifetime is None or not parts or isinstance(parts[-1], Thinking | Opaque):
        return tuple(parts)
    return (*parts[:-1], replace(parts[-1], cache=lifetime))


def cache_control(lifetime: CacheLifetime) -> JsonObject:
    """The mark in Anthropic's words; five minutes are its default."""
    return {"type": "ephemeral"} if lifetime == "5m" else {"type": "ephemeral", "ttl": lifetime}


def lifetime_in(part: Part) -> CacheLifetime | None:
    """The part's mark; of a result, also that of what it holds, as no provider takes one there."""
    if isinstance(part, Thinking | Opaque):
        return None
    if isinstance(part, ToolResult) and part.cache is None:
        return next((found for shown in reversed(part.parts) if (found := lifetime_in(shown))), None)
    return part.cache


def has_marks(conversation: Conversation, turns: Iterable[Turn]) -> bool:
    """Whether anything of the request is marked."""
    return (
        conversation.cache is not None
        or any(tool.cache for tool in conversation.tools)
        or any(lifetime_in(part) for turn in turns for part in turn.parts)
    )


def kept_marks(
    groups: Sequence[Sequence[CacheLifetime]], *, most: int = MOST_MARKS
) -> list[list[CacheLifetime | None]]:
    """The marks of tools, system and messages, in this order, as providers take them; None for one that is left out.

    Of too many, the last of the first groups stay, then the last of the last group: these cover the longest prefixes.
    A later mark may not live longer than an earlier one: it gets the earlier one's lifetime.
    """
    left = most
    kept: list[list[CacheLifetime | None]] = [[None] * len(group) for group in groups]
    if sum(map(len, groups)) <= most:
        kept = [list(group) for group in groups]
    else:
        for place, group in enumerate(groups):
            room = min(len(group), left if place == len(groups) - 1 else min(1, left))
            for index in range(len(group) - room, len(group)):
                kept[place][index] = group[index]
            left -= room
    shortest: CacheLifetime = "1h"
    for marks in kept:
        for index, mark in enumerate(marks):
            if mark is not None:
                marks[index] = shortest = "5m" if "5m" in (mark, shortest) else mark
    return kept
