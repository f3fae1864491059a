"""Fit the logistic heads: one a tier but the strongest for "not adequate though a stronger one is", one for "unsolved".

The features are the service's own (`Brain.features`), with two helpers that fold away afterwards: a factor on the
embeddings, and an offset for each auxiliary source, so that a source with another base rate does not bend the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import joblib
import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router.brain.brain import LinearHeads
from router.brain.calibration import Float64Array, sigmoid
from training.config import FitConfig
from training.labels import UNKNOWN, Labels, Ternary
from training.splits import group_folds

MIN_OF_A_CLASS = 5
"""With fewer rows of one kind a head is a constant: words cannot be learned from a handful of rows."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadData:
    """What heads are fitted on.

    features: (n, n_features) float64, the service's own.  targets: (n, n_heads) ternary.
    weights: (n,) float64 above 0.  groups: one a row.
    auxiliary: (n,) the source's name for rows of auxiliary sources, "" for target rows.
    """

    features: Float64Array
    targets: Ternary
    weights: Float64Array
    groups: Sequence[str]
    auxiliary: npt.NDArray[np.str_]

    def take(self, rows: npt.NDArray[np.intp]) -> HeadData:
        """The data of some rows, in their order."""
        return HeadData(
            features=self.features[rows],
            targets=self.targets[rows],
            weights=self.weights[rows],
            groups=[self.groups[i] for i in rows.tolist()],
            auxiliary=self.auxiliary[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class FittedHeads:
    """Fitted heads, and how their regularisation was chosen.

    c: (n_heads) chosen inverse strengths.
    cv_log_loss: for each head the mean log-loss on held-out target rows by C, in c_grid order.
    """

    heads: LinearHeads
    c: tuple[float, ...]
    cv_log_loss: tuple[tuple[float, ...], ...]


def head_targets(labels: Labels, *, unsolved: str) -> Ternary:
    """(n, n_heads) ternary targets: the losses, then unsolved. `unsolved` as in FitConfig."""
    targets = np.concatenate([labels.loss, labels.unsolved[:, None]], axis=1)
    nobody = labels.unsolved == 1
    if unsolved == "drop":
        targets[nobody, :-1] = UNKNOWN
    elif unsolved == "strong":
        targets[nobody, :-1] = 1
    return targets


def row_weights(sources: npt.NDArray[np.str_], config: FitConfig) -> Float64Array:
    """The weight of each row: 1 for target rows, auxiliary_weight for others, less where a source is above its cap."""
    weights = np.ones(len(sources))
    for source in np.unique(sources):
        of_source = sources == source
        base = 1.0 if is_target(str(source), config) else config.auxiliary_weight
        weights[of_source] = base * min(1.0, config.source_cap / int(of_source.sum()))
    return weights


def is_target(source: str, config: FitConfig) -> bool:
    """Whether a source stands for the traffic that will be served."""
    return config.target_sources is None or source in config.target_sources


def fit_heads(data: HeadData, *, n_embedding: int, config: FitConfig) -> FittedHeads:
    """Choose C for each head by grouped cross-validation, then fit on all rows.

    n_embedding: how many of the features, from the first on, are embeddings; the rest are signals.
    """
    n_heads = data.targets.shape[1]
    design = _Design(data, n_embedding=n_embedding, scale=config.embedding_scale)
    if len(config.c_grid) == 1:
        return _fit_all(design, [config.c_grid[0]] * n_heads, cv_log_loss=())
    folds = group_folds(data.groups, n_folds=config.n_folds, seed=config.seed)
    grid = [(head, c, fold) for head in range(n_heads) for c in config.c_grid for fold in range(config.n_folds)]
    losses = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_held_out_loss)(design, folds, head=head, c=c, fold=fold) for head, c, fold in grid
    )
    table = np.array(losses).reshape(n_heads, len(config.c_grid), config.n_folds)
    cv_log_loss = np.nansum(table, axis=2) / np.maximum(1, np.isfinite(table).sum(axis=2))
    chosen = [
        config.c_grid[int(cv_log_loss[head].argmin())] if np.isfinite(table[head]).any() else config.c_grid[0]
        for head in range(n_heads)
    ]
    return _fit_all(design, chosen, cv_log_loss=tuple(tuple(row) for row in cv_log_loss.tolist()))


def _fit_all(design: _Design, c: Sequence[float], *, cv_log_loss: tuple[tuple[float, ...], ...]) -> FittedHeads:
    rows = np.arange(len(design.weights))
    fitted = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_fit_head)(design, rows, head=head, c=c[head]) for head in range(design.targets.shape[1])
    )
    return FittedHeads(
        heads=design.fold(np.stack([coef for coef, _ in fitted]), np.array([b for _, b in fitted])),
        c=tuple(c),
        cv_log_loss=cv_log_loss,
    )


class _Design:
    """The design matrix: scaled embeddings, signals, one 0/1 column an auxiliary source."""

    def __init__(self, data: HeadData, *, n_embedding: int, scale: float) -> None:
        self.targets = data.targets
        self.weights = data.weights
        self.is_target = data.auxiliary == ""
        names = [name for name in np.unique(data.auxiliary) if name] if self.is_target.any() else []
        self._n_features = data.features.shape[1]
        self._factor = np.ones(self._n_features)
        self._factor[:n_embedding] = scale
        offsets = [(data.auxiliary == name).astype(np.float64)[:, None] for name in names]
        self.matrix = np.concatenate([data.features * self._factor, *offsets], axis=1)

    def fold(self, coef: Float64Array, intercept: Float64Array) -> LinearHeads:
        """Heads on the service's own features; a target row has no offset, so offsets just fall away."""
        return LinearHeads(coef=coef[:, : self._n_features] * self._factor, intercept=intercept)


def _fit_head(design: _Design, rows: npt.NDArray[np.intp], *, head: int, c: float) -> tuple[Float64Array, float]:
    """Coefficients and intercept of one head on some rows; a constant where the target hardly varies."""
    y = design.targets[rows, head]
    rows, y = rows[y != UNKNOWN], y[y != UNKNOWN]
    n_ones = int((y == 1).sum())
    if min(n_ones, len(y) - n_ones) < MIN_OF_A_CLASS:
        rate = (n_ones + 0.5) / (len(y) + 1.0)
        return np.zeros(design.matrix.shape[1]), float(np.log(rate / (1.0 - rate)))
    # One thread: the sums, and with them the bundle's bytes, then do not depend on how many cores are free.
    with threadpool_limits(limits=1):
        model = LogisticRegression(C=c, solver="lbfgs", max_iter=2_000, tol=1e-5)
        model.fit(design.matrix[rows], y, sample_weight=design.weights[rows])
    return model.coef_[0], float(model.intercept_[0])


def _held_out_loss(design: _Design, folds: npt.NDArray[np.int64], *, head: int, c: float, fold: int) -> float:
    """Mean log-loss on the fold's target rows; nan where the fold has nothing to say."""
    known = design.targets[:, head] != UNKNOWN
    held_out = np.flatnonzero((folds == fold) & known & (design.is_target | ~design.is_target.any()))
    train = np.flatnonzero((folds != fold) & known)
    y = design.targets[train, head]
    if held_out.size == 0 or y.min(initial=1) == y.max(initial=0):
        return float("nan")
    coef, intercept = _fit_head(design, train, head=head, c=c)
    p = np.clip(sigmoid(design.matrix[held_out] @ coef + intercept), 1e-12, 1 - 1e-12)
    target = design.targets[held_out, head]
    return float(np.average(-np.log(np.where(target == 1, p, 1 - p)), weights=design.weights[held_out]))
