"""What a Responses client's own body needs to be taken by a provider: names of tools that are not too long."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from router.dialects.shared.fields import objects_at
from router.dialects.shared.names import COMMON
from router.jsontext import decode_json
from router.types import JsonObject

_TOOLS = ("function", "custom")
_CALLS = ("function_call", "custom_tool_call")


def fitted_names(raw: bytes, body: JsonObject) -> tuple[JsonObject, Mapping[str, str]]:
    """The members with other names of tools, and the client's own name for each that was changed.

    raw: the body as it will be sent.  body: the client's, decoded.
    OpenAI takes 64 characters here too (`Invalid 'tools[0].name': string too long`). Tools within a namespace stay.
    """
    calls = objects_at(body, "input") if isinstance(body.get("input"), list) else []
    names = COMMON.changed({*_names(objects_at(body, "tools"), _TOOLS), *_names(calls, _CALLS)})
    if not names:
        return {}, {}
    sent = decode_json(raw)
    changes: JsonObject = {
        key: [_renamed(item, names, (*_TOOLS, *_CALLS)) for item in sent[key]]
        for key in ("tools", "input")
        if isinstance(sent.get(key), list)
    }
    if isinstance(choice := sent.get("tool_choice"), dict):
        new = _renamed(choice, names, _TOOLS)
        allowed = objects_at(choice, "tools")
        changes["tool_choice"] = {**new, "tools": [_renamed(one, names, _TOOLS) for one in allowed]} if allowed else new
    return changes, {short: own for own, short in names.items()}


def _names(items: Iterable[JsonObject], kinds: Collection[str]) -> Iterable[str]:
    return [item["name"] for item in items if _is_named(item, kinds) and isinstance(item.get("name"), str)]


def _is_named(item: JsonObject, kinds: Collection[str]) -> bool:
    return item.get("type") in kinds and "namespace" not in item


def _renamed(item: Any, names: Mapping[str, str], kinds: Collection[str]) -> Any:
    if isinstance(item, dict) and _is_named(item, kinds) and item.get("name") in names:
        return {**item, "name": names[item["name"]]}
    return item
