"""The configuration that decisions are made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.policy.cascade import Cascade
from router.policy.limits import NO_LIMITS, Limits
from router.policy.rules import Rule
from router.types import ModelSpec, StatedPromise

TURNS = ("user", "continuation", "tool_result", "heartbeat", "title", "compaction", "probe", "classification")
"""Kinds of turn that a configuration may name."""

DEFAULT_POLICY = "auto"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The expected quality loss that a tier may have, with the guarantee that chose it, None if none covers it."""

    value: float
    promise: StatedPromise | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A named set of target and limits.

    turns: limits for kinds of turn, where they differ from the configuration's.
    cascade: how the answers of forwarded calls are checked; None for not at all.
    """

    name: str
    threshold: Threshold
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
    """

    tiers: tuple[str, ...]
    models: Mapping[str, tuple[ModelSpec, ...]]
    safe_tier: str
    policies: Mapping[str, Policy]
    rules: tuple[Rule, ...] = ()
    turns: Mapping[str, Limits] | None = None
    known_models: Mapping[str, ModelSpec] = field(default_factory=dict)
    unknown_models: str = "refuse"


def default_turns(tiers: tuple[str, ...], *, safe_tier: str) -> dict[str, Limits]:
    """The limits of turns where none are configured.

    Titles, probes, classifications and heartbeats are the client's own housekeeping: the cheapest tier. A compaction
    carries a whole conversation on, so it gets at least the safe tier; all others go to the classifier.
    """
    cheapest = Limits(tier=tiers[0])
    return {
        **dict.fromkeys(("title", "probe", "classification", "heartbeat"), cheapest),
        "compaction": Limits(floor=safe_tier),
    }
