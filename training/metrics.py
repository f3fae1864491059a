"""Measures of scores and decisions: pure functions of arrays, formula and source in each docstring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from router.brain.calibration import Float64Array

BoolArray = npt.NDArray[np.bool_]


def auc(scores: Float64Array, positive: BoolArray) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative), ties count half. nan for one class.

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def log_loss(probabilities: Float64Array, positive: BoolArray) -> float:
    """Mean of -log P(what happened), natural logarithm, probabilities held to [1e-12, 1 - 1e-12]."""
    p = np.clip(probabilities, 1e-12, 1.0 - 1e-12)
    return float(-np.log(np.where(positive, p, 1.0 - p)).mean())


def brier(probabilities: Float64Array, positive: BoolArray) -> float:
    """Mean squared distance of the probability from what happened (Brier 1950), in [0, 1].

    >>> brier(np.array([1.0, 0.0]), np.array([True, True]))
    0.5
    """
    return float(((probabilities - positive) ** 2).mean())


def ece(probabilities: Float64Array, positive: BoolArray, *, n_bins: int = 10) -> float:
    """Expected calibration error: mean |share of positives - mean probability| over bins of equal width (Naeini 2015).

    >>> round(ece(np.array([0.25, 0.25, 0.25, 0.25]), np.array([True, False, False, False])), 3)
    0.0
    """
    bins = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    gaps = np.bincount(bins, weights=positive - probabilities, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(probabilities))


def apgr(scores: Float64Array, weak: Float64Array, strong: Float64Array) -> float:
    """Average performance gap recovered (RouteLLM, arXiv 2406.18665).

    Rows with the highest scores go to the strong model. PGR = (quality - weak) / (strong - weak); APGR is its mean over
    strong shares 0..1 (trapezoids at every row). Random order gives 0.5. Rows of equal score go together: they share
    their mean gain, so that the order of the file does not matter.
    nan where strong and weak are equally good.

    >>> apgr(np.array([2.0, 1.0]), np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    0.75
    """
    gain = (strong - weak).astype(np.float64)
    total = gain.sum()
    if total == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    _, tie, counts = np.unique(-scores[order], return_inverse=True, return_counts=True)
    shared = (np.bincount(tie, weights=gain[order]) / counts)[tie]
    recovered = np.concatenate([[0.0], np.cumsum(shared)]) / total
    return float((recovered[1:] + recovered[:-1]).mean() / 2)


def saved_at_under_routing(
    expected_quality_loss: Float64Array,
    cheapest: npt.NDArray[np.int64],
    *,
    tier_cost_usd: Sequence[float],
    limit: float,
) -> float:
    """The most saved against always-strongest while at most `limit` of the rows are sent below their tier.

    One threshold moves over all rows: the cheapest tier whose expected loss is at or under it is chosen.
    expected_quality_loss: (n, n_tiers), non-increasing along a row.  cheapest: (n,) each row's tier.
    """
    best = 0.0
    cost = np.asarray(tier_cost_usd)
    for threshold in np.unique(expected_quality_loss):
        tiers = (expected_quality_loss <= threshold).argmax(axis=1)
        if (tiers < cheapest).mean() > limit:
            break
        best = max(best, float(1.0 - cost[tiers].mean() / cost[-1]))
    return best
