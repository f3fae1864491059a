"""The request to a provider that speaks OpenAI Chat Completions; where providers differ, their quirks say it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from router.dialects.openai_chat.lacks import may_lack, openai_fields_taken, without_lacking
from router.dialects.openai_chat.request_fit import Fitted, fitted
from router.dialects.openai_chat.request_writer import write_request
from router.dialects.shared.json_edit import Member, edit, may_hold, members
from router.dialects.shared.prepared import OUR_FIELDS, Call, Prepared, conversation_of, edited, original, without_paths
from router.dialects.shared.provider import HttpRequest, Provider, Quirks
from router.dialects.shared.secret import Secret
from router.jsontext import decode_json, encode_json
from router.types import Dialect, JsonObject

_MAX_TOKENS = ("max_tokens", "max_completion_tokens")


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
    raw, quirks = original(call, Dialect.OPENAI_CHAT), provider.quirks
    if raw is not None:
        raw, body, lacking = _own_body(raw, call, model=model, quirks=quirks)
        changed = fitted(body, quirks)
        sent, hide_usage = _passed_on(raw, changed, model=model, quirks=quirks, without=without, stream=call.stream)
        dropped = (*lacking, *changed.dropped)
    else:
        sent, changed, dropped = _written(call, model=model, quirks=quirks, without=without)
        hide_usage = False
    request = HttpRequest("POST", url, {**headers, "content-type": "application/json"}, body=sent, stream=call.stream)
    return Prepared(
        request,
        Dialect.OPENAI_CHAT,
        passthrough=raw is not None,
        dropped=dropped,
        hide_usage=hide_usage,
        names=changed.names,
    )


def _own_body(raw: bytes, call: Call, *, model: str, quirks: Quirks) -> tuple[bytes, JsonObject, tuple[str, ...]]:
    """The client's body at the call's effort, without what the provider lacks: encoded, decoded, what was changed."""
    body = call.decoded
    if call.effort is not None:
        body = {**{key: value for key, value in body.items() if key != "reasoning"}, "reasoning_effort": call.effort}
        raw = edit(raw, put={"reasoning_effort": call.effort}, remove={"reasoning"})
    if not may_lack(raw, quirks, call.lacks):
        return raw, body, ()
    fitting, lacking = without_lacking({**body, "model": model}, quirks, call.lacks)
    return (encode_json(fitting), fitting, lacking) if lacking else (raw, body, ())


def _written(
    call: Call, *, model: str, quirks: Quirks, without: Collection[str]
) -> tuple[bytes, Fitted, tuple[str, ...]]:
    """A body of another dialect's request; what was changed to fit the provider; what is lost."""
    written = write_request(conversation_of(call), model=model, marks=quirks.cache_control == "send")
    value: dict[str, Any] = {**written.body, "model": model, "stream": call.stream}
    value.pop("stream_options", None)
    if call.stream and quirks.stream_options:
        value["stream_options"] = {"include_usage": True}
    stripped = tuple(name for name in quirks.strip if name in value)
    value, untaken = openai_fields_taken(value, quirks)
    value, lacking = without_lacking(value, quirks, call.lacks)
    changed = fitted(value, quirks)
    value = without_paths(_renamed(value | changed.changes, quirks), {*quirks.strip, *without})
    return encode_json(value), changed, (*written.dropped, *stripped, *untaken, *lacking, *changed.dropped)


def _passed_on(
    raw: bytes, changed: Fitted, *, model: str, quirks: Quirks, without: Collection[str], stream: bool
) -> tuple[bytes, bool]:
    """The client's body with the model's name and what this provider wants otherwise; whether usage is to be hidden."""
    remove = {*quirks.strip, *without, *(("reasoning",) if "reasoning_effort" in without else ())}
    put = {**changed.changes, "model": model}
    if not (stream and quirks.stream_options):
        remove.add("stream_options")
        # Most bodies hold nothing that this provider wants otherwise, and then their members need not be looked for.
        if not may_hold(raw, {*map(_top, remove), *OUR_FIELDS, _wrong_limit(quirks), *quirks.rename}):
            return edit(raw, put=put), False
    found = members(raw)
    keys = {member.key for member in found}
    options = _usage_options(raw, found) if stream and quirks.stream_options else {}
    body = edited(
        raw,
        put={**put, **options},
        remove=remove,
        rename=_renames(keys, quirks),
        found=found,
    )
    return body, bool(options)


def _usage_options(raw: bytes, found: Sequence[Member]) -> dict[str, Any]:
    """The member that asks for usage; {} where the client does."""
    given = next((raw[one.value_start : one.end] for one in found if one.key == "stream_options"), b"null")
    options = decode_json(given)
    options = options if isinstance(options, dict) else {}
    return {} if options.get("include_usage") is True else {"stream_options": {**options, "include_usage": True}}


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
