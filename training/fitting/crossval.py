"""Out-of-fold scores: every row scored by heads that saw neither it nor its group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.brain.brain import SignalScale, scores_of
from router.brain.calibration import Float64Array, sigmoid
from router.types import FloatArray
from training.config import FitConfig
from training.fitting.design import RowBuckets
from training.fitting.heads import FittedHeads, HeadData, fit_heads, head_targets, reversals
from training.fitting.hyper import LABELS
from training.labels.labels import Labels
from training.rows.splits import RowIndex, group_folds
from training.rows.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class CrossvalData(Table):
    """What is cross-validated.

    embeddings: (n, n_views * dim) float32; no columns for none.  signals: (n, n_signals) float32, raw; may be none.
    buckets: n-gram buckets; None for heads without n-grams.  labels, groups: of the same rows.
    """

    embeddings: FloatArray
    signals: FloatArray
    buckets: RowBuckets | None
    labels: Labels
    groups: npt.NDArray[np.str_]


def out_of_fold_losses(data: CrossvalData, config: FitConfig, *, n_folds: int, seed: int) -> Float64Array:
    """Expected quality loss of each row, (n, n_tiers), from heads fitted on the other folds; not calibrated further."""
    folds = group_folds(data.groups, n_folds=n_folds, seed=seed)
    return losses_by_fold(data, folds, config)


def losses_by_fold(data: CrossvalData, folds: npt.NDArray[np.int64], config: FitConfig) -> Float64Array:
    """The same for given folds: (n,) the fold of each row."""
    out = np.zeros(data.labels.adequate.shape)
    for fold in np.unique(folds):
        held_out = np.flatnonzero(folds == fold)
        out[held_out] = held_out_losses(data, config, fit=np.flatnonzero(folds != fold), score=held_out)
    return out


def held_out_losses(data: CrossvalData, config: FitConfig, *, fit: RowIndex, score: RowIndex) -> Float64Array:
    """Expected quality loss of the rows `score`, (n_score, n_tiers), from heads fitted on the rows `fit`."""
    logits = fit_columns(data.take(fit), config).logits(data.take(score))
    return scores_of(sigmoid(logits), domain_distance=np.zeros(len(score))).expected_quality_loss


@dataclass(frozen=True, slots=True, eq=False)
class FittedColumns:
    """Heads with the scale of the signals that they were fitted on."""

    scale: SignalScale
    heads: FittedHeads

    def logits(self, data: CrossvalData) -> Float64Array:
        """The heads' logits of some rows: (n, n_heads)."""
        return self.heads.logits(scaled_features(data.embeddings, data.signals, self.scale), data.buckets)


def fit_columns(known: CrossvalData, config: FitConfig) -> FittedColumns:
    """Heads on all of these rows, each of weight 1."""
    scale = signal_scale(known.signals)
    heads = fit_heads(
        HeadData(
            features=scaled_features(known.embeddings, known.signals, scale),
            buckets=known.buckets,
            targets=head_targets(known.labels, unsolved=config.unsolved),
            reversed=reversals(known.labels),
            weights=np.ones(len(known)),
            groups=known.groups,
            auxiliary=np.full(len(known), ""),
        ),
        n_embedding=known.embeddings.shape[1],
        config=config,
        hyper=config.hyper or LABELS,
    )
    return FittedColumns(scale, heads)


def scaled_features(embeddings: FloatArray, signals: FloatArray, scale: SignalScale) -> FloatArray:
    """What the heads are linear in: (n, n_features) float32, the same numbers as the service's float64."""
    return np.concatenate([embeddings, scale.apply(signals)], axis=1)


def signal_scale(signals: FloatArray) -> SignalScale:
    """The scale that brings these rows' signals to mean 0 and deviation 1; a constant signal is only centred."""
    deviation = signals.std(axis=0, dtype=np.float64)
    return SignalScale(
        mean=signals.mean(axis=0, dtype=np.float64).astype(np.float32),
        deviation=np.where(deviation > 1e-6, deviation, 1.0).astype(np.float32),
    )
