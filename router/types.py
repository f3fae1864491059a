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

FloatArray: TypeAlias = npt.NDArray[np.float32]
"""A float32 array; the shape is in the docstring of whatever takes or returns it."""

JsonObject: TypeAlias = dict[str, Any]
"""A decoded JSON object."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, in any dialect.

    role: `system`, `developer`, `user`, `assistant`, `tool` or whatever the client sent, lower case.
    text: all text blocks of the message, joined by newlines; "" if it has none.
    block_types: types of the blocks that are not text (`image_url`, `input_audio`, ...), in order.
    """

    role: str
    text: str
    block_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request for a model's answer, whatever the wire it came on.

    messages: at least one, oldest first.
    model: the model name the client asked for; None if it named none.
    max_output_tokens: the client's own limit on the answer, in tokens; None if it set none.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """The optional `router` object of a `/route` body.

    tiers: the only tiers that may be chosen; None for all.
    max_quality_loss: target on the mean quality loss of such requests, in [0, 1].
    max_cost_usd_per_1k: target on the cost of a thousand such requests; at most one of the two targets is given,
        and where neither is, the configured or the bundle's own holds.
    explain: whether the answer carries tokens and signals with what each added to the score.
    """

    tiers: tuple[str, ...] | None = None
    max_quality_loss: float | None = None
    max_cost_usd_per_1k: float | None = None
    explain: bool = False


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A parsed `/route` body: what to decide on, and how."""

    chat: ChatRequest
    options: RouteOptions = field(default_factory=RouteOptions)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the brain says of one request.

    tiers: the bundle's tiers, cheap to strong; every other field has one value a tier, in this order.
    p_adequate: calibrated P(this tier's answer is adequate), non-decreasing over tiers.
    expected_quality_loss: P(this tier is not adequate though a stronger one is), non-increasing; 0 for the strongest.
    p_unsolved: P(no tier is adequate).
    domain_distance: share of the ask's tokens that never occurred in training, in [0, 1]; see brain.domain.
    out_of_domain: whether that distance is beyond the bundle's stored quantile.
    """

    tiers: tuple[str, ...]
    p_adequate: tuple[float, ...]
    expected_quality_loss: tuple[float, ...]
    p_unsolved: float
    domain_distance: float
    out_of_domain: bool


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
    """A model that could answer, with the tier it stands for."""

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
    promise: the guarantee that chose the threshold; None where none covers the request (tiers were left out, or the
        configured safe tier is not the one that the guarantee was measured with).
    estimated_cost_usd: of this request at each tier's first model, from estimated token counts.
    latency_ms: time spent deciding, in this process.
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
