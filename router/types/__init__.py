"""The values that cross module borders: frozen, without behaviour that does I/O.

Units are in the names (`_usd`, `_ms`, `_tokens`); probabilities and losses are in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from router.types.models import Capability as Capability
from router.types.models import ModelSpec as ModelSpec
from router.types.models import Target as Target

FloatArray: TypeAlias = npt.NDArray[np.float32]
"""A float32 array; the shape is in the docstring of whatever takes or returns it."""

JsonObject: TypeAlias = dict[str, Any]
"""A decoded JSON object."""


class Dialect(StrEnum):
    """The wire language of a body; the words are part of the HTTP contract."""

    PROMPT = "prompt"
    OPENAI_CHAT = "openai_chat"
    OPENAI_RESPONSES = "openai_responses"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, in any dialect.

    role: `system`, `developer`, `user`, `assistant`, `tool` or whatever the client sent, lower case. A tool's result is
        a message of its own with role `tool`, also where the dialect puts it inside a user's.
    text: all text blocks of the message, joined by newlines; "" if it has none.
    block_types: kinds of the blocks that are not text, in order: `image`, `audio`, `video`, `document`, `tool_call`,
        `thinking` in every dialect, and for any other block the type that the client gave it.
    """

    role: str
    text: str
    block_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """What a request needs of a model beyond text; only what the body says outright counts.

    images, audio, documents: blocks of that kind anywhere in the conversation.
    tools: tools are defined, or were called in the history.  parallel_tools: several calls at once are asked for, or
        stand in the history.  json_mode, json_schema: the shape of the answer is demanded.
    n: answers asked for, 1 or more.  logprobs: the tokens' log-probabilities are.
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


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request for a model's answer, whatever the wire it came on.

    messages: at least one, oldest first; system prompts that stand outside the messages come first, with role `system`.
    model: the model name the client asked for; None if it named none.
    max_output_tokens: the client's own limit on the answer, in tokens; None if it set none.
    dialect: the language it came in.  needs: what a model must be able to do.
    metadata: flat string facts of the body's own `metadata` object; {} if it has none.
    raw: the body's bytes as they came; b"" where the request was made in Python or is one of a batch.
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
    """What a caller asks for with `x-router-*` headers, as it came; names are checked where the tiers are known.

    tier: pin.  floor, ceiling: the cheapest and the strongest tier that may be chosen.  policy: name of a policy.
    off: do not decide: the model that the body names, else the strongest tier.
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
    max_cost_usd_per_1k: target on the cost of a thousand such requests; at most one of the two targets is given,
        and where neither is, the policy's, the configured or the bundle's own holds.
    explain: whether the answer carries tokens and signals with what each added to the score.
    """

    tiers: tuple[str, ...] | None = None
    max_quality_loss: float | None = None
    max_cost_usd_per_1k: float | None = None
    explain: bool = False


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A parsed `/route` body: what to decide on, and how.

    overrides: from the request's headers.  headers: the request's headers that rules may look at, names in lower case,
        without any that carries a key; {} where there was no HTTP.
    """

    chat: ChatRequest
    options: RouteOptions = field(default_factory=RouteOptions)
    overrides: Overrides = field(default_factory=Overrides)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskGuess:
    """The task type that the bundle's second head sees, with its probability in [0, 1]."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the policy, in the order it was taken.

    name: `pin`, `rules`, `turn`, `classifier`, `capability`, `out_of_domain` or `final`.
    tier: the tier after the step; None while none is chosen.  note: what the step saw and did, for people.
    """

    name: str
    tier: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the brain says of one request.

    tiers: the bundle's tiers, cheap to strong; every other field has one value a tier, in this order.
    p_adequate: calibrated P(this tier's answer is adequate), non-decreasing over tiers.
    expected_quality_loss: P(this tier is not adequate though a stronger one is), non-increasing; 0 for the strongest.
    p_unsolved: P(no tier is adequate).
    domain_distance: share of the ask's tokens that never occurred in training, in [0, 1]; see brain.domain.
    out_of_domain: whether that distance is beyond the bundle's stored quantile.
    task: what kind of task it is; None where the bundle has no head for that.
    """

    tiers: tuple[str, ...]
    p_adequate: tuple[float, ...]
    expected_quality_loss: tuple[float, ...]
    p_unsolved: float
    domain_distance: float
    out_of_domain: bool
    task: TaskGuess | None = None


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that could answer, with the tier that it is of."""

    tier: str
    model: str


@dataclass(frozen=True, slots=True)
class BundleRef:
    """Which bundle decided: its id and the sha256 of its manifest (hex)."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one token or signal added to a head's logit.

    kind: `token`, `pieces` or `letters` (n-grams), or `signal`.  name: the text, or the signal's name.
    value: how often it occurs, or the signal's value.  logit: what it added; the sum over all
    contributions plus the intercept is the head's logit.
    """

    kind: str
    name: str
    value: float
    logit: float


@dataclass(frozen=True, slots=True)
class HeadExplanation:
    """The exact decomposition of one head's logit for one request.

    tier: the tier whose loss the head scores; `unsolved` for the head of "no tier is adequate".
    logit = intercept + sum of contributions; probability is its calibrated value before monotone clean-up.
    """

    tier: str
    intercept: float
    logit: float
    probability: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was scored and what pushed the decision.

    ask: the exact text taken as the user's ask.  window: the exact conversation text scored beside it.
    """

    ask: str
    window: str
    heads: tuple[HeadExplanation, ...]


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


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """The answer of `POST /route`; field for field what goes over the wire.

    p_adequate, expected_quality_loss: one value a tier, in [0, 1].
    threshold: the expected quality loss that a tier may have at most to be chosen.
    promise: the guarantee that chose the threshold; None where none covers the request (something else than the
        classifier decided, tiers were left out, or the configured safe tier is not the one that the guarantee was
        measured with).
    estimated_cost_usd: of this request at each tier's first model that can serve it, from estimated token counts.
    latency_ms: time spent deciding, in this process.
    dialect: the language that the body came in.
    policy: name of the policy that was in force.
    task: what kind of task it is; None where the bundle has no head for that.
    requested: what the caller asked for, only what was given: `model`, `tier`, `floor`, `ceiling`, `policy`, `off`,
        `tiers`, `max_quality_loss`, `max_cost_usd_per_1k`.
    steps: the policy's steps in order, with what each did.
    """

    decision_id: str
    tier: str
    model: str
    candidates: tuple[Candidate, ...]
    p_adequate: Mapping[str, float]
    expected_quality_loss: Mapping[str, float]
    threshold: float
    reason: Reason
    estimated_cost_usd: Mapping[str, float]
    turn: str
    bundle: BundleRef
    latency_ms: float
    promise: StatedPromise | None = None
    explanation: Explanation | None = None
    dialect: Dialect = Dialect.PROMPT
    policy: str = "auto"
    task: TaskGuess | None = None
    requested: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
