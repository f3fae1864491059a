"""Fit the task head: which of the rows' task types a request is, from what the loss heads see too."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from router.brain.brain import Brain, LinearHeads
from router.brain.calibration import Float64Array
from router.brain.ngrams import NgramTable
from router.brain.tasks import TaskHead
from router.types import FloatArray
from training.fitting.design import RowBuckets, build_design
from training.fitting.heads import linear_logits
from training.fitting.hyper import LABELS
from training.fitting.prepared import Prepared
from training.rows.splits import RowIndex
from training.rows.table import Table

MIN_ROWS = 10
"""A task with fewer rows to fit on is not a class: the head would only learn their names and numbers."""

MAX_ITERATIONS = 60
"""Of L-BFGS: the held-out log-loss is flat long before the optimum, and each one goes through all n-grams and tasks."""

HYPER = replace(LABELS, embedding_weight=4.0, ngram_weights=(6.0, 4.0), min_rows=10)
"""Block weights as for labelled rows, the words heavier: single words say what the work is about."""


@dataclass(frozen=True, slots=True, eq=False)
class TaskData(Table):
    """What a task head is fitted on.

    features: (n, n_features) float32 or float64, as of `Brain.features`.  buckets: n-grams; None for none.
    names: (n,) the task of each row, "" where it has none.
    """

    features: FloatArray | Float64Array
    buckets: RowBuckets | None
    names: npt.NDArray[np.str_]


def task_data(brain: Brain, prepared: Prepared) -> TaskData:
    """Rows as a task head on the brain's features sees them."""
    return TaskData(prepared.features(brain.signal_scale), prepared.buckets, prepared.data.facts("task"))


def with_task_head(brain: Brain, prepared: Prepared, *, fit: RowIndex, calibrate: RowIndex) -> Brain:
    """The brain with a task head; the brain as it is where fewer than two tasks have enough rows.

    fit: rows of which the target ones with a task are learned from.  calibrate: rows of which the same kind, unseen
    in the fit, bring the probabilities to frequencies.
    """
    usable = prepared.on_target & (prepared.data.facts("task") != "")
    known, asked = (task_data(brain, prepared.take(rows[usable[rows]])) for rows in (fit, calibrate))
    head = fit_task_head(known, n_embedding=brain.encoder.n_features)
    return brain if head is None else replace(brain, tasks=calibrated(head, asked))


def fit_task_head(data: TaskData, *, n_embedding: int) -> TaskHead | None:
    """A multinomial logistic head on the rows whose task has MIN_ROWS; None if that leaves fewer than two tasks.

    n_embedding: how many of the features, from the first on, are embeddings; the rest are signals.
    """
    found, counts = np.unique(data.names, return_counts=True)
    names = [str(name) for name, count in zip(found, counts, strict=True) if count >= MIN_ROWS and name]
    if len(names) < 2:
        return None
    known = data.take(np.flatnonzero(np.isin(data.names, names)))
    helpers = np.zeros((len(known), 0))
    design = build_design(known.features, known.buckets, helpers, n_embedding=n_embedding, hyper=HYPER)
    targets = np.searchsorted(names, known.names)
    # One thread: the sums, and with them the bundle's bytes, then do not depend on how many cores are free.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped on purpose: see MAX_ITERATIONS
        matrix = design.matrix(np.arange(len(known)))
        model = LogisticRegression(C=1.0, max_iter=MAX_ITERATIONS).fit(matrix, targets)
    coef, intercept = model.coef_, model.intercept_
    if len(names) == 2:  # the library gives one row for two classes: the logit of the second
        coef, intercept = np.vstack([0 * coef, coef]), np.concatenate([[0.0], intercept])
    heads, ngrams = design.fold(coef, intercept)
    return TaskHead(tuple(names), heads.coef, heads.intercept, ngrams)


def calibrated(head: TaskHead, data: TaskData) -> TaskHead:
    """The head with its logits times `best_scale`; unchanged without rows."""
    return scaled_head(head, best_scale(head, data))


def scaled_head(head: TaskHead, scale: float) -> TaskHead:
    """The head with its logits times a factor above 0; the same head for 1."""
    if scale == 1.0:
        return head
    return replace(head, coef=head.coef * scale, intercept=head.intercept * scale, ngrams=_scaled(head.ngrams, scale))


def best_scale(head: TaskHead, data: TaskData) -> float:
    """The factor on the logits of the least log-loss on rows that the head was not fitted on; 1 without rows.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks (temperature scaling).
    """
    known = data.take(np.flatnonzero(np.isin(data.names, head.names)))
    if len(known) == 0:
        return 1.0
    with threadpool_limits(limits=1):  # as in the fit
        logits = np.log(np.maximum(task_probabilities(head, known), 1e-300))
    targets = np.searchsorted(head.names, known.names)

    def log_loss(log_scale: float) -> float:
        scaled = logits * np.exp(log_scale)
        top = scaled.max(axis=1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(scaled - top).sum(axis=1))
        return float((norm - scaled[np.arange(len(targets)), targets]).mean())

    return float(np.exp(minimize_scalar(log_loss, bounds=(-3.0, 3.0), method="bounded").x))


def task_probabilities(head: TaskHead, data: TaskData) -> Float64Array:
    """P(task) of each row: (n, n_tasks)."""
    logits = linear_logits(LinearHeads(head.coef, head.intercept), head.ngrams, data.features, data.buckets)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _scaled(ngrams: NgramTable | None, scale: float) -> NgramTable | None:
    return None if ngrams is None else replace(ngrams, steps=tuple(step * scale for step in ngrams.steps))
