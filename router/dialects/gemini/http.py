"""The request to a provider that speaks Gemini generateContent: the URL holds the model and whether to stream."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from router.dialects.gemini.request_writer import NO_SIGNATURE, thinking_config, write_request
from router.dialects.shared.json_edit import edit
from router.dialects.shared.prepared import Call, Prepared, body_of, conversation_of, edited, original
from router.dialects.shared.provider import HttpRequest, Provider
from router.dialects.shared.secret import Secret
from router.jsontext import decode_json
from router.types import Dialect, Effort, JsonObject


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to `<base_url>/models/<model>:generateContent`, or `:streamGenerateContent`."""
    refused = {*provider.quirks.strip, *without}
    raw = original(call, Dialect.GEMINI)
    dropped: tuple[str, ...] = ()
    names: Mapping[str, str] = {}
    if raw is not None:
        body = with_signed_calls(edited(raw, put=_effort(raw, call.effort, model=model), remove={*refused, "model"}))
    else:
        written = write_request(conversation_of(call), model=model)
        body = body_of(written, put={}, without=refused)
        dropped, names = written.dropped, written.names
    headers: dict[str, str | Secret] = {"content-type": "application/json"}
    if provider.key is not None:
        headers["x-goog-api-key"] = provider.key
    verb = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
    url = f"{provider.base_url}/models/{quote(model, safe='')}:{verb}"
    request = HttpRequest("POST", url, headers, body=body, stream=call.stream)
    return Prepared(request, Dialect.GEMINI, passthrough=raw is not None, dropped=dropped, names=names)


def _effort(raw: bytes, effort: Effort | None, *, model: str) -> JsonObject:
    """The member that says how much the model may think, in place of the client's own; {} without an effort."""
    if effort is None:
        return {}
    body = decode_json(raw)
    key = next((name for name in ("generation_config", "generationConfig") if name in body), "generationConfig")
    config = {**(body.get(key) or {})}
    for name in ("thinkingConfig", "thinking_config"):
        config.pop(name, None)
    return {key: {**config, "thinkingConfig": thinking_config(effort, None, model=model)}}


def with_signed_calls(raw: bytes) -> bytes:
    """The body with a signature in every model turn that calls: where there is none, the first call gets the dummy.

    Another provider's calls have none, and Gemini refuses them. The bytes stay as they are where none is missing.
    """
    if b"unctionCall" not in raw and b"unction_call" not in raw:
        return raw
    body = decode_json(raw)
    contents = body.get("contents") if isinstance(body, dict) else None
    if not isinstance(contents, list):
        return raw
    signed = [_content(content) for content in contents]
    return raw if signed == contents else edit(raw, put={"contents": signed})


def _content(content: Any) -> Any:
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, list) or content.get("role") != "model" or any(_has_signature(part) for part in parts):
        return content
    for place, part in enumerate(parts):
        if isinstance(part, dict) and (part.get("functionCall") or part.get("function_call")):
            return {
                **content,
                "parts": [*parts[:place], {**part, "thoughtSignature": NO_SIGNATURE}, *parts[place + 1 :]],
            }
    return content


def _has_signature(part: Any) -> bool:
    return isinstance(part, dict) and bool(part.get("thoughtSignature") or part.get("thought_signature"))
