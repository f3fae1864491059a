"""Choose thresholds with a finite-sample bound on the quality they lose.

Learn then Test (Angelopoulos, Bates, Candes, Jordan, Lei 2021, arXiv 2110.01052) with fixed-sequence testing:
thresholds are tried from the safest up, each with an exact binomial test (Clopper, Pearson 1934) on rows that no head
saw, and the first that fails ends the sequence. So the probability that the chosen threshold's true loss is above the
target is at most 1 - confidence, whatever the number of thresholds tried.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import beta

from router.brain.brain import Scores
from router.brain.promise import Promise
from training.labels import Labels
from training.simulate import fully_labelled, route_scores, saving, settle

N_THRESHOLDS = 128


def binomial_upper_bound(n_losses: int, n_rows: int, *, confidence: float) -> float:
    """Clopper-Pearson upper bound of a rate, one-sided: P(rate <= bound) >= confidence.

    >>> round(binomial_upper_bound(0, 100, confidence=0.9), 4)
    0.0228
    """
    if n_losses >= n_rows:
        return 1.0
    return float(beta.ppf(confidence, n_losses + 1, n_rows - n_losses))


def promise_curve(
    scores: Scores,
    labels: Labels,
    *,
    tier_cost_usd: Sequence[float],
    max_distance: float,
    safe_tier: int,
    target: float,
    confidence: float,
    population: str,
) -> Promise:
    """The promise for every threshold, from scores and labels of rows that no head saw.

    The bounds are made non-decreasing (a running maximum): reading the curve at a target is then the fixed sequence.
    Rows whose loss is unknown at some tier are left out. Raises ValueError when no row is left.
    """
    known = np.flatnonzero(fully_labelled(labels))
    if known.size == 0:
        raise ValueError("no calibration row has a known loss at every tier; the promise needs some")
    kept = Scores(
        p_adequate=scores.p_adequate[known],
        expected_quality_loss=scores.expected_quality_loss[known],
        p_unsolved=scores.p_unsolved[known],
        domain_distance=scores.domain_distance[known],
    )
    rows = labels.take(known)
    thresholds = _candidates(kept)
    bounds, losses, savings = [], [], []
    for threshold in thresholds:
        tiers = route_scores(kept, threshold, max_distance=max_distance, safe_tier=safe_tier)
        routed = settle(tiers, rows, tier_cost_usd=tier_cost_usd)
        bounds.append(binomial_upper_bound(int(routed.loss.sum()), known.size, confidence=confidence))
        losses.append(float(routed.loss.mean()))
        savings.append(saving(routed, tier_cost_usd=tier_cost_usd))
    return Promise(
        target=target,
        confidence=confidence,
        n_rows=int(known.size),
        population=population,
        thresholds=tuple(thresholds),
        bounds=tuple(np.maximum.accumulate(bounds).tolist()),
        losses=tuple(losses),
        savings=tuple(savings),
    )


def _candidates(scores: Scores) -> list[float]:
    """Thresholds from 0 up: quantiles of the expected losses, where decisions change."""
    losses = scores.expected_quality_loss[:, :-1].ravel()
    quantiles = np.quantile(losses, np.linspace(0.0, 1.0, N_THRESHOLDS - 1))
    return [0.0, *sorted({float(value) for value in quantiles} - {0.0})]
