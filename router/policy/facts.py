"""What the policy knows: of one request, and of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from router.policy.limits import NO_LIMITS, Limits
from router.types import ModelSpec, Prediction, RouteRequest, StatedPromise

if TYPE_CHECKING:
    from router.policy.rules import Rule

TURNS = ("user", "continuation", "tool_result", "heartbeat", "title", "compaction", "probe", "classification")
"""Kinds of turn that a configuration may speak of."""

DEFAULT_POLICY = "auto"


@dataclass(frozen=True, slots=True)
class Facts:
    """One request, as the policy sees it.

    turn, ask: what the reading says.  language: tells the ask's, at the price of looking; None where it is unsure.
    size_bytes: input tokens cannot be more.  input_tokens: counts them, at the price of counting.
    """

    request: RouteRequest
    turn: str
    ask: str
    prediction: Prediction
    language: Callable[[], str | None]
    size_bytes: int
    input_tokens: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The expected quality loss that a tier may have, with the guarantee that chose it, None if none covers it."""

    value: float
    promise: StatedPromise | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A named bundle of target and limits.

    turns: what it does with a kind of turn, where that is not what the configuration does.
    """

    name: str
    threshold: Threshold
    limits: Limits = NO_LIMITS
    turns: Mapping[str, Limits] | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """The configuration that decisions are made with.

    tiers: cheap to strong.  models: behind each, the preferred one first.
    safe_tier: what a request gets at least that the classifier knows nothing about.
    policies: by name, `auto` among them.  rules: in their order.
    turns: for kinds of turn that are not left to the classifier.  A `tier` there is a wish: it moves to the nearest
        tier that the limits leave.
    """

    tiers: tuple[str, ...]
    models: Mapping[str, tuple[ModelSpec, ...]]
    safe_tier: str
    policies: Mapping[str, Policy]
    rules: tuple[Rule, ...] = ()
    turns: Mapping[str, Limits] | None = None


def default_turns(tiers: tuple[str, ...], *, safe_tier: str) -> dict[str, Limits]:
    """What the turns get where nothing is configured.

    Titles, probes, classifications and heartbeats are the client's own housekeeping: the cheapest tier. A compaction
    carries a whole conversation on, so it gets at least the safe tier; all others go to the classifier.
    """
    cheapest = Limits(tier=tiers[0])
    return {
        **dict.fromkeys(("title", "probe", "classification", "heartbeat"), cheapest),
        "compaction": Limits(floor=safe_tier),
    }
