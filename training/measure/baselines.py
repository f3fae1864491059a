"""What a router must beat: fixed tiers, a random mix, a shuffle of its own choices, simple scores, and the oracle.

A policy is a matrix (n, n_tiers): the probability of each tier for each row, so that the expected quality and cost of
a mix are exact and everything is paired with the router row by row. A scored baseline gives an expected quality loss
as the router does, and one threshold moves over it; it is fitted on rows other than the test rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from router.brain.brain import scores_of
from router.brain.calibration import Float64Array, sigmoid
from router.reading.signals import SIGNAL_NAMES
from router.types import FloatArray
from training.config import FitConfig
from training.fitting.crossval import signal_scale
from training.fitting.heads import HeadData, fit_heads, head_targets, reversals
from training.fitting.hyper import LABELS
from training.labels.labels import UNKNOWN, Labels, Ternary
from training.measure.metrics import auc, threshold_sums
from training.rows.splits import RowIndex, group_folds
from training.rows.table import Table
from training.thresholds.simulate import TierIndex

Policy: TypeAlias = Float64Array

LENGTH_SIGNAL = SIGNAL_NAMES.index("ask_words_log")
KNN_GRID = (5, 10, 20, 40, 80, 160)
KNN_CV_ROWS = 3_000
"""k is chosen on at most this many rows: distances of all pairs of 40,000 rows would take longer than the fit."""


# --- Policies that look at nothing, or at the answer ------------------------------------------------------------------


def one_hot(chosen: TierIndex, *, n_tiers: int) -> Policy:
    """The policy that makes these choices: (n,) tier positions to (n, n_tiers)."""
    return np.eye(n_tiers)[chosen]


def random_mix(router: Policy) -> Policy:
    """Each row's tier drawn at the router's tier shares, whatever the row."""
    return np.broadcast_to(router.mean(axis=0), router.shape)


def shuffle(router: Policy, sources: npt.NDArray[np.str_]) -> Policy:
    """The router's own choices dealt out again among the rows of each source: the mean over all permutations.

    Each source keeps its tier mix, and with it, where tiers have fixed prices, its cost. So what is left to the router
    is what it knows of the single request; knowing the source alone is not an advantage over this baseline.
    """
    _, code, counts = np.unique(sources, return_inverse=True, return_counts=True)
    shares = [np.bincount(code, weights=column) / counts for column in router.T]
    return np.stack(shares, axis=1)[code]


def oracle(cheapest: TierIndex, *, n_tiers: int) -> Policy:
    """The cheapest adequate tier with hindsight; the cheapest tier for a row that none solves."""
    return one_hot(np.where(cheapest == n_tiers, 0, cheapest), n_tiers=n_tiers)


# --- Policies that move one threshold over expected losses ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ThresholdMix:
    """Two neighbouring thresholds and how often the looser one is used: any mean cost can be met by such a mix."""

    strict: float
    loose: float
    loose_share: float

    def policy(self, expected_quality_loss: Float64Array) -> Policy:
        """The policy on some rows: (n, n_tiers) expected losses to (n, n_tiers) probabilities."""
        strict = _choices(expected_quality_loss, self.strict)
        return strict + self.loose_share * (_choices(expected_quality_loss, self.loose) - strict)


def _choices(expected_quality_loss: Float64Array, threshold: float) -> Policy:
    passes = expected_quality_loss <= threshold
    passes[:, -1] = True
    return one_hot(passes.argmax(axis=1), n_tiers=passes.shape[1])


def match_cost(expected_quality_loss: Float64Array, cost_usd: Float64Array, *, mean_usd: float) -> ThresholdMix:
    """The strictest thresholds whose mix costs `mean_usd` a row; the nearest end where none does.

    expected_quality_loss, cost_usd: (n, n_tiers) of the rows on which the cost is to be met.
    """
    thresholds, (sums,) = threshold_sums(expected_quality_loss, cost_usd[None])
    costs = sums / len(cost_usd)
    within = np.flatnonzero(costs <= mean_usd)
    at = int(within[0]) if within.size else len(costs) - 1
    if at == 0 or not within.size:
        return ThresholdMix(float(thresholds[at]), float(thresholds[at]), 1.0)
    share = (costs[at - 1] - mean_usd) / (costs[at - 1] - costs[at])
    return ThresholdMix(float(thresholds[at - 1]), float(thresholds[at]), float(share))


# --- Scores that are fitted -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Features(Table):
    """What a scored baseline may look at.

    signals: (n, n_signals) float32, raw, in SIGNAL_NAMES order.  embeddings: (n, dim) float32, the router's own.
    """

    signals: FloatArray
    embeddings: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class KnownRows(Table):
    """Rows that a baseline is fitted on, or matched in cost on; at least one.

    features, labels: of the rows.  groups: (n,) names.  cost_usd: (n, n_tiers).
    """

    features: Features
    labels: Labels
    groups: npt.NDArray[np.str_]
    cost_usd: Float64Array


Scorer: TypeAlias = Callable[[Features], Float64Array]
"""Rows' features to their expected quality losses, (n, n_tiers), non-increasing along a row."""


def fit_length_rule(known: KnownRows, config: FitConfig) -> Scorer:
    """Longer asks to stronger tiers (or the reverse, where the rows say so): the loss is monotone in the words.

    Isotonic regression of each tier's loss on the length: one threshold on it is a set of cut points on the length.
    """
    targets = head_targets(known.labels, unsolved=config.unsolved)[:, :-1]
    length = known.features.signals[:, LENGTH_SIGNAL].astype(np.float64)
    rules = [_isotonic(length, column) for column in targets.T]

    def score(features: Features) -> Float64Array:
        x = features.signals[:, LENGTH_SIGNAL].astype(np.float64)
        return _coherent(np.column_stack([rule(x) for rule in rules]))

    return score


def fit_signals_only(known: KnownRows, config: FitConfig) -> Scorer:
    """The same logistic heads as the router's, on surface signals alone: no embeddings, no n-grams."""
    scale = signal_scale(known.features.signals)
    n_rows = len(known)
    data = HeadData(
        features=scale.apply(known.features.signals),
        buckets=None,
        targets=head_targets(known.labels, unsolved=config.unsolved),
        reversed=reversals(known.labels),
        weights=np.ones(n_rows),
        groups=known.groups,
        auxiliary=np.full(n_rows, ""),
    )
    heads = fit_heads(data, n_embedding=0, config=config, hyper=config.hyper or LABELS).heads

    def score(features: Features) -> Float64Array:
        return _coherent(sigmoid(heads.logits(scale.apply(features.signals).astype(np.float64)))[:, :-1])

    return score


def fit_knn(known: KnownRows, config: FitConfig) -> Scorer:
    """The mean loss of the k nearest rows by embedding; k by grouped cross-validation (see `choose_k`)."""
    targets = head_targets(known.labels, unsolved=config.unsolved)[:, :-1]
    embeddings = known.features.embeddings
    k = choose_k(embeddings, targets, known.groups, config)

    def score(features: Features) -> Float64Array:
        return _coherent(_neighbour_means(embeddings, targets, features.embeddings, (k,))[0])

    return score


def choose_k(embeddings: FloatArray, targets: Ternary, groups: npt.NDArray[np.str_], config: FitConfig) -> int:
    """The k of KNN_GRID with the least squared error on held-out groups; the smaller one of equals."""
    rows = _some_rows(len(groups), seed=config.seed)
    folds = group_folds(groups[rows], n_folds=config.n_folds, seed=config.seed)
    errors = np.zeros(len(KNN_GRID))
    for fold in np.unique(folds):
        train, held_out = rows[folds != fold], rows[folds == fold]
        if train.size == 0:
            return KNN_GRID[0]
        known = targets[held_out] != UNKNOWN
        means = _neighbour_means(embeddings[train], targets[train], embeddings[held_out], KNN_GRID)
        errors += [float(((mean - targets[held_out]) ** 2)[known].sum()) for mean in means]
    return KNN_GRID[int(errors.argmin())]


def _some_rows(n_rows: int, *, seed: int) -> RowIndex:
    if n_rows <= KNN_CV_ROWS:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, KNN_CV_ROWS, replace=False))


def _neighbour_means(train: FloatArray, targets: Ternary, asked: FloatArray, grid: Sequence[int]) -> list[Float64Array]:
    """For each k the mean of the known targets among the k nearest, pulled to the base rate by one row's weight."""
    with threadpool_limits(limits=1):
        index = NearestNeighbors(n_neighbors=min(max(grid), len(train)), algorithm="brute").fit(train)
        nearest = index.kneighbors(asked, return_distance=False)
    known = targets != UNKNOWN
    rate = ((targets == 1).sum(axis=0) + 0.5) / (known.sum(axis=0) + 1.0)
    ones = np.cumsum((targets == 1)[nearest], axis=1)
    count = np.cumsum(known[nearest], axis=1)
    last = [min(k, nearest.shape[1]) - 1 for k in grid]
    return [(ones[:, k] + rate) / (count[:, k] + 1.0) for k in last]


def _isotonic(x: Float64Array, target: Ternary) -> Callable[[Float64Array], Float64Array]:
    known = target != UNKNOWN
    y = target[known] == 1
    if not known.any():
        return np.zeros_like
    increasing = not auc(x[known], y) < 0.5
    rule = IsotonicRegression(y_min=0.0, y_max=1.0, increasing=increasing, out_of_bounds="clip")
    rule.fit(x[known], y.astype(np.float64))

    def predict(length: Float64Array) -> Float64Array:
        return np.asarray(rule.predict(length), dtype=np.float64)

    return predict


def _coherent(losses: Float64Array) -> Float64Array:
    """Losses of the tiers but the strongest to (n, n_tiers) that do not rise along a row, by the router's own rule."""
    unsolved = np.zeros((len(losses), 1))
    scores = scores_of(np.concatenate([losses, unsolved], axis=1), domain_distance=np.zeros(len(losses)))
    return scores.expected_quality_loss
