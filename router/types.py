"""The values that cross module borders: frozen, without behaviour that does I/O.

Units are in the names (`_usd`, `_ms`, `_tokens`); probabilities and losses are in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:  # an alias is not worth the import of numpy
    import numpy as np
    import numpy.typing as npt


FloatArray: TypeAlias = "npt.NDArray[np.float32]"
"""A float32 array; its shape is in the docstring of the function or field."""

JsonObject: TypeAlias = dict[str, Any]
"""A decoded JSON object."""

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""How much a model may think, in OpenAI's words."""

EFFORTS: tuple[Effort, ...] = get_args(Effort)
"""The efforts, from the least on."""


class Dialect(StrEnum):
    """The API format of a body; the words are part of the HTTP contract. No client speaks `bedrock`."""

    PROMPT = "prompt"
    OPENAI_CHAT = "openai_chat"
    OPENAI_RESPONSES = "openai_responses"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    BEDROCK = "bedrock"


CLIENT_DIALECTS = tuple(dialect for dialect in Dialect if dialect is not Dialect.BEDROCK)
"""Those in which a request may come."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, in any dialect.

    role: `system`, `developer`, `user`, `assistant`, `tool` or another word of the client, in lower case. A tool's
        result is a message of its own with role `tool`, also when the dialect puts it inside a user's message.
    text: all text blocks of the message, joined by newlines; "" if it has none.
    block_types: kinds of the blocks that are not text, in order: `image`, `audio`, `video`, `document`, `tool_call`,
        `thinking` in every dialect, and for any other block the type that the client gave it.
    text_starts: index in `text` of each text block, where there are several; () otherwise. Not compared.
    """

    role: str
    text: str
    block_types: tuple[str, ...] = ()
    text_starts: tuple[int, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Needs:
    """The capabilities that a request needs, from what its body states.

    images, audio, documents: blocks of that kind anywhere in the conversation.
    tools: tools are defined, or were called in the history.  parallel_tools: several calls at once are requested, or
        are in the history.  json_mode, json_schema: the shape of the answer is requested.
    n: number of answers requested, 1 or more.  logprobs: log-probabilities of tokens are requested.
    hosted: tools are offered that only a provider of the body's dialect has, such as a web search that it runs itself.
        They are optional: where no provider has them, the request goes without.
    """

    images: bool = False
    audio: bool = False
    documents: bool = False
    tools: bool = False
    parallel_tools: bool = False
    json_mode: bool = False
    json_schema: bool = False
    n: int = 1
    logprobs: bool = False
    hosted: bool = False


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request for a model's answer, in any dialect.

    messages: at least one, oldest first; system prompts outside the messages come first, with role `system`.
    model: the model name in the request; None without one.
    max_output_tokens: the client's own limit on the answer, in tokens; None without one.
    dialect: the API format.  needs: the capabilities that a model must have.
    metadata: the string fields of the body's `metadata` object; {} without one.
    raw: the body's bytes as received; b"" for a request made in Python or one of a batch.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    max_output_tokens: int | None = None
    dialect: Dialect = Dialect.PROMPT
    needs: Needs = field(default_factory=Needs)
    metadata: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Overrides:
    """The `x-router-*` headers of a request; names are checked later, against the configured tiers and policies.

    tier: pin.  floor, ceiling: the cheapest and the strongest tier that may be chosen.  policy: name of a policy.
    off: no decision: the model that the body names, else the strongest tier.
    """

    tier: str | None = None
    floor: str | None = None
    ceiling: str | None = None
    policy: str | None = None
    off: bool = False


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """The optional `router` object of a `/route` body.

    tiers: the only tiers that may be chosen; None for all.
    max_quality_loss: target on the mean quality loss of such requests, in [0, 1].
    max_cost_usd_per_1k: target on the cost of a thousand such requests. At most one of the two targets is given;
        without one, the policy's, the configured or the bundle's own applies.
    explain: whether the answer contains the share of each token and signal.
    """

    tiers: tuple[str, ...] | None = None
    max_quality_loss: float | None = None
    max_cost_usd_per_1k: float | None = None
    explain: bool = False


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A parsed `/route` body: the request to decide on, with its options.

    overrides: from the request's headers.  headers: the headers that rules may use, names in lower case, without those
        that carry a key; {} without HTTP.
    """

    chat: ChatRequest
    options: RouteOptions = field(default_factory=RouteOptions)
    overrides: Overrides = field(default_factory=Overrides)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskGuess:
    """The task that the bundle's second head predicts, with its probability in [0, 1]."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the policy, in the order it was taken.

    name: `pin`, `rules`, `turn`, `classifier`, `capability`, `out_of_domain` or `final`.
    tier: the tier after the step; None before one is chosen.  note: what the step did, for people.
    """

    name: str
    tier: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """The classifier's scores of one request.

    tiers: the bundle's tiers, cheap to strong; every other field has one value per tier, in this order.
    p_adequate: calibrated P(this tier's answer is adequate), non-decreasing over tiers.
    expected_quality_loss: P(this tier is not adequate though a stronger one is), non-increasing; 0 for the strongest.
    p_unsolved: P(no tier is adequate).
    domain_distance: how unlike the training rows the ask's tokens and the agent's loop are, in [0, 1]; see
        router/brain/domain.py.
    out_of_domain: whether that distance is beyond the bundle's stored quantile.  unlike: why, for people; else "".
    task: None when the bundle has no task head.
    """

    tiers: tuple[str, ...]
    p_adequate: tuple[float, ...]
    expected_quality_loss: tuple[float, ...]
    p_unsolved: float
    domain_distance: float
    out_of_domain: bool
    task: TaskGuess | None = None
    unlike: str = ""


class Reason(StrEnum):
    """Why a tier was chosen; the words are part of the HTTP contract."""

    THRESHOLD = "threshold"
    PINNED = "pinned"
    RULE = "rule"
    CAPABILITY = "capability"
    SESSION = "session"
    BUDGET = "budget"
    TURN = "turn"
    OUT_OF_DOMAIN = "out_of_domain"
    FALLBACK = "fallback"
    ESCALATED = "escalated"
    UNAVAILABLE = "unavailable"


def label(model: str, effort: Effort | None) -> str:
    """A model for people, with the effort that its tier gives it, such as `openai/gpt-5.5, effort low`."""
    return model if effort is None else f"{model}, effort {effort}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could answer, with the tier that it is of. effort: the tier's own; None leaves the client's."""

    tier: str
    model: str
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class BundleRef:
    """Which bundle decided: its id and the sha256 of its manifest (hex)."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class StatedPromise:
    """The guarantee behind a threshold: P(what the goal limits is at or under the target) >= confidence.

    goal: `max_quality_loss`, `max_cost_usd_per_1k` or `tier_mix`; it says the unit of target and bound.
    target: what was asked for; for a mix, the largest share of each named tier.
    bound: upper confidence bound at the threshold, at or under the target. The confidence is the target's: the bound
        alone, read at a threshold that was chosen for being good, is kept a little less often.
    n: groups of calibration rows behind the bound.
    """

    goal: str
    target: float | Mapping[str, float]
    bound: float | Mapping[str, float]
    confidence: float
    n: int


# --- Models -----------------------------------------------------------------------------------------------------------


class Capability(StrEnum):
    """What a model can do beyond text in, text out; the words of the catalog and of configurations."""

    IMAGES = "images"
    AUDIO = "audio"
    DOCUMENTS = "documents"
    TOOLS = "tools"
    PARALLEL_TOOLS = "parallel_tools"
    JSON_MODE = "json_mode"
    JSON_SCHEMA = "json_schema"
    N = "n"
    LOGPROBS = "logprobs"
    HOSTED_TOOLS = "hosted_tools"  # those that its provider runs itself
    EFFORT = "effort"  # it thinks, as much as it is asked to


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model with its list price and what it can do.

    model: `provider/model`.  *_usd_per_million: USD per million tokens; of a short request where prices differ.
    context_window: tokens of input and output together.  max_output_tokens: of one answer.
    None is unknown: no limit, all capabilities, and for cached tokens the price of other input.
    effort: how much the model may think in this tier, whatever the client asks for; None leaves the client's.
    """

    model: str
    input_usd_per_million: float
    output_usd_per_million: float
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: frozenset[Capability] | None = None
    cache_read_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None
    effort: Effort | None = None

    @property
    def provider(self) -> str:
        """The part of the name before the first slash."""
        return self.model.partition("/")[0]

    def cost_usd(
        self, *, input_tokens: int, output_tokens: int, cache_read_tokens: int = 0, cache_write_tokens: int = 0
    ) -> float:
        """USD for so many tokens; input_tokens include the cached ones."""
        price = self.input_usd_per_million
        read_usd, write_usd = self.cache_read_usd_per_million, self.cache_write_usd_per_million
        usd = input_tokens * price + output_tokens * self.output_usd_per_million
        if cache_read_tokens and read_usd is not None:
            usd += cache_read_tokens * (read_usd - price)
        if cache_write_tokens and write_usd is not None:
            usd += cache_write_tokens * (write_usd - price)
        return usd / 1e6


@dataclass(frozen=True, slots=True)
class Target:
    """A model at a provider, as an entry of a plan.

    provider: a name of the registry.  model: the provider's own name for it, as it is sent.
    spec: its price and limits; None where they are unknown.
    output_limit: tokens to which the answer is limited, where the request's own limit is above what fits; else None.
    """

    tier: str
    provider: str
    model: str
    spec: ModelSpec | None = field(default=None, repr=False)
    output_limit: int | None = None

    @classmethod
    def of(cls, tier: str, name: str, spec: ModelSpec | None = None, *, output_limit: int | None = None) -> Target:
        """The target that `provider/model` names; the model's own name may hold slashes. Raises ValueError."""
        provider, _, model = name.partition("/")
        if not provider or not model:
            raise ValueError(f"expected provider/model, found {name!r}")
        return cls(tier, provider, model, spec, output_limit)

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.provider}/{self.model}"

    @property
    def effort(self) -> Effort | None:
        """How much the model may think in this tier; None leaves what the client asks for."""
        return None if self.spec is None else self.spec.effort

    @property
    def context_window_tokens(self) -> int | None:
        """Tokens of input and output together; None where it is unknown."""
        return None if self.spec is None else self.spec.context_window
