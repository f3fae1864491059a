"""What the service would do with many requests at one threshold, and what that would have cost and lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from training.rows.labels import UNKNOWN, Labels

TierIndex = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RoutedRows:
    """Requests that were routed, as far as their labels say what came of it.

    tier: (n,) chosen tier's index.  loss: (n,) float64, 1 where it was not adequate though a stronger tier was.
    cost_usd: (n,) of the chosen tier.
    """

    tier: TierIndex
    loss: Float64Array
    cost_usd: Float64Array


def route_tiers(expected_quality_loss: Float64Array, threshold: float) -> TierIndex:
    """The chosen tier of each row, all tiers allowed: (n, n_tiers) to (n,).

    The same rule as `router.policy.choose_tier`; the last column is 0, so some tier always passes.
    """
    return np.asarray((expected_quality_loss <= max(threshold, 0.0)).argmax(axis=1), dtype=np.int64)


def route_scores(scores: Scores, threshold: float, *, max_distance: float, safe_tier: int) -> TierIndex:
    """The same with rows out of domain sent to the safe tier at least, as the service does."""
    tiers = route_tiers(scores.expected_quality_loss, threshold)
    return np.where(scores.domain_distance > max_distance, np.maximum(tiers, safe_tier), tiers)


def settle(tiers: TierIndex, labels: Labels, *, tier_cost_usd: Sequence[float]) -> RoutedRows:
    """What the choices lost and cost. Rows must have every loss known; see `fully_labelled`."""
    columns = np.concatenate([labels.loss, np.zeros((len(tiers), 1), dtype=np.int8)], axis=1)
    loss = columns[np.arange(len(tiers)), tiers]
    if (loss == UNKNOWN).any():
        raise ValueError("settle needs rows whose losses are all known")
    return RoutedRows(tier=tiers, loss=loss.astype(np.float64), cost_usd=np.asarray(tier_cost_usd)[tiers])


def fully_labelled(labels: Labels) -> npt.NDArray[np.bool_]:
    """(n,) which rows have a known loss at every tier."""
    return np.asarray((labels.loss != UNKNOWN).all(axis=1))


def saving(routed: RoutedRows, *, tier_cost_usd: Sequence[float]) -> float:
    """Share of the cost saved against always the strongest tier."""
    return float(1.0 - routed.cost_usd.mean() / tier_cost_usd[-1])
