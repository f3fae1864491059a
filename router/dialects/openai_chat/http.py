"""The request to a provider that speaks OpenAI Chat Completions; where providers differ, their quirks say it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Any

from router.dialects.openai_chat.request_writer import write_request
from router.dialects.shared.json_edit import edit, may_hold, members
from router.dialects.shared.prepared import OUR_FIELDS, Call, Prepared, conversation_of, edited, original, without_paths
from router.dialects.shared.provider import HttpRequest, Provider, Quirks
from router.dialects.shared.secret import Secret
from router.jsontext import decode_json, encode_json
from router.types import Dialect

_MAX_TOKENS = ("max_tokens", "max_completion_tokens")
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALNUM9 = re.compile(r"[A-Za-z0-9]{9}")


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to `<base_url>/chat/completions`."""
    headers: dict[str, str | Secret] = {}
    if provider.key is not None:
        headers["authorization"] = Secret(f"Bearer {provider.key.reveal()}")
    return chat_request(
        provider, call, url=f"{provider.base_url}/chat/completions", headers=headers, model=model, without=without
    )


def chat_request(
    provider: Provider,
    call: Call,
    *,
    url: str,
    headers: Mapping[str, str | Secret],
    model: str,
    without: Collection[str],
) -> Prepared:
    """A chat request to a URL with these headers of authentication."""
    body, passthrough, dropped, hide_usage = _body(call, model=model, quirks=provider.quirks, without=without)
    request = HttpRequest("POST", url, {**headers, "content-type": "application/json"}, body=body, stream=call.stream)
    return Prepared(request, passthrough=passthrough, dropped=dropped, hide_usage=hide_usage)


def _body(
    call: Call, *, model: str, quirks: Quirks, without: Collection[str]
) -> tuple[bytes, bool, tuple[str, ...], bool]:
    raw = original(call, Dialect.OPENAI_CHAT)
    if raw is not None:
        body, hide_usage = _passed_on(raw, model=model, quirks=quirks, without=without, stream=call.stream)
        return body, True, (), hide_usage
    written = write_request(conversation_of(call), model=model)
    value: dict[str, Any] = {**written.body, "model": model, "stream": call.stream}
    value.pop("stream_options", None)
    if call.stream and quirks.stream_options:
        value["stream_options"] = {"include_usage": True}
    stripped = tuple(name for name in quirks.strip if name in value)
    value = _renamed(value, quirks)
    value = without_paths(value, {*quirks.strip, *without})
    return encode_json(_with_messages_for(value, quirks)), False, (*written.dropped, *stripped), False


def _passed_on(raw: bytes, *, model: str, quirks: Quirks, without: Collection[str], stream: bool) -> tuple[bytes, bool]:
    """The client's body with the model's name and what this provider wants otherwise; whether usage is to be hidden."""
    remove = {*quirks.strip, *without}
    if not (stream and quirks.stream_options):
        remove.add("stream_options")
        # Most bodies hold nothing that this provider wants otherwise, and then their members need not be looked for.
        if not may_hold(raw, {*map(_top, remove), *OUR_FIELDS, _wrong_limit(quirks), *quirks.rename}):
            return _messages_changed(edit(raw, put={"model": model}), quirks), False
    found = members(raw)
    keys = {member.key for member in found}
    ask = stream and quirks.stream_options and "stream_options" not in keys
    body = edited(
        raw,
        put={"model": model},
        remove=remove,
        add={"stream_options": {"include_usage": True}} if ask else {},
        rename=_renames(keys, quirks),
        found=found,
    )
    return _messages_changed(body, quirks), ask


def _top(path: str) -> str:
    """The top-level member that a path leads into."""
    return path.partition(".")[0].partition("[")[0]


def _renames(keys: Collection[str], quirks: Quirks) -> dict[str, str]:
    """Old names to new ones. A limit that is given under both names is left alone under the right one."""
    names = {_wrong_limit(quirks): quirks.max_tokens_field, **quirks.rename}
    return {old: new for old, new in names.items() if old in keys}


def _wrong_limit(quirks: Quirks) -> str:
    return next(name for name in _MAX_TOKENS if name != quirks.max_tokens_field)


def _renamed(value: Mapping[str, Any], quirks: Quirks) -> dict[str, Any]:
    names = _renames(value.keys(), quirks)
    return {names.get(key, key): item for key, item in value.items() if names.get(key) not in value}


def _messages_changed(body: bytes, quirks: Quirks) -> bytes:
    """The body with roles and ids that the provider takes; the same bytes where it takes those that are there."""
    suspect = (not quirks.developer_role and b"developer" in body) or (
        quirks.tool_ids != "any" and b"tool_call" in body
    )
    if not suspect:
        return body
    value = decode_json(body)
    changed = _with_messages_for(value, quirks)
    return body if changed == value else encode_json(changed)


def _with_messages_for(value: dict[str, Any], quirks: Quirks) -> dict[str, Any]:
    messages = value.get("messages")
    if not isinstance(messages, list):
        return value
    return {**value, "messages": [_message_for(item, quirks) for item in messages]}


def _message_for(message: Any, quirks: Quirks) -> Any:
    if not isinstance(message, dict):
        return message
    changes: dict[str, Any] = {}
    if message.get("role") == "developer" and not quirks.developer_role:
        changes["role"] = "system"
    if quirks.tool_ids == "alnum9":
        if isinstance(message.get("tool_call_id"), str):
            changes["tool_call_id"] = alnum9(message["tool_call_id"])
        if isinstance(message.get("tool_calls"), list):
            changes["tool_calls"] = [_call_with_id(item) for item in message["tool_calls"]]
    return {**message, **changes}


def _call_with_id(item: Any) -> Any:
    return {**item, "id": alnum9(item["id"])} if isinstance(item, dict) and isinstance(item.get("id"), str) else item


def alnum9(identity: str) -> str:
    """The id, or nine letters and digits in its place: the same for a call and its result."""
    if _ALNUM9.fullmatch(identity):
        return identity
    number = int.from_bytes(hashlib.sha256(identity.encode("utf-8", "replace")).digest()[:8], "big")
    return "".join(_ALNUM[number // 62**place % 62] for place in range(9))
