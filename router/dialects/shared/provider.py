"""A provider that can be called, and a request to send to it: what the rooms' `http` modules take and return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from router.checked.kinds import Flag, Text
from router.dialects.shared.secret import Secret


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where a provider differs from the dialect it speaks.

    max_tokens_field: its name for the limit on output.
    strip: top-level parameters that it answers with an error.
    rename: parameters that have another name there.
    stream_options: whether it understands `stream_options.include_usage`.
    tool_ids: `alnum9` for exactly nine letters and digits (Mistral).
    developer_role: whether messages may have the role `developer`; else they become `system`.
    """

    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    strip: tuple[Text, ...] = ()
    rename: Mapping[str, Text] = field(default_factory=dict)
    stream_options: Flag = True
    tool_ids: Literal["any", "alnum9"] = "any"
    developer_role: Flag = False


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
