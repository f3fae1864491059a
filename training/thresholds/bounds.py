"""The service's confidence bounds, for rows whose groups have names, and the score interval of a share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.stats import binomtest

from router.brain.bounds import Bounded, Grouping, binomial_upper_bounds, hoeffding_bentkus_upper_bounds

__all__ = [
    "Bounded",
    "Grouping",
    "binomial_upper_bounds",
    "grouping_of",
    "hoeffding_bentkus_upper_bounds",
    "wilson_interval",
]


@cache  # about a millisecond each, and reports ask for the same ones again
def wilson_interval(n_true: int, n: int) -> tuple[float, float]:
    """95% score interval of a share n_true / n (Wilson 1927): in [0, 1], sound also near its ends. (0, 1) for n = 0.

    >>> [round(end, 3) for end in wilson_interval(8, 10)]
    [0.49, 0.943]
    """
    if n == 0:
        return 0.0, 1.0
    interval = binomtest(n_true, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def grouping_of(groups: Sequence[str]) -> Grouping:
    """The grouping of rows by the names of their groups."""
    _, numbers = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    return Grouping.of_numbers(numbers)
