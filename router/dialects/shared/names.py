"""Names of tools that a provider takes in place of the client's own: the same each time, and mapped back in answers.

Agents put an MCP server's and a plugin's name before the tool's (`mcp__plugin_x__y`), which passes the 64 characters
that most providers take, and some servers' names hold dots (packit/ai-workflows#619).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from router.dialects import conversation as c
from router.jsontext import encode_json

_UNSAFE = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class NameRule:
    """Which names of tools a provider takes. longest: in characters."""

    pattern: re.Pattern[str]
    longest: int

    def name(self, own: str) -> str:
        """The client's name, or one in its place that ends in a hash of it."""
        if self.pattern.fullmatch(own):
            return own
        plain = _UNSAFE.sub("_", own)
        if not re.match("[a-zA-Z_]", plain):
            plain = f"t_{plain}"
        mark = hashlib.sha256(own.encode("utf-8", "replace")).hexdigest()[:12]
        return f"{plain[: self.longest - 13]}_{mark}"

    def changed(self, names: Iterable[str]) -> dict[str, str]:
        """The names that the provider does not take, each with the one in its place."""
        return {own: self.name(own) for own in names if not self.pattern.fullmatch(own)}


COMMON = NameRule(re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}"), 64)
"""What nearly all providers take: 64 characters are OpenAI's limit, a letter first is Moonshot's rule."""


def with_names(conversation: c.Conversation, rule: NameRule) -> tuple[c.Conversation, Mapping[str, str]]:
    """The conversation with names that the provider takes, and the client's own name for each that was changed.

    Of several tools with one name, which providers refuse, the first is kept.
    """
    if len({tool.name for tool in conversation.tools}) < len(conversation.tools):
        first = {tool.name: tool for tool in reversed(conversation.tools)}
        tools = tuple([tool for tool in conversation.tools if first[tool.name] is tool])
        conversation = replace(conversation, tools=tools)
    changed = rule.changed({*_names(conversation)})
    if not changed:
        return conversation, {}
    choice = conversation.tool_choice
    if choice is not None and choice.name is not None:
        choice = replace(choice, name=changed.get(choice.name, choice.name))
    new = replace(
        conversation,
        tools=tuple([replace(tool, name=changed.get(tool.name, tool.name)) for tool in conversation.tools]),
        tool_choice=choice,
        turns=tuple([_turn(turn, changed) for turn in conversation.turns]),
    )
    return new, {short: own for own, short in changed.items()}


def _names(conversation: c.Conversation) -> Iterable[str]:
    yield from (tool.name for tool in conversation.tools)
    for turn in conversation.turns:
        for part in turn.parts:
            if isinstance(part, c.ToolCall | c.ToolResult) and part.name:
                yield part.name


def _turn(turn: c.Turn, changed: Mapping[str, str]) -> c.Turn:
    return replace(turn, parts=tuple([_part(part, changed) for part in turn.parts]))


def _part(part: c.Part, changed: Mapping[str, str]) -> c.Part:
    if isinstance(part, c.ToolCall) and part.name in changed:
        return replace(part, name=changed[part.name])
    if isinstance(part, c.ToolResult) and part.name is not None and part.name in changed:
        return replace(part, name=changed[part.name])
    return part


def first_of_each_name(tools: list[Any], name_of: Callable[[Any], object]) -> list[Any]:
    """The tools of a body, the first of each name; the same list where no two have one.

    name_of: gives a tool's name, or what is not a string.
    """
    seen: set[str] = set()
    kept = []
    for tool in tools:
        name = name_of(tool)
        if isinstance(name, str):
            if name in seen:
                continue
            seen.add(name)
        kept.append(tool)
    return tools if len(kept) == len(tools) else kept


# --- Back -------------------------------------------------------------------------------------------------------------


def own_names_in_answer(answer: c.Answer, names: Mapping[str, str]) -> c.Answer:
    """The answer with the client's own names. names: each by the provider's."""
    parts = [
        replace(part, name=names.get(part.name, part.name)) if isinstance(part, c.ToolCall) else part
        for part in answer.parts
    ]
    return replace(answer, parts=tuple(parts))


def own_names_in_events(events: Iterable[c.Event], names: Mapping[str, str]) -> list[c.Event]:
    """The events with the client's own names."""
    return [
        replace(event, name=names.get(event.name, event.name)) if isinstance(event, c.ToolCallStarted) else event
        for event in events
    ]


def own_names_in_bytes(raw: bytes, names: Mapping[str, str]) -> bytes:
    """A JSON text, or frames of it, with the client's own names.

    No other value has a name that ends in a hash, and in a text within the JSON its quotes are escaped.
    """
    for short, own in names.items():
        raw = raw.replace(encode_json(short), encode_json(own))
    return raw
