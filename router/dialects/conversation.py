"""One conversation, one answer, one stream of events, whatever the dialect: what translation goes through.

Values are frozen and hold what at least two dialects can say. What only one can say stays in that dialect's own bytes,
which are forwarded as they came when client and provider speak the same; across dialects it is dropped and named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from router.types import JsonObject

# --- What was said ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a sound or a document: either the bytes (base64 in `data`) or a place (`url`), never both.

    media_type: such as `image/png`; None where the client did not say.  name: a document's file name.
    detail: OpenAI's wish for an image's resolution.
    """

    kind: Literal["image", "audio", "document"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    name: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made. arguments: JSON text as it came, also when it is not valid JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered. name: the tool's; None where the dialect does not say and no call of that id was found."""

    call_id: str
    parts: tuple[Text | Media, ...]
    name: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model's thinking. signature, redacted: bound to the provider that made them; they never change provider."""

    text: str
    signature: str | None = None
    redacted: str | None = None


Part: TypeAlias = Text | Media | ToolCall | ToolResult | Thinking


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn. Tool results stand in user turns, tool calls and thinking in assistant turns.

    role: `system` may stand anywhere; dialects that allow none in the middle hoist or re-label it.
    """

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]


# --- What was asked for -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call. schema: JSON Schema of its arguments.

    free_text: the client declared a tool whose one argument is a text (OpenAI's custom tools). Its schema asks for
    `input`, and an answer for that client turns the call back into text.
    """

    name: str
    description: str | None = None
    schema: JsonObject = field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: bool | None = None
    free_text: bool = False


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether the model must call a tool. name: of the one it must call, with mode `named`."""

    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The shape that the answer must have: any JSON, or JSON of a schema."""

    kind: Literal["json", "schema"]
    schema: JsonObject | None = None
    name: str | None = None
    strict: bool | None = None


Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request. None is: the client did not say.

    model: as the client named it.  effort, thinking_tokens: how much the model may think; at most one is given.
    include_usage: whether the client wants usage at the end of a stream (OpenAI asks; the others always do).
    dropped: names of the client's parameters that have no neutral form, as paths in its own dialect.
    """

    turns: tuple[Turn, ...]
    model: str | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    answer_format: AnswerFormat | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    effort: Effort | None = None
    thinking_tokens: int | None = None
    n: int = 1
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool = False
    top_logprobs: int | None = None
    user: str | None = None
    stream: bool = False
    include_usage: bool = False
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A request in a provider's dialect. dropped: what could not be said in it, by the neutral field's name."""

    body: JsonObject
    dropped: tuple[str, ...] = ()


# --- What was answered ------------------------------------------------------------------------------------------------


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    BROKEN = "broken"  # the model's own output could not be used (malformed call): worth another attempt


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as they are billed.

    input_tokens: all of them, those read from or written to a cache included.  output_tokens: thinking included.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. parts: Text, Thinking and ToolCall.  stop_sequence: the one that ended it, where known."""

    id: str
    model: str
    parts: tuple[Text | Thinking | ToolCall, ...]
    finish: Finish
    usage: Usage
    stop_sequence: str | None = None


# --- ... piece by piece -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The first event of a stream. usage: what the provider knows already, such as input tokens."""

    id: str
    model: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of the thinking; a signature comes at its end, if at all."""

    text: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """A tool call begins. index: 0, 1, ... among the answer's tool calls."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of a call's arguments, as JSON text. Calls may interleave."""

    index: int
    arguments: str


@dataclass(frozen=True, slots=True)
class UsageSeen:
    """Usage so far; the last one counts."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete. Nothing but usage may follow."""

    finish: Finish
    stop_sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider reported an error inside the stream. kind: as in UpstreamFailure."""

    kind: FailureKind
    message: str


Event: TypeAlias = Started | TextDelta | ThinkingDelta | ToolCallStarted | ToolCallDelta | UsageSeen | Finished | Failed


# --- What went wrong --------------------------------------------------------------------------------------------------


class FailureKind(StrEnum):
    """What a provider's error means for what to do next."""

    RATE_LIMITED = "rate_limited"  # wait, or go elsewhere
    QUOTA = "quota"  # no waiting helps: go elsewhere
    OVERLOADED = "overloaded"
    SERVER = "server"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    AUTHENTICATION = "authentication"  # our key: go elsewhere, and tell the operator
    NOT_FOUND = "not_found"  # the model is not there: go elsewhere, and tell the operator
    CONTEXT_TOO_LONG = "context_too_long"  # a larger window may do
    REFUSED_PARAMETER = "refused_parameter"  # without it, it may do
    BAD_REQUEST = "bad_request"  # the client's fault: never again
    TOO_LARGE = "too_large"
    BROKEN_ANSWER = "broken_answer"  # the bytes make no sense


@dataclass(frozen=True, slots=True)
class UpstreamFailure:
    """A provider's error answer, read.

    status: the HTTP status; 0 where none came.  message: the provider's own words, at most 2,000 characters.
    parameter: the refused one, by its path in the provider's dialect.  retry_after_s: as the provider asks, 0 or more.
    """

    kind: FailureKind
    status: int
    message: str
    parameter: str | None = None
    retry_after_s: float | None = None
