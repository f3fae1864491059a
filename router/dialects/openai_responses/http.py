"""The request to a provider's Responses endpoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from router.dialects.openai_responses.reasoning import MARK
from router.dialects.openai_responses.request_fit import fitted_names
from router.dialects.openai_responses.request_reader import refuse_background
from router.dialects.openai_responses.request_writer import write_request
from router.dialects.shared.fields import object_at
from router.dialects.shared.json_edit import edit
from router.dialects.shared.names import COMMON, with_names
from router.dialects.shared.prepared import Call, Prepared, body_of, conversation_of, edited, original
from router.dialects.shared.provider import HttpRequest, Provider
from router.dialects.shared.secret import Secret
from router.jsontext import decode_json
from router.types import Dialect, JsonObject


def prepare(provider: Provider, call: Call, *, model: str, without: Collection[str], now_s: float) -> Prepared:
    """The request to `<base_url>/responses`."""
    headers: dict[str, str | Secret] = {}
    if provider.key is not None:
        headers["authorization"] = Secret(f"Bearer {provider.key.reveal()}")
    return responses_request(
        provider, call, url=f"{provider.base_url}/responses", headers=headers, model=model, without=without
    )


def responses_request(
    provider: Provider,
    call: Call,
    *,
    url: str,
    headers: Mapping[str, str | Secret],
    model: str,
    without: Collection[str],
) -> Prepared:
    """A request to a URL with these headers of authentication. What is translated is not stored at the provider."""
    refused = {*provider.quirks.strip, *without}
    raw = original(call, Dialect.OPENAI_RESPONSES)
    dropped: tuple[str, ...] = ()
    names: Mapping[str, str] = {}
    if raw is not None:
        refuse_background(raw)
        raw = _without_our_seals(raw)
        renamed, names = fitted_names(raw, call.decoded)
        body = edited(raw, put={"model": model, **renamed, **_effort(call)}, remove=refused)
    else:
        conversation, names = with_names(conversation_of(call), COMMON)
        written = write_request(conversation, model=model)
        body = body_of(written, put={"stream": call.stream, "store": False}, without=refused)
        dropped = written.dropped
    request = HttpRequest("POST", url, {**headers, "content-type": "application/json"}, body=body, stream=call.stream)
    return Prepared(request, Dialect.OPENAI_RESPONSES, passthrough=raw is not None, dropped=dropped, names=names)


def _effort(call: Call) -> JsonObject:
    """The member that says how much the model may think, in place of the client's own; {} without an effort."""
    return {} if call.effort is None else {"reasoning": {**object_at(call.decoded, "reasoning"), "effort": call.effort}}


def _without_our_seals(raw: bytes) -> bytes:
    """The body without reasoning items that OpenAI did not make, which it would refuse with the whole request."""
    if b'"%b' % MARK.encode() not in raw:
        return raw
    items = decode_json(raw).get("input")
    if not isinstance(items, list):
        return raw
    return edit(raw, put={"input": [item for item in items if not _is_ours(item)]})


def _is_ours(item: object) -> bool:
    sealed = item.get("encrypted_content") if isinstance(item, dict) and item.get("type") == "reasoning" else None
    return isinstance(sealed, str) and sealed.startswith(MARK)
