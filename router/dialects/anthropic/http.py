"""The request to a provider that speaks Anthropic Messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from router.dialects.anthropic.request_fit import fitted
from router.dialects.anthropic.request_writer import effort_fields, forces_a_call, write_request
from router.dialects.shared.json_edit import edit
from router.dialects.shared.prepared import Call, Prepared, body_of, conversation_of, edited, original
from router.dialects.shared.provider import HttpRequest, Provider
from router.dialects.shared.secret import Secret
from router.jsontext import decode_json
from router.types import Dialect, JsonObject

API_VERSION = "2023-06-01"
"""Of translated bodies; a client's own body is sent with the client's own version."""

PASSED_HEADERS = ("anthropic-version", "anthropic-beta")
"""Headers of a client that change what its body means."""


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to `<base_url>/v1/messages`."""
    refused = {*provider.quirks.strip, *without}
    raw = original(call, Dialect.ANTHROPIC)
    headers: dict[str, str | Secret] = {"content-type": "application/json", "anthropic-version": API_VERSION}
    dropped: tuple[str, ...] = ()
    names: Mapping[str, str] = {}
    if raw is not None:
        headers |= {name: call.headers[name] for name in PASSED_HEADERS if name in call.headers}
        changed = fitted(call.decoded)
        names = changed.names
        put = {**changed.changes, "model": model, **_effort(call)}
        body = without_unsigned_thinking(edited(raw, put=put, remove=refused))
    else:
        written = write_request(conversation_of(call), model=model)
        body = body_of(written, put={"model": model, "stream": call.stream}, without=refused)
        dropped, names = written.dropped, written.names
    if provider.key is not None:
        headers["x-api-key"] = provider.key
    request = HttpRequest("POST", f"{provider.base_url}/v1/messages", headers, body=body, stream=call.stream)
    return Prepared(request, Dialect.ANTHROPIC, passthrough=raw is not None, dropped=dropped, names=names)


def _effort(call: Call) -> JsonObject:
    """The members that say how much the model may think, in place of the client's own; {} without an effort."""
    if call.effort is None:
        return {}
    body = call.decoded
    given = body.get("output_config")
    config = {key: value for key, value in (given if isinstance(given, dict) else {}).items() if key != "effort"}
    thinking = effort_fields(call.effort, forced=forces_a_call(body))
    return {**thinking, "output_config": {**config, **thinking.get("output_config", {})}}


def without_unsigned_thinking(raw: bytes) -> bytes:
    """The body without thinking that has no signature; a message that holds nothing else goes too.

    Another provider's thinking reached the client without its signature, and comes back with the next request; this
    provider would refuse it. The bytes stay as they are where there is none.
    """
    if b'"thinking"' not in raw:
        return raw
    body = decode_json(raw)
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return raw
    kept = [_message(message) for message in messages]
    if kept == messages:
        return raw
    return edit(raw, put={"messages": [message for message in kept if message is not None]})


def _message(message: Any) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "assistant":
        return message
    kept = [block for block in content if not _is_unsigned(block)]
    if len(kept) == len(content):
        return message
    return {**message, "content": kept} if kept else None


def _is_unsigned(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "thinking" and not block.get("signature")
