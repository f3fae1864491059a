"""What a chat body needs to be taken by one provider: a client's own body, or one that was translated.

Only members that must change are encoded again, so that all other bytes of a client's body stay as they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from router.dialects.openai_chat.request_messages import MessageFitter, calls_of
from router.dialects.shared.fields import object_at, objects_at
from router.dialects.shared.names import COMMON, first_of_each_name
from router.dialects.shared.provider import Quirks
from router.dialects.shared.schemas import filled_schema, is_strict, object_schema
from router.dialects.shared.users import fitting_user
from router.types import JsonObject

_USERS = ("user", "safety_identifier")
_MAY_CHANGE = frozenset({"tools", "tool_choice", "stop", *_USERS})


@dataclass(frozen=True, slots=True)
class Fitted:
    """What changes.

    changes: members of the body with their new values.  dropped: what is lost by it.
    names: the client's own name of each tool whose name was changed, by the new one.
    """

    changes: JsonObject = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Fitted()


def fitted(body: JsonObject, quirks: Quirks) -> Fitted:
    """The members of a chat body that the provider would not take as they are, in the form that it takes."""
    if _is_plain(body):
        return _NOTHING
    changes: JsonObject = {}
    dropped: list[str] = []
    tools = body.get("tools")
    tools = tools if isinstance(tools, list) else []
    changed_names = COMMON.changed(_names(tools))
    messages = body.get("messages")
    if isinstance(messages, list):
        changed_names |= COMMON.changed({*_names_of_calls(messages)})
        fitter = MessageFitter(quirks, changed_names, thinks=object_at(body, "thinking").get("type") != "disabled")
        new = fitter.fit(messages)
        if new is not messages:
            changes["messages"] = new
        dropped += fitter.dropped
    kept = first_of_each_name(tools, lambda tool: next(iter(_names([tool])), None))
    new_tools = [_tool(tool, changed_names, dropped) for tool in kept]
    if kept is not tools or any(new is not old for new, old in zip(new_tools, tools, strict=True)):
        changes["tools"] = new_tools
    choice = body.get("tool_choice")
    if changed_names and isinstance(choice, dict) and (new_choice := _renamed(choice, changed_names)) != choice:
        changes["tool_choice"] = new_choice
    changes |= _parameters(body, quirks, dropped)
    return Fitted(changes, tuple(dict.fromkeys(dropped)), {short: own for own, short in changed_names.items()})


def _is_plain(body: JsonObject) -> bool:
    """Whether every provider takes the body: texts only, as most are, found in a fraction of the time."""
    if not _MAY_CHANGE.isdisjoint(body):
        return False
    messages = body.get("messages")
    for place, message in enumerate(messages if type(messages) is list else ()):
        if type(message) is not dict or len(message) != 2:
            return False
        role = message.get("role")
        if role != "user" and role != "assistant" and (place or role != "system"):
            return False
    return True


def _parameters(body: JsonObject, quirks: Quirks, dropped: list[str]) -> JsonObject:
    changes: JsonObject = {}
    stop = body.get("stop")
    if isinstance(stop, list) and quirks.most_stops is not None and len(stop) > quirks.most_stops:
        changes["stop"] = stop[: quirks.most_stops]
        dropped.append("stop")
    for key in _USERS:
        user = body.get(key)
        if isinstance(user, str) and (fitting := fitting_user(user, longest=quirks.longest_user)) != user:
            changes[key] = fitting
    return changes


# --- Tools ------------------------------------------------------------------------------------------------------------


def _names(tools: Iterable[Any]) -> Iterable[str]:
    for tool in tools:
        if isinstance(tool, dict) and isinstance(name := _called(tool).get("name"), str):
            yield name


def _names_of_calls(messages: Iterable[Any]) -> Iterable[str]:
    for message in messages:
        if isinstance(message, dict) and "tool_calls" in message:
            yield from _names(calls_of(message))


def _called(tool: JsonObject) -> JsonObject:
    return object_at(tool, "custom") if tool.get("type") == "custom" else object_at(tool, "function")


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A tool, a call or a choice of one with the changed name; also the tools within `allowed_tools`."""
    if not isinstance(value, dict):
        return value
    new = dict(value)
    for kind in ("function", "custom"):
        if isinstance(inner := value.get(kind), dict) and inner.get("name") in names:
            new[kind] = {**inner, "name": names[inner["name"]]}
    if isinstance(allowed := value.get("allowed_tools"), dict):
        new["allowed_tools"] = {**allowed, "tools": [_renamed(tool, names) for tool in objects_at(allowed, "tools")]}
    return new


def _tool(tool: Any, names: Mapping[str, str], dropped: list[str]) -> Any:
    """The tool as it is sent; the same one where nothing changes."""
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict):
        return _renamed(tool, names) if names and isinstance(tool, dict) else tool
    new = dict(function)
    if function.get("name") in names:
        new["name"] = names[function["name"]]
    schema = function.get("parameters")
    if isinstance(schema, dict):
        new["parameters"] = filled_schema(object_schema(schema))
    elif schema is not None:
        new["parameters"] = {"type": "object", "properties": {}}
    if new.get("strict") is True and not is_strict(new.get("parameters") or {}, all_required=True):
        del new["strict"]
        dropped.append("strict")
    return tool if new == function else {**tool, "function": new}
