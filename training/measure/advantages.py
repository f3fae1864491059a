"""How much better a router is than its baselines at the same mean cost, with paired intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from training.labels.labels import UNKNOWN
from training.measure.baselines import one_hot, shuffle
from training.measure.bootstrap import Interval, bootstrap
from training.measure.curves import cost_quality_curve, upper_hull
from training.measure.measured import MeasuredRows
from training.rows.splits import RowIndex
from training.thresholds.simulate import fully_labelled

BEST_FIXED = "best_fixed_at_equal_cost"
SHUFFLE = "shuffle"

MIN_KNOWN_SHARE = 0.9
"""Sources that lack a tier know the loss only where it is small; below this share of known rows no figure is given."""


def complete_rows(measured: MeasuredRows) -> npt.NDArray[np.bool_]:
    """(n,) rows on which every policy can be settled: every loss, every quality and the cheapest tier are known."""
    return np.asarray(
        fully_labelled(measured.labels)
        & (measured.labels.cheapest != UNKNOWN)
        & np.isfinite(measured.quality).all(axis=1)
    )


def measurable_rows(measured: MeasuredRows) -> RowIndex:
    """The positions of the complete rows; none where they are too few to represent all rows."""
    complete = complete_rows(measured)
    return np.flatnonzero(complete & (complete.sum() >= MIN_KNOWN_SHARE * len(complete)))


def quality_gains(
    measured: MeasuredRows,
    scored: Mapping[str, Float64Array],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """The router's mean quality less each baseline's at the router's mean cost.

    measured: complete rows.  scored: expected quality losses, (n, n_tiers), of each baseline that moves a threshold.

    - best_fixed_at_equal_cost: the upper hull of the always-one-tier points, which mixing two tiers reaches.
    - shuffle: the router's choices shuffled within sources. Where rows have prices of their own its cost is not quite
      the router's; the difference is exchanged for quality along that hull.
    - each of `scored`: its own cost-quality curve, between two points by mixing them.

    All of it, hulls and curves too, is computed again on each resample.
    """
    router = one_hot(measured.chosen, n_tiers=len(measured.tiers))

    def gains(rows: RowIndex) -> list[float]:
        cost_usd, quality = measured.cost_usd[rows], measured.quality[rows]
        chosen = router[rows]
        usd, gained = _mean_of(chosen, cost_usd), _mean_of(chosen, quality)
        hull = upper_hull(cost_usd.mean(axis=0), quality.mean(axis=0))
        shuffled = shuffle(chosen, measured.sources[rows])
        fixed, fixed_at_shuffle = np.interp([usd, _mean_of(shuffled, cost_usd)], *hull).tolist()
        curves = [cost_quality_curve(losses[rows], cost_usd, quality) for losses in scored.values()]
        return [
            gained - fixed,
            gained - (_mean_of(shuffled, quality) + fixed - fixed_at_shuffle),
            *[gained - float(curve.quality_at(usd)) for curve in curves],
        ]

    intervals = bootstrap(measured.groups, gains, n_resamples=n_resamples, seed=seed)
    return dict(zip([BEST_FIXED, SHUFFLE, *scored], intervals, strict=True))


def gain_over_bundle(
    measured: MeasuredRows, in_use: MeasuredRows, *, n_resamples: int = 1000, seed: int = 0
) -> Interval:
    """The same against another bundle on the same complete rows, both as they serve.

    in_use: with the choices that the other makes at its own threshold. Where its cost is not the router's, the
    difference is exchanged for quality along its own curve. So where both choose the same tiers the gain is 0, and
    what the other's threshold and safe tier gain or lose it keeps.
    """
    if not len(measured):
        return Interval(np.nan, np.nan, np.nan)
    every = np.arange(len(measured))
    router_usd, router_quality = (values[every, measured.chosen] for values in (measured.cost_usd, measured.quality))
    other_usd, other_quality = (values[every, in_use.chosen] for values in (measured.cost_usd, measured.quality))

    def gain(rows: RowIndex) -> float:
        curve = cost_quality_curve(
            in_use.scores.expected_quality_loss[rows], measured.cost_usd[rows], measured.quality[rows]
        )
        moved = curve.quality_at(np.array([router_usd[rows].mean(), other_usd[rows].mean()]))
        return float(router_quality[rows].mean() - other_quality[rows].mean() - (moved[0] - moved[1]))

    return bootstrap(measured.groups, gain, n_resamples=n_resamples, seed=seed)[0]


def _mean_of(policy: Float64Array, values: Float64Array) -> float:
    return float((policy * values).sum() / len(policy))
