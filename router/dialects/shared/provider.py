"""A provider that can be called, and a request to send to it: what the rooms' `http` modules take and return."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from router.checked.kinds import Flag, Text, converted, whole
from router.dialects.shared.secret import Secret


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as exc:
        raise ValueError from exc
    return text


ModelPattern = Annotated[str, converted(_pattern, "a regular expression that is searched for in names", takes=Text)]


@dataclass(frozen=True, slots=True)
class ResponsesEndpoint:
    """What a provider's Responses endpoint is sent besides the requests of Responses clients, by names of models.

    only: models that Chat Completions does not know.
    tools_with_effort: models that Chat Completions refuses function tools for where an effort is asked for.
    tools: those that think by default: tools are refused with any effort but `none`, also without one.
    """

    only: ModelPattern | None = None
    tools_with_effort: ModelPattern | None = None
    tools: ModelPattern | None = None


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where a provider differs from the dialect it speaks.

    max_tokens_field: its name for the limit on output.
    strip: top-level parameters that it answers with an error.
    rename: parameters that have another name there.
    stream_options: whether it understands `stream_options.include_usage`.
    tool_ids: `alnum9` for exactly nine letters and digits (Mistral).
    developer_role: whether messages may have the role `developer`; else they become `system`.
    takes: the parameters of OpenAI's own that it takes (`prompt_cache_key`, `verbosity` and others); of a request in
        another dialect the rest is dropped.
    cache_control: what is done with Anthropic's marks for the cache: `send` them, also those of clients of other
        dialects; `pass` on those of a chat client only; or `drop` them, as it refuses them.
    json_schema: whether it takes a JSON schema of the answer; else the prompt asks for it.
    forced_calls: whether a call may be forced: `any` time, `not_thinking`, or `never`.
    thinking_off: members of the body that switch thinking off, for a forced call.
    always_thinking: parts of the names of models that cannot be stopped from thinking.
    thinking_field: where an assistant's message holds its thinking; `none` where it may hold none.
    needs_thinking: whether a message with calls is refused without its thinking: one that is lost gets a placeholder.
    system_messages: `first` where there may be one system message, at the start, as the templates of open models want
    it: the first ones are joined, and later ones become the user's.
    strict_messages: whether it refuses fields of messages that it does not know: those that clients send back go.
    assistant_after_results: whether another role than the assistant's is refused behind results.
    message_names: which messages may have a `name`: all, the user's, or none.
    most_stops: how many stop sequences it takes.
    longest_user: characters of a user's id that it takes; of a longer id it gets a hash.
    responses: its Responses endpoint; without it, what Chat Completions refuses, naming one, is tried there.
    """

    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    strip: tuple[Text, ...] = ()
    rename: Mapping[str, Text] = field(default_factory=dict)
    stream_options: Flag = True
    tool_ids: Literal["any", "alnum9"] = "any"
    developer_role: Flag = False
    takes: tuple[Text, ...] = ()
    cache_control: Literal["send", "pass", "drop"] = "pass"
    json_schema: Flag = True
    forced_calls: Literal["any", "not_thinking", "never"] = "any"
    thinking_off: Mapping[str, Any] = field(default_factory=dict)
    always_thinking: tuple[Text, ...] = ()
    thinking_field: Literal["reasoning_content", "reasoning", "none"] = "reasoning_content"
    needs_thinking: Flag = False
    system_messages: Literal["first", "anywhere"] = "first"
    strict_messages: Flag = False
    assistant_after_results: Flag = False
    message_names: Literal["all", "user", "none"] = "all"
    most_stops: Annotated[int, whole(1)] | None = None
    longest_user: Annotated[int, whole(1)] = 64
    responses: ResponsesEndpoint | None = None


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """What SigV4 signs with. session_token: for temporary keys."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that can be called: a row of the registry joined with the environment.

    key: None where none is set (local servers need none).  aws_keys: for Bedrock without a bearer key.
    options: the row's variables with their values, such as AWS_REGION.
    """

    name: str
    adapter: str
    base_url: str
    key: Secret | None = None
    quirks: Quirks = field(default_factory=Quirks)
    options: Mapping[str, str] = field(default_factory=dict)
    aws_keys: AwsKeys | None = None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, ready to be sent. headers: a Secret is revealed only when it is written to the connection."""

    method: str
    url: str
    headers: Mapping[str, str | Secret]
    body: bytes = field(repr=False)
    stream: bool = False
