"""A call, and the request that an adapter makes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from router.dialects.conversation import Conversation, Written
from router.dialects.shared.json_edit import edit
from router.dialects.shared.provider import HttpRequest
from router.jsontext import decode_json, encode_json
from router.types import Capability, Dialect, Effort, JsonObject

OUR_FIELDS = ("router",)
"""Top-level members of a client's body that are for us and go to no provider."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a client wants.

    conversation: its request; None where `raw` is to be passed on only.
    dialect, raw: the body as it came, for providers that speak the same.  stream: whether the client wants a stream.
    body: the same, decoded; None where `raw` is not.
    headers: those of the client's that change what a body means (`anthropic-version`, `anthropic-beta`), in lower case.
    effort: how much the model may think, whatever the request says; None leaves what it says.
    input_tokens: estimates those of the request.
    lacks: what the model cannot do; a shape of the answer is then asked for in the prompt.
    hops: the ids of the routers that it came through, this one's last; sent on, so that no request goes round.
    """

    conversation: Conversation | None
    stream: bool
    dialect: Dialect | None = None
    raw: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    effort: Effort | None = None
    input_tokens: Callable[[], int] = field(default=lambda: 0, repr=False)
    lacks: frozenset[Capability] = frozenset()
    body: JsonObject | None = field(default=None, repr=False)
    hops: str = ""

    @property
    def decoded(self) -> JsonObject:
        """The body decoded; {} where it is not an object. Raises ValueError where it is not JSON."""
        value = decode_json(self.raw or b"{}") if self.body is None else self.body
        return value if isinstance(value, dict) else {}

    @property
    def fingerprint(self) -> int:
        """A number of what is asked: the same where a client sends it again, of use in this process only."""
        if self.raw is not None or self.conversation is None:
            return hash(self.raw)
        turns = self.conversation.turns
        return hash((len(turns), repr(turns[-1:])))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request to send.

    dialect: the one in which it is, and will be answered.
    passthrough: the body is the client's own, so that the answer goes back as it comes.
    hide_usage: the stream was asked for usage that the client did not ask for; that event is kept from it.
    dropped: what could not be said.
    names: the client's own name of each tool whose name was changed, by the one that was sent.
    """

    request: HttpRequest
    dialect: Dialect
    passthrough: bool
    dropped: tuple[str, ...] = ()
    hide_usage: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


def is_malformed(call: Call) -> bool:
    """Whether the body is invalid in the client's own dialect, so that no vendor would take it.

    What is valid there and has no form in other dialects does not count.
    """
    problems = () if call.conversation is None else call.conversation.complete().problems
    return any(not problem.code.startswith("unsupported") for problem in problems)


def original(call: Call, dialect: Dialect) -> bytes | None:
    """The client's own body where it speaks this dialect. Raises ValueError where there is nothing else to send."""
    if call.raw is not None and call.dialect is dialect:
        return call.raw
    if call.conversation is None:
        raise ValueError(f"a {call.dialect} body was not read, so it cannot be sent as {dialect}")
    return None


def conversation_of(call: Call) -> Conversation:
    """The call's conversation, complete, at the call's effort.

    Raises ValueError where it has none, RequestError where it has a problem.
    """
    if call.conversation is None:
        raise ValueError("the call has no conversation")
    conversation = call.conversation.translatable()
    if call.effort is not None:
        conversation = replace(conversation, effort=call.effort, thinking_tokens=None)
    return schema_in_words(conversation) if Capability.JSON_SCHEMA in call.lacks else conversation


def schema_in_words(conversation: Conversation) -> Conversation:
    """The conversation with a schema of its answer for the prompt, where it asks for one."""
    form = conversation.answer_format
    if form is None or form.kind != "schema":
        return conversation
    return replace(conversation, answer_format=replace(form, kind="json"))


def edited(raw: bytes, *, put: Mapping[str, Any], remove: Collection[str], **changes: Any) -> bytes:
    """The body with members changed, all else byte for byte; decoded and encoded where it cannot be cut.

    Paths in `remove` that lead into a value (`a.b`, `a[0].b`) need the value: the body is then encoded again.
    """
    deep = [path for path in remove if "." in path or "[" in path]
    flat = {*remove} - {*deep}
    text = edit(raw, put=put, remove={*flat, *OUR_FIELDS}, **changes)
    return encode_json(without_paths(decode_json(text), deep)) if deep else text


def without_paths(body: Any, paths: Collection[str]) -> Any:
    """The value without what the paths name, such as `output_config.effort` or `tools[0].strict`; new where changed.

    A path may be several with commas between them, where a provider refuses them with one word.
    """
    for path in ",".join(paths).split(","):
        body = _without(body, _steps(path))
    return body


def _steps(path: str) -> list[str]:
    return [step for step in path.replace("[", ".").replace("]", "").split(".") if step]


def _without(value: Any, steps: list[str]) -> Any:
    if not steps:
        return value
    head, *rest = steps
    if isinstance(value, dict) and head in value:
        if not rest:
            return {key: item for key, item in value.items() if key != head}
        return {**value, head: _without(value[head], rest)}
    if isinstance(value, list) and head.isdigit() and int(head) < len(value) and rest:
        return [_without(item, rest) if index == int(head) else item for index, item in enumerate(value)]
    if isinstance(value, list):  # a path without an index means every item
        return [_without(item, steps) for item in value]
    return value


def body_of(written: Written, *, put: Mapping[str, Any], without: Collection[str]) -> bytes:
    """A translated request as bytes."""
    return encode_json(without_paths({**written.body, **put}, without))
