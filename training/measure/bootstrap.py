"""Confidence intervals of anything that is computed from rows: a paired bootstrap that resamples whole groups.

Rows of one group (a pair, a conversation, copies) are not independent, so groups are drawn, not rows (Davison, Hinkley
1997, section 3.8). All entries of one statistic see the same draws: differences between policies are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from training.rows.splits import RowIndex

CONFIDENCE = 0.95
MIN_GROUPS = 10
"""With fewer groups the draws say next to nothing of the spread (with one, they all agree): no interval is given."""

Statistic: TypeAlias = Callable[[RowIndex], npt.ArrayLike]
"""Row positions, with repeats, to a vector. It must not depend on their order."""


class Interval(NamedTuple):
    """A value on all rows and its two-sided 95% percentile interval; nan where there is none."""

    point: float
    low: float
    high: float


def bootstrap(
    groups: Sequence[str] | npt.NDArray[np.str_], statistic: Statistic, *, n_resamples: int = 1000, seed: int = 0
) -> tuple[Interval, ...]:
    """The interval of each entry of a statistic, by drawing as many groups as there are, with replacement.

    groups: (n,) the group of each row.  statistic: called with all rows first, then once a resample.
    An entry that is nan in some resamples has its interval from the others. Same groups, same seed: same draws.
    """
    n_rows = len(groups)
    point = np.atleast_1d(np.asarray(statistic(np.arange(n_rows)), dtype=np.float64))
    draws = np.full((n_resamples, len(point)), np.nan)
    if len(np.unique(groups)) >= MIN_GROUPS:
        for position, rows in enumerate(resamples(groups, n_resamples=n_resamples, seed=seed)):
            draws[position] = statistic(rows)
    return tuple(_interval(value, draws[:, entry]) for entry, value in enumerate(point.tolist()))


def resamples(groups: Sequence[str] | npt.NDArray[np.str_], *, n_resamples: int, seed: int) -> Iterator[RowIndex]:
    """The row positions of each resample; a group that is drawn twice has its rows twice."""
    _, code, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    by_group = np.argsort(code, kind="stable")
    starts = np.cumsum(sizes) - sizes
    rng = np.random.default_rng(seed)
    for _ in range(n_resamples):
        drawn = rng.integers(0, len(sizes), len(sizes))
        n_drawn = sizes[drawn]
        before = np.cumsum(n_drawn) - n_drawn
        yield by_group[np.repeat(starts[drawn] - before, n_drawn) + np.arange(n_drawn.sum())]


def _interval(point: float, draws: Float64Array) -> Interval:
    known = draws[np.isfinite(draws)]
    if np.isnan(point) or known.size == 0:
        return Interval(point, np.nan, np.nan)
    tail = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return Interval(point, float(low), float(high))
