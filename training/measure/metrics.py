"""Measures of scores and decisions: pure functions of arrays, formula and source in each docstring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from router.brain.calibration import Float64Array

BoolArray: TypeAlias = npt.NDArray[np.bool_]
TierIndex: TypeAlias = npt.NDArray[np.int64]


def auc(scores: Float64Array, positive: BoolArray) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative), ties count half. nan for one class.

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    return float(roc_auc_score(positive, scores)) if len(np.unique(positive)) == 2 else float("nan")


def log_loss(probabilities: Float64Array, positive: BoolArray) -> float:
    """Mean of -log P(what happened), natural logarithm, probabilities clipped to [1e-12, 1 - 1e-12]."""
    p = np.clip(probabilities, 1e-12, 1.0 - 1e-12)
    return float(-np.log(np.where(positive, p, 1.0 - p)).mean())


def brier(probabilities: Float64Array, positive: BoolArray) -> float:
    """Mean squared distance of the probability from what happened (Brier 1950), in [0, 1].

    >>> brier(np.array([1.0, 0.0]), np.array([True, True]))
    0.5
    """
    return float(((probabilities - positive) ** 2).mean())


class ReliabilityBin(NamedTuple):
    """One bin of a reliability diagram: mean probability, share of positives, rows."""

    p: float
    rate: float
    n: int


def reliability(probabilities: Float64Array, positive: BoolArray, *, n_bins: int = 10) -> list[ReliabilityBin]:
    """The bins of equal width that hold rows, in ascending order (Murphy, Winkler 1977).

    >>> reliability(np.array([0.1, 0.9, 0.9]), np.array([False, True, False]), n_bins=2)
    [ReliabilityBin(p=0.1, rate=0.0, n=1), ReliabilityBin(p=0.9, rate=0.5, n=2)]
    """
    bins = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    return [
        ReliabilityBin(float(probabilities[inside].mean()), float(positive[inside].mean()), int(inside.sum()))
        for inside in (bins == k for k in np.unique(bins))
    ]


def ece(probabilities: Float64Array, positive: BoolArray, *, n_bins: int = 10) -> float:
    """Expected calibration error: mean over rows of |share of positives - mean probability| of their bin (Naeini 2015).

    >>> round(ece(np.array([0.25, 0.25, 0.25, 0.25]), np.array([True, False, False, False])), 3)
    0.0
    """
    bins = reliability(probabilities, positive, n_bins=n_bins)
    return sum(cell.n * abs(cell.rate - cell.p) for cell in bins) / len(probabilities)


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


def threshold_sums(expected_quality_loss: Float64Array, values: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Sums of per-tier values over the chosen tiers, at every threshold where a choice changes: O(n log n).

    expected_quality_loss: (n, n_tiers), non-increasing along a row.  values: (n_values, n, n_tiers).
    Returns the thresholds, (m,) ascending, the first -inf (always the strongest), the last always the cheapest; and
    the sums (n_values, m). Rows of equal loss move together, so that the order of the file does not matter.

    >>> threshold_sums(np.array([[0.1, 0.0], [0.2, 0.0]]), np.array([[[1.0, 4.0], [1.0, 4.0]]]))
    (array([-inf,  0.1,  0.2]), array([[8., 5., 2.]]))
    """
    at = expected_quality_loss[:, :-1].ravel()
    order = np.argsort(at, kind="stable")
    at = at[order]
    steps = (values[:, :, :-1] - values[:, :, 1:]).reshape(len(values), -1)[:, order]
    last_of_tie = np.append(at[1:] != at[:-1], True) if at.size else np.zeros(0, dtype=np.bool_)
    start = values[:, :, -1].sum(axis=1, keepdims=True)
    sums = np.concatenate([start, start + np.cumsum(steps, axis=1)[:, last_of_tie]], axis=1)
    if at.size:
        sums[:, -1] = values[:, :, 0].sum(axis=1)  # exact, where the running sum would be off in the last digits
    return np.concatenate([[-np.inf], at[last_of_tie]]), sums


def saved_at_under_routing(
    expected_quality_loss: Float64Array,
    cheapest: TierIndex,
    *,
    tier_cost_usd: Sequence[float] | Float64Array,
    limit: float,
) -> float:
    """The most saved against always-strongest while at most `limit` of the rows are sent below their tier.

    One threshold moves over all rows: the cheapest tier whose expected loss is at or under it is chosen.
    expected_quality_loss: (n, n_tiers), non-increasing along a row.
    cheapest: (n,) each row's tier; n_tiers for a row that no tier solves: it counts, but is sent below nothing.
    tier_cost_usd: (n_tiers,) or, where each row has its own, (n, n_tiers).

    >>> saved_at_under_routing(np.array([[0.1, 0.0], [0.2, 0.0]]), np.array([0, 1]), tier_cost_usd=(1, 4), limit=0.0)
    0.375
    """
    n_rows, n_tiers = expected_quality_loss.shape
    costs = np.broadcast_to(np.asarray(tier_cost_usd, dtype=np.float64), (n_rows, n_tiers))
    below = (np.arange(n_tiers) < cheapest[:, None]) & (cheapest[:, None] < n_tiers)
    _, sums = threshold_sums(expected_quality_loss, np.stack([costs, below.astype(np.float64)]))
    kept = sums[1] / n_rows <= limit
    kept[0] = True  # always the strongest: nothing saved, no row sent below
    return max(0.0, float(1.0 - sums[0][kept].min() / sums[0, 0]))


ARENA_MAX_USD_PER_1K = 200.0
ARENA_MIN_USD_PER_1K = 0.0044


def arena_score(cost_usd_per_1k: float, quality: float, *, beta: float = 0.1) -> float:
    """Arena score (RouterArena, arXiv 2510.00202): (1 + beta) A C / (beta A + C), in [0, 1].

    A: mean quality.  C = (log2 c_max - log2 cost) / (log2 c_max - log2 c_min), with c_max 200 and c_min 0.0044 USD per
    1,000 requests, the cost held between them. A small beta weighs quality above cost.

    >>> round(arena_score(1.0, 0.75), 4), arena_score(500.0, 0.9), arena_score(0.001, 1.0)
    (0.7163, 0.0, 1.0)
    """
    if np.isnan(cost_usd_per_1k) or np.isnan(quality):
        return float("nan")
    cost = min(max(cost_usd_per_1k, ARENA_MIN_USD_PER_1K), ARENA_MAX_USD_PER_1K)
    spread = np.log2(ARENA_MAX_USD_PER_1K) - np.log2(ARENA_MIN_USD_PER_1K)
    cheapness = (np.log2(ARENA_MAX_USD_PER_1K) - np.log2(cost)) / spread
    below = beta * quality + cheapness
    return float((1 + beta) * quality * cheapness / below) if below > 0 else 0.0


def regret(quality: Float64Array, oracle: Float64Array) -> float:
    """Mean over rows of what the oracle's tier would have been better: max(0, oracle - quality).

    quality: (n,) at the chosen tier; oracle: (n,) at the cheapest adequate one. A row where luck beat the oracle does
    not offset another. 0 for a router that chooses as the oracle does.

    >>> regret(np.array([1.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.5])) == 1 / 3
    True
    """
    return _mean(np.maximum(0.0, oracle - quality))


def gap_to_oracle(quality: Float64Array, oracle: Float64Array) -> float:
    """(oracle - quality) / oracle, of means: Gap@Oracle of LLMRouterBench (arXiv 2601.07206). nan for an oracle at 0.

    >>> gap_to_oracle(np.array([1.0, 0.5]), np.array([1.0, 1.0]))
    0.25
    """
    known = np.isfinite(quality) & np.isfinite(oracle)
    best = _mean(oracle[known])
    return (best - _mean(quality[known])) / best if best > 0 else float("nan")


def savings_ratio(cost_usd: Float64Array, strongest_usd: Float64Array) -> float:
    """Share of the money saved against always the strongest tier on the same rows: 1 - sum / sum.

    >>> savings_ratio(np.array([1.0, 4.0]), np.array([4.0, 4.0]))
    0.375
    """
    total = float(strongest_usd.sum())
    return 1.0 - float(cost_usd.sum()) / total if total > 0 else float("nan")


def is_under_routed(chosen: TierIndex, cheapest: TierIndex, *, n_tiers: int) -> Float64Array:
    """(n,) 1 where the row was sent below its cheapest adequate tier, else 0; 0 where no tier solves it; nan unknown.

    >>> is_under_routed(np.array([0, 0, 1, 0]), np.array([0, 1, 1, 2]), n_tiers=2)
    array([0., 1., 0., 0.])
    """
    below = (chosen < cheapest) & (cheapest < n_tiers)
    return np.where(cheapest < 0, np.nan, below.astype(np.float64))


def is_over_routed(chosen: TierIndex, cheapest: TierIndex, *, n_tiers: int) -> Float64Array:
    """(n,) 1 where a cheaper tier would have done as well, else 0; where none solves it, that is the cheapest one.

    >>> is_over_routed(np.array([1, 0, 1, 1]), np.array([0, 1, 1, 2]), n_tiers=2)
    array([1., 0., 0., 1.])
    """
    above = chosen > np.where(cheapest == n_tiers, 0, cheapest)
    return np.where(cheapest < 0, np.nan, above.astype(np.float64))


def under_routing_rate(chosen: TierIndex, cheapest: TierIndex, *, n_tiers: int) -> float:
    """Share of the rows with a known tier that were sent below it; nan if there is none."""
    return _mean(is_under_routed(chosen, cheapest, n_tiers=n_tiers))


def over_routing_rate(chosen: TierIndex, cheapest: TierIndex, *, n_tiers: int) -> float:
    """Share of the rows with a known tier that were sent above it; nan if there is none."""
    return _mean(is_over_routed(chosen, cheapest, n_tiers=n_tiers))


def _mean(values: Float64Array) -> float:
    """The mean of the values that are known; nan if none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
