"""One conversation, one answer, one stream of events, whatever the dialect: what the decision and translation see.

Values are frozen and hold what at least two dialects can express. What only one can express is an `Opaque` part, or
stays in the client's bytes, which a provider of the same dialect gets unchanged; other dialects drop it and name it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from router.dialects import outcome, upstream_failure
from router.errors import RequestError
from router.types import Dialect, Effort, JsonObject, Needs

Finish = outcome.Finish
Usage = outcome.Usage
FailureKind = upstream_failure.FailureKind
OwnWords = upstream_failure.OwnWords
UpstreamFailure = upstream_failure.UpstreamFailure

CacheLifetime: TypeAlias = Literal["5m", "1h"]
"""How long a provider is to keep the prompt up to a mark. Parts carry it as `cache`: a hint, no content."""


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text."""

    text: str
    cache: CacheLifetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a sound or a document: either the bytes (base64 in `data`) or a `url`, never both.

    media_type: such as `image/png`; None where the client did not say.  name: a document's file name.
    detail: of an image, its resolution.  place: path in the client's body, where `Conversation.complete` checks it.
    """

    kind: Literal["image", "audio", "document"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    name: str | None = None
    detail: str | None = None
    place: str | None = field(default=None, compare=False, repr=False)
    cache: CacheLifetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made. arguments: JSON text as it came, also when it is not valid JSON."""

    id: str
    name: str
    arguments: str
    cache: CacheLifetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool returned. name: the tool's; None where it is not known.

    hosted: the client's JSON of it, where the provider itself ran the tool: other dialects get its text only.
    """

    call_id: str
    parts: tuple[Text | Media | Opaque, ...]
    name: str | None = None
    is_error: bool = False
    hosted: Any = field(default=None, repr=False)
    cache: CacheLifetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model's thinking. signature, redacted: bound to the provider that made them; they never change provider."""

    text: str
    signature: str | None = None
    redacted: str | None = None


@dataclass(frozen=True, slots=True)
class Opaque:
    """A part that only its `dialect` can express: its writer puts `raw`, the JSON as it came, back in its place.

    kind: what the decision sees, a word of `Message.block_types`.
    """

    dialect: Dialect
    kind: str
    raw: Any = field(repr=False)


AnswerPart: TypeAlias = Text | Thinking | ToolCall
Part: TypeAlias = AnswerPart | Media | ToolResult | Opaque


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn. Tool results are in user turns, tool calls and thinking in assistant turns.

    role: `system` may come anywhere; dialects that allow none in the middle hoist or re-label it.
    label: the client's own word for the role, in lower case, where it is another one (`developer`).  name: a speaker's.
    """

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]
    label: str | None = field(default=None, compare=False)
    name: str | None = field(default=None, compare=False)


# --- What was asked for -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call. schema: JSON Schema of its arguments.

    free_text: the client declared a tool whose one argument is a text (OpenAI's custom tools). Its schema asks for
    `input`, and an answer for that client turns the call back into text.
    namespace: in which the client declared it (Codex: an MCP server); it is then the beginning of `name` too.
    """

    name: str
    description: str | None = None
    schema: JsonObject = field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: bool | None = None
    free_text: bool = False
    cache: CacheLifetime | None = field(default=None, compare=False, repr=False)
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether the model must call a tool. name: of the one it must call, with mode `named`."""

    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The shape that the answer must have: any JSON, or JSON of a schema.

    A schema with the kind `json` is one that the provider does not know: the prompt asks for it.
    """

    kind: Literal["json", "schema"]
    schema: JsonObject | None = None
    name: str | None = None
    strict: bool | None = None


NO_NEEDS = Needs()


@dataclass(frozen=True)
class Conversation:
    """A request. None means that the client did not say.

    A reader fills `turns`, `model`, `max_output_tokens` and the fields below `problems` at once, for the decision;
    the others when a writer calls `complete`, as most bodies go to a provider of their own dialect as they came.
    model: as the client named it.  effort, thinking_tokens: how much the model may think; at most one is given.
    include_usage: whether the client wants usage at the end of a stream (OpenAI asks; the others always do).
    cache: that of all that is sent, where the client leaves it to the provider where to cache.
    openai: parameters that OpenAI's two dialects have and no other, with their names in chat completions.
    dropped: names of the client's parameters and parts that have no neutral form, as paths in its own dialect.
    problems: what other dialects cannot be sent: each a 400 for the client, which names the field.
    dialect: the one that it was read in.  needs: what the body's own fields ask for, not what its parts need.
    metadata: string values of the body's own metadata.  rest: reads the other fields; None once that is done.
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
    cache: CacheLifetime | None = field(default=None, compare=False)
    openai: tuple[tuple[str, Any], ...] = ()
    dropped: tuple[str, ...] = ()
    problems: tuple[RequestError, ...] = ()
    dialect: Dialect | None = field(default=None, compare=False)
    needs: Needs = field(default=NO_NEEDS, compare=False)
    metadata: Mapping[str, str] | None = field(default=None, compare=False)
    rest: Callable[[], Mapping[str, Any]] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def read(cls, **fields: Any) -> Conversation:
        """As the constructor, in a tenth of its time: it need not set thirty defaults, one by one."""
        made = object.__new__(cls)
        made.__dict__.update(fields)
        return made

    def complete(self) -> Conversation:
        """The conversation with every field read, and with all problems."""
        return self if self.rest is None else replace(self, **{**self.rest(), "rest": None})

    def translatable(self) -> Conversation:
        """The complete conversation, for a provider of another dialect. Raises RequestError, the first problem."""
        complete = self.complete()
        if complete.problems:
            raise complete.problems[0]
        return complete


@dataclass(frozen=True, slots=True)
class Written:
    """A request in a provider's dialect.

    dropped: neutral names of what it cannot express.  names: the client's names of tools, by those sent in their place.
    """

    body: JsonObject
    dropped: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. stop_sequence: the one that ended it, where known."""

    id: str
    model: str
    parts: tuple[AnswerPart, ...]
    finish: Finish
    usage: Usage
    stop_sequence: str | None = None


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
