"""Tools in namespaces, as Codex declares those of an MCP server: functions to a model, and back for the client.

Codex looks a call up by namespace and name, and refuses one whose name is both in one (openai/codex#23186).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from router.dialects.conversation import Conversation, Tool
from router.dialects.shared import fields as get
from router.errors import RequestError
from router.types import JsonObject

DEFAULT = "functions"
"""The namespace that Codex takes for a call which names none."""


class OwnName(NamedTuple):
    """What the client calls a tool."""

    namespace: str
    name: str


def flat_name(namespace: object, name: str) -> str:
    """The name of the function that a tool in a namespace becomes: `mcp__docs__search`."""
    if not isinstance(namespace, str) or namespace in ("", DEFAULT):
        return name
    return _beginning(namespace) + name


def _beginning(namespace: str) -> str:
    return namespace if namespace.endswith("__") else f"{namespace.rstrip('_')}__"


def own_names(conversation: Conversation) -> Mapping[str, OwnName]:
    """The client's own name for each function that was a tool in a namespace."""
    return {
        tool.name: OwnName(tool.namespace, tool.name.removeprefix(_beginning(tool.namespace)))
        for tool in conversation.tools
        if tool.namespace is not None
    }


def in_namespaces(body: JsonObject) -> list[tuple[str, JsonObject, str | None]]:
    """The body's tools, those in namespaces one by one: each with its path and namespace. Raises RequestError."""
    tools: list[tuple[str, JsonObject, str | None]] = []
    for field, tool in get.objects(body, "tools"):
        if tool.get("type") != "namespace":
            tools.append((field, tool, None))
            continue
        namespace = get.as_string(tool.get("name"), field=f"{field}.name")
        inner = get.objects(tool, "tools", prefix=f"{field}.")
        tools += [(at, one, None if namespace in ("", DEFAULT) else namespace) for at, one in inner]
    return tools


def refuse_collisions(tools: Sequence[tuple[str, Tool]]) -> None:
    """Raises RequestError where a tool in a namespace would have the name of another tool. tools: with their paths."""
    seen: dict[str, tuple[str, str | None]] = {}
    for field, tool in tools:
        other, namespace = seen.setdefault(tool.name, (field, tool.namespace))
        if other != field and (tool.namespace is not None or namespace is not None):
            words = (
                f"{field}: as a function this tool would be named {tool.name!r}, as is {other}. Rename one of the two."
            )
            raise RequestError(words, field=field, code="name_collision")
