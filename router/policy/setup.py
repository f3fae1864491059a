"""The configuration that decisions are made with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from router.policy.cascade import Cascade
from router.policy.limits import NO_LIMITS, Limits
from router.policy.rules import Rule
from router.types import Dialect, ModelSpec, StatedPromise

TURNS = (
    "user",
    "continuation",
    "tool_result",
    "heartbeat",
    "title",
    "compaction",
    "probe",
    "classification",
    "suggestion",
)
"""Kinds of turn that a configuration may name."""

DEFAULT_POLICY = "auto"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The expected quality loss that a tier may have, with the guarantee that chose it, None if none covers it."""

    value: float
    promise: StatedPromise | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What quality is worth: a tier is chosen by its expected quality loss + cost / value of an answer.

    usd: the value of an answer without loss, above 0: in USD where `is_relative` is False, else in units of what the
        request costs at its most expensive tier. A target on loss, cost or shares holds for short and long requests
        alike only in the second way.
    promise: the guarantee at this value, None if there is none.
    among: the tiers that the guarantee was computed with; None for all.
    """

    usd: float
    is_relative: bool = False
    promise: StatedPromise | None = None
    among: tuple[str, ...] | None = None

    def value_usd(self, cost_usd: Mapping[str, float]) -> float:
        """The value of an answer to a request with these costs by tier; above 0."""
        return self.usd * (max(cost_usd.values()) or 1.0) if self.is_relative else self.usd


Criterion: TypeAlias = Threshold | Price
"""What the classifier's tier is chosen by."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A named set of target and limits.

    threshold: what the classifier's tier is chosen by: a largest loss, or a price of quality.
    turns: limits for kinds of turn, where they differ from the configuration's.
    cascade: how the answers of forwarded calls are checked; None for not at all.
    """

    name: str
    threshold: Criterion
    limits: Limits = NO_LIMITS
    turns: Mapping[str, Limits] | None = None
    cascade: Cascade | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """The configuration that decisions are made with.

    tiers: cheap to strong.  models: behind each, the preferred one first.
    safe_tier: the lowest tier for a request unlike the training data.
    policies: by name, `auto` among them.  rules: in their order.
    turns: for kinds of turn that are not left to the classifier.  A `tier` there is not a hard limit: it moves to the
        nearest tier that the limits leave.
    known_models: the configured models and the catalog's by name, for the prices of judges.
    unknown_models: what a forwarded request gets that names a model that is not configured: `refuse`, or `auto` for a
        decision as if it named none.
    dialects: what the providers that can be called speak, by their names.
    reference_cost_usd: of a request by tier, where the configured prices order no tiers; None where they do.
    """

    tiers: tuple[str, ...]
    models: Mapping[str, tuple[ModelSpec, ...]]
    safe_tier: str
    policies: Mapping[str, Policy]
    rules: tuple[Rule, ...] = ()
    turns: Mapping[str, Limits] | None = None
    known_models: Mapping[str, ModelSpec] = field(default_factory=dict)
    unknown_models: str = "refuse"
    dialects: Mapping[str, Collection[Dialect]] = field(default_factory=dict)
    reference_cost_usd: Mapping[str, float] | None = None


def default_turns(tiers: tuple[str, ...], *, safe_tier: str) -> dict[str, Limits]:
    """The limits of turns where none are configured.

    Titles, probes, classifications, suggestions and heartbeats are the client's own housekeeping: the cheapest tier.
    A compaction carries a whole conversation on, so it gets at least the safe tier; all others go to the classifier.
    """
    cheapest = Limits(tier=tiers[0])
    return {
        **dict.fromkeys(("title", "probe", "classification", "suggestion", "heartbeat"), cheapest),
        "compaction": Limits(floor=safe_tier),
    }
