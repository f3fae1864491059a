"""Bedrock's marks for the cache: blocks of their own, behind what is to be cached.

https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from router.dialects.conversation import CacheLifetime, Conversation
from router.dialects.shared.cache import kept_marks
from router.types import JsonObject


def cache_point(lifetime: CacheLifetime) -> JsonObject:
    """The mark; five minutes are the default."""
    point = {"type": "default"} if lifetime == "5m" else {"type": "default", "ttl": lifetime}
    return {"cachePoint": point}


def keep_cache_points(body: JsonObject, conversation: Conversation, dropped: list[str], *, model: str) -> None:
    """At most as many marks as Converse takes, and none that outlives one before it; none for a model without any.

    Of the families on Bedrock, Claude and Nova cache by marks; Nova's take none among the tools, and no lifetime.
    """
    if conversation.cache is not None:
        body["messages"][-1]["content"].append(cache_point(conversation.cache))
    tools, messages = body.get("toolConfig", {}).get("tools", []), [message["content"] for message in body["messages"]]
    groups: list[list[list[Any]]] = [[tools], [body.get("system", [])], messages]
    points = [[item for blocks in group for item in blocks if "cachePoint" in item] for group in groups]
    asked: list[list[CacheLifetime]] = [
        ["1h" if item["cachePoint"].get("ttl") else "5m" for item in one] for one in points
    ]
    is_nova = "nova" in model
    if not (is_nova or "claude" in model or "anthropic" in model):
        kept: list[list[CacheLifetime | None]] = [[None] * len(one) for one in asked]
    elif is_nova:
        kept = [[None] * len(asked[0]), *kept_marks([["5m"] * len(one) for one in asked[1:]])]
    else:
        kept = kept_marks(asked)
    gone = {id(item) for item, mark in zip(chain(*points), chain(*kept), strict=True) if mark is None}
    for item, mark in zip(chain(*points), chain(*kept), strict=True):
        if mark is not None:
            item |= cache_point(mark)
    for blocks in chain(*groups):
        blocks[:] = [item for item in blocks if id(item) not in gone]
    if gone:
        dropped.append("cache_control")
