"""Gemini generateContent: the model and whether to stream are in the URL."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from router.dialects.gemini.request_writer import write_request
from router.dialects.shared.history import with_signed_calls
from router.dialects.shared.prepared import Call, Prepared, body_of, conversation_of, edited, original
from router.dialects.shared.secret import Secret
from router.providers.calls import Dialect, HttpRequest
from router.providers.registry import Provider


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to `<base_url>/models/<model>:generateContent`, or its streaming sister."""
    refused = {*provider.quirks.strip, *without}
    raw = original(call, Dialect.GEMINI)
    dropped: tuple[str, ...] = ()
    if raw is not None:
        body = with_signed_calls(edited(raw, put={}, remove={*refused, "model"}))
    else:
        written = write_request(conversation_of(call), model=model)
        body = body_of(written, put={}, without=refused)
        dropped = written.dropped
    headers: dict[str, str | Secret] = {"content-type": "application/json"}
    if provider.key is not None:
        headers["x-goog-api-key"] = provider.key
    verb = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
    url = f"{provider.base_url}/models/{quote(model, safe='')}:{verb}"
    request = HttpRequest("POST", url, headers, body=body, stream=call.stream)
    return Prepared(request, passthrough=raw is not None, dropped=dropped)
