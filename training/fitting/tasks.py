"""Fit the task head: which of the rows' task types a request is, from what the loss heads see too."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router.brain.brain import Brain
from router.brain.calibration import Float64Array
from router.brain.ngrams import NgramTable
from router.brain.tasks import TaskHead
from training.fitting.design import RowBuckets, build_design
from training.fitting.hyper import LABELS
from training.fitting.prepared import Prepared
from training.rows.row import LabelledRow
from training.rows.splits import RowIndex

MIN_ROWS = 10
"""A task with fewer rows to fit on is no class: the head would only learn their names and numbers."""

MAX_ITERATIONS = 60
"""Of L-BFGS: the held-out log-loss is flat long before the optimum, and each one goes through all n-grams and tasks."""

HYPER = replace(LABELS, embedding_weight=4.0, ngram_weights=(6.0, 4.0), min_rows=10)
"""Block weights as for labelled rows, the words heavier: what the work is about stands in single words."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskData:
    """What a task head is fitted on.

    features: (n, n_features) float64, as of `Brain.features`.  buckets: n-gram buckets of each row; None for none.
    names: (n,) the task of each row, "" where it has none.
    """

    features: Float64Array
    buckets: RowBuckets | None
    names: npt.NDArray[np.str_]

    def take(self, rows: RowIndex) -> TaskData:
        """The data of some rows, in their order."""
        buckets = None if self.buckets is None else [self.buckets[row] for row in rows.tolist()]
        return TaskData(self.features[rows], buckets, self.names[rows])


def task_names(prepared: Prepared) -> npt.NDArray[np.str_]:
    """(n,) the task of each row, "" where it has none."""
    return np.array([(row.task if isinstance(row, LabelledRow) else None) or "" for row in prepared.data.rows])


def with_task_head(brain: Brain, prepared: Prepared, *, fit: RowIndex, calibrate: RowIndex) -> Brain:
    """The brain with a task head; the brain as it is where fewer than two tasks have enough rows.

    fit: rows of which the target ones with a task are learned from.  calibrate: rows of which the same kind, unseen
    in the fit, bring the probabilities to frequencies.
    """
    names = task_names(prepared)
    usable = prepared.on_target & (names != "")
    fit, calibrate = fit[usable[fit]], calibrate[usable[calibrate]]
    if fit.size == 0:
        return brain
    rows = np.concatenate([fit, calibrate])
    data = TaskData(
        features=brain.features([prepared.data.readings[row] for row in rows.tolist()]),
        buckets=None if prepared.buckets is None else [prepared.buckets[row] for row in rows.tolist()],
        names=names[rows],
    )
    head = fit_task_head(data.take(np.arange(len(fit))), n_embedding=brain.encoder.n_features)
    if head is None:
        return brain
    return replace(brain, tasks=calibrated(head, data.take(np.arange(len(fit), len(rows)))))


def fit_task_head(data: TaskData, *, n_embedding: int) -> TaskHead | None:
    """A multinomial logistic head on the rows whose task has MIN_ROWS; None if that leaves fewer than two tasks.

    n_embedding: how many of the features, from the first on, are embeddings; the rest are signals.
    """
    found, counts = np.unique(data.names, return_counts=True)
    names = [str(name) for name, count in zip(found, counts, strict=True) if count >= MIN_ROWS and name]
    if len(names) < 2:
        return None
    known = data.take(np.flatnonzero(np.isin(data.names, names)))
    helpers = np.zeros((len(known.names), 0))
    design = build_design(known.features, known.buckets, helpers, n_embedding=n_embedding, hyper=HYPER)
    targets = np.searchsorted(names, known.names)
    # One thread: the sums, and with them the bundle's bytes, then do not depend on how many cores are free.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped on purpose: see MAX_ITERATIONS
        model = LogisticRegression(C=1.0, max_iter=MAX_ITERATIONS).fit(design.matrix, targets)
    coef, intercept = model.coef_, model.intercept_
    if len(names) == 2:  # the library gives one row for two classes: the logit of the second
        coef, intercept = np.vstack([0 * coef, coef]), np.concatenate([[0.0], intercept])
    heads, ngrams = design.fold(coef, intercept)
    return TaskHead(tuple(names), heads.coef, heads.intercept, ngrams)


def calibrated(head: TaskHead, data: TaskData) -> TaskHead:
    """The head with its logits divided by the temperature of the least log-loss on rows that it was not fitted on.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks (temperature scaling). Unchanged without rows.
    """
    known = data.take(np.flatnonzero(np.isin(data.names, head.names)))
    if known.names.size == 0:
        return head
    logits = np.log(np.maximum(task_probabilities(head, known), 1e-300))
    targets = np.searchsorted(head.names, known.names)

    def log_loss(log_scale: float) -> float:
        scaled = logits * np.exp(log_scale)
        top = scaled.max(axis=1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(scaled - top).sum(axis=1))
        return float((norm - scaled[np.arange(len(targets)), targets]).mean())

    scale = float(np.exp(minimize_scalar(log_loss, bounds=(-3.0, 3.0), method="bounded").x))
    return replace(head, coef=head.coef * scale, intercept=head.intercept * scale, ngrams=_scaled(head.ngrams, scale))


def task_probabilities(head: TaskHead, data: TaskData) -> Float64Array:
    """P(task) of each row: (n, n_tasks)."""
    buckets: Sequence[tuple[npt.NDArray[np.int64], ...]] = data.buckets or [() for _ in data.names]
    rows = [head.probabilities(features, found) for features, found in zip(data.features, buckets, strict=True)]
    return np.array(rows).reshape(-1, len(head.names))


def _scaled(ngrams: NgramTable | None, scale: float) -> NgramTable | None:
    return None if ngrams is None else replace(ngrams, steps=tuple(step * scale for step in ngrams.steps))
