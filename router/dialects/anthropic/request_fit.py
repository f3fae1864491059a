"""What a client's own Messages body needs to be taken by Anthropic, which refuses what agents and MCP servers write.

Only members that must change are encoded again, so that all other bytes stay as they came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from router.dialects.shared import fields as get
from router.dialects.shared import history
from router.dialects.shared.fields import object_at
from router.dialects.shared.names import NameRule, first_of_each_name
from router.dialects.shared.schemas import object_schema
from router.dialects.shared.users import fitting_user
from router.types import JsonObject

NAMES = NameRule(re.compile(r"[a-zA-Z0-9_-]{1,128}"), 128)
"""`tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`."""

LONGEST_USER = 256
"""Characters of a user's id that the API takes."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Members of the body with their new values, and the client's name of each tool whose name was changed."""

    changes: JsonObject = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def fitted(body: JsonObject) -> Fitted:
    """The members that the API would refuse as they are, in the form that it takes."""
    changes: JsonObject = {}
    tools, messages = body.get("tools"), body.get("messages")
    tools = tools if isinstance(tools, list) else []
    messages = messages if isinstance(messages, list) else []
    names = NAMES.changed(_names(tools)) if tools else {}
    new = settled(messages)
    if names:
        new = [_with_names(message, names) for message in new]
        if isinstance(choice := body.get("tool_choice"), dict) and choice.get("name") in names:
            changes["tool_choice"] = {**choice, "name": names[choice["name"]]}
    if new is not messages:
        changes["messages"] = new
    kept = first_of_each_name(tools, lambda tool: get.inner(tool, "name"))
    new_tools = [_tool(tool, names) for tool in kept]
    if kept is not tools or any(one is not other for one, other in zip(new_tools, tools, strict=True)):
        changes["tools"] = new_tools
    metadata = object_at(body, "metadata")
    user = metadata.get("user_id")
    if isinstance(user, str) and len(user) > LONGEST_USER:
        changes["metadata"] = {**metadata, "user_id": fitting_user(user, longest=LONGEST_USER)}
    return Fitted(changes, {short: own for own, short in names.items()})


def _names(tools: Iterable[Any]) -> Iterable[str]:
    return [tool["name"] for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]


def _tool(tool: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(tool, dict):
        return tool
    schema = tool.get("input_schema")
    new = object_schema(schema) if isinstance(schema, dict) else schema
    if new is not schema:
        tool = {**tool, "input_schema": new}
    return {**tool, "name": names[tool["name"]]} if tool.get("name") in names else tool


def _with_names(message: Any, names: Mapping[str, str]) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    return (
        {**message, "content": [_renamed(block, names) for block in content]} if isinstance(content, list) else message
    )


def _renamed(block: Any, names: Mapping[str, str]) -> Any:
    is_call = isinstance(block, dict) and block.get("type") == "tool_use" and block.get("name") in names
    return {**block, "name": names[block["name"]]} if is_call else block


# --- Order ------------------------------------------------------------------------------------------------------------


def settled(messages: list[Any]) -> list[Any]:
    """The messages with every call's result in the next ones of the user, as `history.settled` has it for turns.

    The same list where they are so already; the results' order among themselves makes no difference.
    """
    groups = [list(group) for _, group in groupby(messages, key=_role)]
    entries = [_entry(group) for group in groups]
    if history.in_order((sorted(calls), sorted(results)) for calls, results in entries):
        return messages
    answers, ids = history.matched(entries), history.UniqueIds()
    used = {*answers.values()}
    blocks = {place: block for index, group in enumerate(groups) for place, block in _results(index, group)}
    new: list[Any] = []
    for index, group in enumerate(groups):
        calls = [ids.of(call_id) for call_id in entries[index][0]]
        orphans = {id(block): _orphan(block) for place, block in _results(index, group) if place not in used}
        new += _without_results(group, partial(_kept, orphans=orphans, ids=iter(calls)))
        if calls:
            found = [answers.get(history.Place(index, number)) for number in range(len(calls))]
            due = [_result(None if at is None else blocks[at], one) for at, one in zip(found, calls, strict=True)]
            new.append({"role": "user", "content": due})
    return new


def _without_results(group: Sequence[Any], keep: Callable[[Any], Any]) -> Iterable[Any]:
    """The messages with the blocks that stay; without those of which none does."""
    for message in group:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, list):
            yield message
        elif left := [kept for block in content if (kept := keep(block)) is not None]:
            yield {**message, "content": left}


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, dict) else None


def _entry(group: Sequence[Any]) -> tuple[list[str], list[str]]:
    calls, results = [], []
    for block in _blocks(group):
        if block.get("type") == "tool_use":
            calls.append(str(block.get("id")))
        elif block.get("type") == "tool_result":
            results.append(str(block.get("tool_use_id")))
    return calls, results


def _blocks(group: Sequence[Any]) -> Iterable[JsonObject]:
    for message in group:
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else ():
            if isinstance(block, dict):
                yield block


def _results(index: int, group: Sequence[Any]) -> Iterable[tuple[history.Place, JsonObject]]:
    found = [block for block in _blocks(group) if block.get("type") == "tool_result"]
    return [(history.Place(index, number), block) for number, block in enumerate(found)]


def _kept(block: Any, *, orphans: Mapping[int, JsonObject], ids: Iterator[str]) -> Any:
    """The block; None for a result, which goes to its call."""
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "tool_use":
        call_id = next(ids)
        return block if block.get("id") == call_id else {**block, "id": call_id}
    return orphans.get(id(block)) if kind == "tool_result" else block


def _result(block: JsonObject | None, call_id: str) -> JsonObject:
    if block is None:
        return {"type": "tool_result", "tool_use_id": call_id, "content": history.NO_RESULT, "is_error": True}
    return block if block.get("tool_use_id") == call_id else {**block, "tool_use_id": call_id}


def _orphan(block: JsonObject) -> JsonObject:
    content = block.get("content")
    items = content if isinstance(content, list) else []
    texts = [item["text"] for item in items if isinstance(item, dict) and isinstance(item.get("text"), str)]
    text = content if isinstance(content, str) else "\n\n".join(texts)
    return {"type": "text", "text": history.orphan_text(text, None)}
