"""The messages of a chat body in the form that one provider takes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from router.dialects.shared import fields as get
from router.dialects.shared import history
from router.dialects.shared.provider import Quirks
from router.types import JsonObject

PLACEHOLDER = "."
"""The thinking of a call whose own was lost. An empty text counts as none at DeepSeek (HKUDS/nanobot#946)."""

ACKNOWLEDGED = "OK."
"""What the assistant says between results and a message of another role, where the provider wants it to."""

_THINKING = ("reasoning_content", "reasoning")
_KNOWN = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "prefix", *_THINKING})
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALNUM9 = re.compile(r"[A-Za-z0-9]{9}")
_NAME = re.compile(r"[^\s<|\\/>]{1,64}")
_UNSAFE_IN_NAME = re.compile(r"[\s<|\\/>]+")


class MessageFitter:
    """Fits the messages of one body. dropped: what was lost."""

    def __init__(self, quirks: Quirks, names: Mapping[str, str], *, thinks: bool) -> None:
        """names: those of tools that are changed, with the new ones.  thinks: whether thinking is left on."""
        self.dropped: list[str] = []
        self._quirks = quirks
        self._names = names
        self._placeholder = quirks.needs_thinking and thinks
        self._speakers: frozenset[str] = frozenset()

    def fit(self, messages: list[Any]) -> list[Any]:
        """The messages; the same list where none changes."""
        ordered = settled(messages)
        if self._quirks.message_names != "all":
            users = [one for one in ordered if isinstance(one, dict) and one.get("role") == "user"]
            self._speakers = frozenset([one["name"] for one in users if isinstance(one.get("name"), str)])
        if self._quirks.system_messages == "first":
            ordered = _system_first(ordered)
        if self._quirks.assistant_after_results:
            ordered = _acknowledged(ordered)
        new = [self._message(message) for message in ordered]
        changed = ordered is not messages or any(one is not other for one, other in zip(new, ordered, strict=True))
        return new if changed else messages

    def _message(self, message: Any) -> Any:
        if not isinstance(message, dict):
            return message
        role = message.get("role")
        if role == "developer" and not self._quirks.developer_role:
            message = {**message, "role": "system"}
        if len(message) == 2:  # role and content
            return message
        if self._quirks.strict_messages and not _KNOWN.issuperset(message):
            self.dropped += [key for key, value in message.items() if value and key not in _KNOWN]
            message = {key: value for key, value in message.items() if key in _KNOWN}
        if role == "assistant":
            message = self._thinking(message)
        if self._names and "tool_calls" in message:
            message = {**message, "tool_calls": [_renamed(call, self._names) for call in calls_of(message)]}
        if self._quirks.tool_ids == "alnum9":
            message = _with_ids(message)
        return self._name(message, role) if "name" in message else message

    def _thinking(self, message: JsonObject) -> JsonObject:
        """The message with its thinking in the provider's field, or with a placeholder for what is lost."""
        wanted = self._quirks.thinking_field
        text = next((message[key] for key in _THINKING if isinstance(message.get(key), str) and message[key]), "")
        wrong = [key for key in _THINKING if key in message and key != wanted]
        if wrong:
            message = {key: value for key, value in message.items() if key not in wrong}
            if wanted == "none":
                self.dropped += ["thinking"] if text else []
                return message
            if text:
                message = {**message, wanted: text}
        if not text and self._placeholder and message.get("tool_calls"):
            self.dropped.append("thinking")
            message = {**message, wanted: PLACEHOLDER}
        return message

    def _name(self, message: JsonObject, role: object) -> JsonObject:
        """The message with a name that the provider takes, or without one; then it is said in the text."""
        name = message["name"]
        if role in ("tool", "function"):
            return {**message, "name": self._names[name]} if name in self._names else message
        allowed = self._quirks.message_names
        if allowed == "all" or (allowed == "user" and role == "user"):
            if not isinstance(name, str) or _NAME.fullmatch(name):
                return message
            plain = _UNSAFE_IN_NAME.sub("_", name)[:64]
            return {**message, "name": plain} if plain else _without_name(message)
        message = _without_name(message)
        if role == "user" and len(self._speakers) > 1 and isinstance(name, str):
            return {**message, "content": _said_by(name, message.get("content"))}
        self.dropped.append("name")
        return message


def _without_name(message: JsonObject) -> JsonObject:
    return {key: value for key, value in message.items() if key != "name"}


def _said_by(name: str, content: Any) -> Any:
    if isinstance(content, list):
        return [{"type": "text", "text": f"{name}:"}, *content]
    return f"{name}: {content}" if isinstance(content, str) else content


# --- Calls ------------------------------------------------------------------------------------------------------------


def calls_of(message: JsonObject) -> list[Any]:
    """The calls of an assistant's message."""
    calls = message.get("tool_calls")
    return calls if isinstance(calls, list) else []


def _renamed(call: Any, names: Mapping[str, str]) -> Any:
    for kind in ("function", "custom"):
        inner = call.get(kind) if isinstance(call, dict) else None
        if isinstance(inner, dict) and inner.get("name") in names:
            return {**call, kind: {**inner, "name": names[inner["name"]]}}
    return call


def _with_ids(message: JsonObject) -> JsonObject:
    changes: JsonObject = {}
    if isinstance(call_id := message.get("tool_call_id"), str):
        changes["tool_call_id"] = alnum9(call_id)
    if calls_of(message):
        changes["tool_calls"] = [_with_id(call, alnum9(_id(call))) if _id(call) else call for call in calls_of(message)]
    return message if all(message[key] == value for key, value in changes.items()) else {**message, **changes}


def _id(call: Any) -> str:
    value = call.get("id") if isinstance(call, dict) else None
    return value if isinstance(value, str) else ""


def _with_id(call: Any, call_id: str) -> Any:
    return {**call, "id": call_id}


def alnum9(identity: str) -> str:
    """The id, or nine letters and digits in its place: the same for a call and its result."""
    if _ALNUM9.fullmatch(identity):
        return identity
    number = int.from_bytes(hashlib.sha256(identity.encode("utf-8", "replace")).digest()[:8], "big")
    return "".join(_ALNUM[number // 62**place % 62] for place in range(9))


# --- Order ------------------------------------------------------------------------------------------------------------


def settled(messages: list[Any]) -> list[Any]:
    """The messages with every result right behind its call, as `history.settled` has it for turns.

    The same list where they are so already, or where a call has no id.
    """
    if _is_settled(messages):
        return messages
    groups = _groups(messages)
    entries = [_entry(group) for group in groups]
    if any("" in calls for calls, _ in entries):
        return messages
    answers = history.matched(entries)
    used, ids = {*answers.values()}, history.UniqueIds()
    new: list[Any] = []
    for index, group in enumerate(groups):
        calls, results = entries[index]
        if results:
            lost = [one for number, one in enumerate(group) if history.Place(index, number) not in used]
            new += [_orphan(message) for message in lost]
            continue
        unique = [ids.of(call_id) for call_id in calls]
        new.append(_with_new_ids(group[0], unique) if unique != list(calls) else group[0])
        for number, call_id in enumerate(unique):
            at = answers.get(history.Place(index, number))
            new.append(_result(None if at is None else groups[at.entry][at.number], call_id))
    return new


def _system_first(messages: list[Any]) -> list[Any]:
    """The messages with one system message at most, at the start; the same list where they are so already.

    `System message must be at the beginning.` say the templates of Qwen's models (vllm-project/vllm#41114) to every
    request of Codex, whose instructions are followed by a developer's message.
    """
    if not any(_is_system(message) for message in messages[1:]):
        return messages
    start = next((index for index, message in enumerate(messages) if not _is_system(message)), len(messages))
    rest = [_as_user(message) if _is_system(message) else message for message in messages[start:]]
    if start == 0:
        return rest
    texts = [text for message in messages[:start] if (text := _text(message.get("content")))]
    return [{"role": "system", "content": "\n\n".join(texts)} if start > 1 else messages[0], *rest]


def _is_system(message: Any) -> bool:
    return type(message) is dict and message.get("role") in ("system", "developer")


def _as_user(message: JsonObject) -> JsonObject:
    return {"role": "user", "content": f"<system>\n{_text(message.get('content'))}\n</system>"}


def _text(content: Any) -> str:
    """A content's text: a system message may hold nothing else."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "\n\n".join([text for block in blocks if isinstance(text := get.inner(block, "text"), str)])


def _acknowledged(messages: list[Any]) -> list[Any]:
    """The messages with one of the assistant's between results and another role's; the same list where all are so."""
    new: list[Any] = []
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if new and _is_result(new[-1]) and role not in ("tool", "assistant"):
            new.append({"role": "assistant", "content": ACKNOWLEDGED})
        new.append(message)
    return new if len(new) > len(messages) else messages


def _is_settled(messages: Iterable[Any]) -> bool:
    """As `history.in_order`, in less time: it is asked of every request."""
    due: list[str] = []
    seen: set[str] = set()
    for message in messages:
        if type(message) is not dict:
            return False
        if message.get("role") == "tool":
            if not due or due.pop() != message.get("tool_call_id"):
                return False
            continue
        if due:
            return False
        if message.get("tool_calls"):
            due = [_id(call) for call in calls_of(message)]
            if not seen.isdisjoint(due) or len({*due}) < len(due):
                return False
            seen.update(due)
            due.reverse()
    return not due


def _groups(messages: Sequence[Any]) -> list[list[Any]]:
    """Each message alone, but neighbouring results together."""
    groups: list[list[Any]] = []
    for message in messages:
        if _is_result(message) and groups and _is_result(groups[-1][0]):
            groups[-1].append(message)
        else:
            groups.append([message])
    return groups


def _is_result(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") == "tool"


def _entry(group: Sequence[Any]) -> history.Entry:
    if _is_result(group[0]):
        return (), [value if isinstance(value := one.get("tool_call_id"), str) else "" for one in group]
    message = group[0]
    return ([_id(call) for call in calls_of(message)] if isinstance(message, dict) else ()), ()


def _with_new_ids(message: JsonObject, ids: Iterable[str]) -> JsonObject:
    calls = [_with_id(call, call_id) for call, call_id in zip(calls_of(message), ids, strict=True)]
    return {**message, "tool_calls": calls}


def _result(message: JsonObject | None, call_id: str) -> JsonObject:
    if message is None:
        return {"role": "tool", "tool_call_id": call_id, "content": history.NO_RESULT}
    return message if message.get("tool_call_id") == call_id else {**message, "tool_call_id": call_id}


def _orphan(message: JsonObject) -> JsonObject:
    content = message.get("content")
    name = message.get("name") if isinstance(message.get("name"), str) else None
    if isinstance(content, list):
        text = history.orphan_text("", name).strip()
        return {"role": "user", "content": [{"type": "text", "text": text}, *content]}
    return {"role": "user", "content": history.orphan_text(content if isinstance(content, str) else "", name)}
