"""What the service would decide for many requests at one threshold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from router.brain.brain import Scores
from router.brain.calibration import Float64Array
from training.labels.labels import UNKNOWN, Labels
from training.rows.splits import RowIndex

TierIndex = npt.NDArray[np.int64]


def route_tiers(expected_quality_loss: Float64Array, threshold: float) -> TierIndex:
    """The chosen tier of each row, all tiers allowed: (n, n_tiers) to (n,).

    The same rule as `router.policy.choose_tier`; the last column is 0, so some tier always passes.
    """
    return np.asarray((expected_quality_loss <= max(threshold, 0.0)).argmax(axis=1), dtype=np.int64)


def route_scores(scores: Scores, threshold: float, *, max_distance: float, safe_tier: int) -> TierIndex:
    """The same with rows out of domain sent to the safe tier at least, as the service does."""
    tiers = route_tiers(scores.expected_quality_loss, threshold)
    return np.where(scores.domain_distance > max_distance, np.maximum(tiers, safe_tier), tiers)


def take_scores(scores: Scores, rows: RowIndex) -> Scores:
    """The scores of some rows, in their order."""
    return Scores(
        p_adequate=scores.p_adequate[rows],
        expected_quality_loss=scores.expected_quality_loss[rows],
        p_unsolved=scores.p_unsolved[rows],
        domain_distance=scores.domain_distance[rows],
    )


def fully_labelled(labels: Labels) -> npt.NDArray[np.bool_]:
    """(n,) which rows have a known loss at every tier."""
    return np.asarray((labels.loss != UNKNOWN).all(axis=1))
