"""Cost and quality as one threshold moves, and what is read off that curve: PGR, APGR, CPT, AIQ. Pure functions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from training.measure.metrics import threshold_sums


class CostQualityCurve(NamedTuple):
    """Mean cost and mean quality as one threshold moves, from always-strongest to always-cheapest.

    thresholds, cost_usd, quality: (m,) each.  Neither cost nor quality need be monotone.
    """

    thresholds: Float64Array
    cost_usd: Float64Array
    quality: Float64Array

    def quality_at(self, cost_usd: float | Float64Array) -> Float64Array:
        """Mean quality at a mean cost, between two points by mixing their thresholds; held beyond the ends."""
        order = np.argsort(self.cost_usd, kind="stable")
        return np.asarray(np.interp(np.asarray(cost_usd), self.cost_usd[order], self.quality[order]))


def cost_quality_curve(
    expected_quality_loss: Float64Array, cost_usd: Float64Array, quality: Float64Array
) -> CostQualityCurve:
    """The curve of all thresholds (RouterBench, arXiv 2403.12031). All three arguments: (n, n_tiers).

    Rows with an unknown quality (nan) at any tier are left out. No row left: an empty curve.

    >>> curve = cost_quality_curve(
    ...     np.array([[0.1, 0.0], [0.2, 0.0]]), np.array([[1.0, 4.0]] * 2), np.array([[1.0, 1.0], [0.0, 1.0]])
    ... )
    >>> curve.cost_usd, curve.quality
    (array([4. , 2.5, 1. ]), array([1. , 1. , 0.5]))
    """
    known = np.isfinite(quality).all(axis=1)
    if not known.any():
        return CostQualityCurve(np.zeros(0), np.zeros(0), np.zeros(0))
    values = np.stack([cost_usd[known], quality[known]])
    thresholds, sums = threshold_sums(expected_quality_loss[known], values)
    cost, mean_quality = sums / known.sum()
    return CostQualityCurve(thresholds, cost, mean_quality)


def pgr(quality: npt.ArrayLike, *, weak: float, strong: float) -> Float64Array:
    """Performance gap recovered, (quality - weak) / (strong - weak) (RouteLLM, arXiv 2406.18665). nan without a gap.

    >>> float(pgr(0.75, weak=0.5, strong=1.0))
    0.5
    """
    gap = strong - weak
    return np.asarray((np.asarray(quality, dtype=np.float64) - weak) / (gap if gap != 0 else np.nan))


def curve_apgr(curve: CostQualityCurve) -> float:
    """APGR for any number of tiers: the mean PGR over cost shares 0..1 (trapezoids), weak and strong the two ends.

    For two tiers of fixed cost it is RouteLLM's APGR and equals `apgr`. A random mix of the ends gives 0.5.
    nan without a gap in quality or in cost.
    """
    share, quality = _between_ends(curve)
    if share.size == 0:
        return float("nan")
    recovered = pgr(quality, weak=float(curve.quality[-1]), strong=float(curve.quality[0]))
    return float(np.trapezoid(recovered, share))


def cpt(strong_share: Float64Array, quality: Float64Array, *, weak: float, strong: float, target: float) -> float:
    """Call-performance threshold (RouteLLM): the least strong share (for N tiers: cost share) with PGR >= target.

    strong_share: ascending, quality: of the same points. A curve may dip, so the running best counts.
    1 where the target is not reached, nan where the strong end is not better than the weak one.

    >>> cpt(np.array([0.0, 0.4, 1.0]), np.array([0.5, 0.8, 1.0]), weak=0.5, strong=1.0, target=0.5)
    0.4
    """
    if not strong > weak:
        return float("nan")
    reached = np.flatnonzero(np.maximum.accumulate(pgr(quality, weak=weak, strong=strong)) >= target - 1e-12)
    return float(strong_share[reached[0]]) if reached.size else 1.0


def curve_cpt(curve: CostQualityCurve, *, target: float) -> float:
    """`cpt` along a curve, over its cost shares."""
    share, quality = _between_ends(curve)
    if share.size == 0:
        return float("nan")
    return cpt(share, quality, weak=float(curve.quality[-1]), strong=float(curve.quality[0]), target=target)


def _between_ends(curve: CostQualityCurve) -> tuple[Float64Array, Float64Array]:
    """Cost shares, ascending, and qualities; without points costlier than always-strongest, as a bad middle tier is.

    Empty where the strongest tier costs no more than the cheapest.
    """
    if curve.cost_usd.size == 0 or not curve.cost_usd[0] > curve.cost_usd[-1]:
        return np.zeros(0), np.zeros(0)
    share = (curve.cost_usd - curve.cost_usd[-1]) / (curve.cost_usd[0] - curve.cost_usd[-1])
    order = np.argsort(share, kind="stable")
    order = order[(share[order] >= 0) & (share[order] <= 1)]
    return share[order], curve.quality[order]


def upper_hull(cost: Float64Array, quality: Float64Array) -> tuple[Float64Array, Float64Array]:
    """The non-decreasing upper convex hull of points: what mixing them gives at best, ascending in cost.

    (RouterBench, arXiv 2403.12031, section 3.) Points that cost more without being better are dropped.

    >>> upper_hull(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.2, 0.3, 0.8, 0.7]))
    (array([1., 3.]), array([0.2, 0.8]))
    """
    hull: list[tuple[float, float]] = []
    order = np.lexsort((-quality, cost))
    for x, y in zip(cost[order].tolist(), quality[order].tolist(), strict=True):
        if hull and y <= hull[-1][1]:
            continue
        while len(hull) > 1 and _is_under(hull[-1], hull[-2], (x, y)):
            hull.pop()
        hull.append((x, y))
    return np.array([x for x, _ in hull]), np.array([y for _, y in hull])


def _is_under(point: tuple[float, float], left: tuple[float, float], right: tuple[float, float]) -> bool:
    run, rise = right[0] - left[0], right[1] - left[1]
    return (point[1] - left[1]) * run <= rise * (point[0] - left[0])


def aiq(cost: Float64Array, quality: Float64Array, *, max_cost: float | None = None) -> float:
    """Average improvement in quality (RouterBench, arXiv 2403.12031; evaluation/AIQ.py there).

    The area under the non-decreasing convex hull of (cost, quality), from its cheapest point, held flat up to the
    largest cost compared, divided by that cost. It starts at the cheapest point as theirs does, so it is at most
    1 - cheapest / largest.
    max_cost: the largest cost of all that is compared; of these points if None.

    >>> round(aiq(np.array([1.0, 4.0]), np.array([0.5, 1.0])), 4)
    0.5625
    """
    if cost.size == 0:
        return float("nan")
    x, y = upper_hull(cost, quality)
    largest = float(cost.max()) if max_cost is None else max_cost
    if largest <= 0:
        return float("nan")
    return float(np.trapezoid(np.append(y, y[-1]), np.append(x, max(largest, x[-1]))) / largest)
