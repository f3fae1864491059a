"""Anthropic Messages."""

from __future__ import annotations

from collections.abc import Collection

from router.dialects.anthropic.request_writer import write_request
from router.dialects.shared.history import without_unsigned_thinking
from router.dialects.shared.prepared import Call, Prepared, body_of, conversation_of, edited, original
from router.dialects.shared.secret import Secret
from router.providers.calls import Dialect, HttpRequest
from router.providers.registry import Provider

API_VERSION = "2023-06-01"
"""What translated bodies are written for; a client's own body goes with the client's own version."""

_PASSED_ON = ("anthropic-version", "anthropic-beta")


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to `<base_url>/v1/messages`."""
    refused = {*provider.quirks.strip, *without}
    raw = original(call, Dialect.ANTHROPIC)
    headers: dict[str, str | Secret] = {"content-type": "application/json", "anthropic-version": API_VERSION}
    dropped: tuple[str, ...] = ()
    if raw is not None:
        headers |= {name: call.headers[name] for name in _PASSED_ON if name in call.headers}
        body = without_unsigned_thinking(edited(raw, put={"model": model}, remove=refused))
    else:
        written = write_request(conversation_of(call), model=model)
        body = body_of(written, put={"model": model, "stream": call.stream}, without=refused)
        dropped = written.dropped
    if provider.key is not None:
        headers["x-api-key"] = provider.key
    request = HttpRequest("POST", f"{provider.base_url}/v1/messages", headers, body=body, stream=call.stream)
    return Prepared(request, passthrough=raw is not None, dropped=dropped)
