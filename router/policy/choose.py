"""Which tier the classifier's numbers say: the rule that promises are measured with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.types import Prediction, Reason

NOISE = 1e-12
"""Totals that differ by no more than this are equal: they are sums of floats."""


@dataclass(frozen=True, slots=True)
class TierChoice:
    """The chosen tier with the reason that decided."""

    tier: str
    reason: Reason


def choose(prediction: Prediction, *, threshold: float, allowed: Sequence[str], safe_tier: str) -> TierChoice:
    """The tier for a prediction where nothing else decides: the threshold, then out of domain.

    allowed: tiers that may be chosen, cheap to strong, at least one.
    safe_tier: the lowest tier for a request unlike the training data; where it is not allowed, the cheapest allowed
    tier that is stronger, else the strongest allowed one. A stronger choice stays: with it lowered, unseen sources
    lost more quality, not less (0.173 against 0.144 on traffic left out of the fit).
    """
    tier = choose_tier(prediction, threshold=threshold, allowed=allowed)
    if prediction.out_of_domain:
        safe = nearest_at_or_above(safe_tier, allowed, order=prediction.tiers)
        if prediction.tiers.index(safe) > prediction.tiers.index(tier):
            return TierChoice(tier=safe, reason=Reason.OUT_OF_DOMAIN)
    return TierChoice(tier=tier, reason=Reason.THRESHOLD)


def choose_tier(prediction: Prediction, *, threshold: float, allowed: Sequence[str]) -> str:
    """Cheapest allowed tier whose expected quality loss is at or under the threshold; the strongest if none is."""
    loss = dict(zip(prediction.tiers, prediction.expected_quality_loss, strict=True))
    return next((tier for tier in allowed if loss[tier] <= threshold), allowed[-1])


def choose_by_price(
    prediction: Prediction, *, value_usd: float, cost_usd: Mapping[str, float], allowed: Sequence[str]
) -> str:
    """The allowed tier with the least expected quality loss + cost / value; the strongest of equal ones.

    value_usd: what an answer without loss is worth, above 0.  cost_usd: of this request, by tier.
    """
    loss = dict(zip(prediction.tiers, prediction.expected_quality_loss, strict=True))
    totals = {tier: loss[tier] + cost_usd[tier] / value_usd for tier in allowed}
    least = min(totals.values())
    return next(tier for tier in reversed(allowed) if totals[tier] <= least + NOISE * max(1.0, least))


def loss_allowed(
    prediction: Prediction, tier: str, *, value_usd: float, cost_usd: Mapping[str, float], allowed: Sequence[str]
) -> float:
    """The expected quality loss up to which a chosen tier would have been chosen, in [0, 1]."""
    loss = dict(zip(prediction.tiers, prediction.expected_quality_loss, strict=True))
    others = (loss[other] + (cost_usd[other] - cost_usd[tier]) / value_usd for other in allowed if other != tier)
    return min(1.0, max(0.0, loss[tier], min(others, default=math.inf)))


def nearest_at_or_above(tier: str, allowed: Sequence[str], *, order: Sequence[str]) -> str:
    """The cheapest allowed tier at or above `tier` in `order`; the strongest allowed one if all are below."""
    rank = order.index(tier)
    return next((name for name in allowed if order.index(name) >= rank), allowed[-1])
