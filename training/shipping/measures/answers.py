"""What one fit of a recipe says of rows that it has not seen, and what baselines say that are fitted on the same rows.

What is here and in recipes.py decides what a kept fold holds; a change of either computes all folds again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from router.brain.brain import assemble_features
from training.fitting.crossval import signal_scale
from training.fitting.prepared import Prepared
from training.fitting.tasks import TaskData, fit_task_head, task_probabilities
from training.labels.dataset import Dataset
from training.measure.baselines import fit_knn, fit_length_rule, fit_signals_only
from training.measure.measure import features_of, known_rows
from training.shipping.measures.recipes import CONFIG, Fitted, Recipe

BASELINES = {"length": fit_length_rule, "knn": fit_knn, "signals": fit_signals_only}
"""What the heads are compared with, fitted on the same rows; kNN on the fit's own embeddings."""

BASELINE = "baseline."
"""Before a baseline's name, the key of its expected losses."""

Arrays = dict[str, npt.NDArray[np.generic]]


class Answers:
    """One fit, made only when something is asked of it."""

    def __init__(self, recipe: Recipe, known: Dataset) -> None:
        """known: the rows to fit on."""
        self.known = known
        self._recipe = recipe
        self._fitted: Fitted | None = None
        self._encoded: Prepared | None = None

    @property
    def has_fitted(self) -> bool:
        """Whether anything had to be fitted."""
        return self._fitted is not None

    def of(self, rows: Dataset, *, baselines: bool, tasks: bool) -> Arrays:
        """The fit's outputs for n rows: `outputs` (n, n_outputs); of each baseline expected losses, (n, n_tiers).

        tasks: whether a task head is fitted and asked too: `tasks`, (n, chars) code points; see `from_codes`.
        """
        if self._fitted is None:
            self._fitted = self._recipe.fit(self.known)
        encoded = self._fitted.encode(rows)
        made: Arrays = {"outputs": self._fitted.outputs(encoded)}
        if self._encoded is None and (baselines or tasks):
            self._encoded = self._fitted.encode(self.known)
        if baselines and self._encoded is not None:
            for name, fit in BASELINES.items():
                made[f"{BASELINE}{name}"] = fit(known_rows(self._encoded, CONFIG), CONFIG)(features_of(encoded))
        if tasks and self._encoded is not None:
            made["tasks"] = _as_codes(_named_tasks(self._encoded, encoded))
        return made


def _named_tasks(known: Prepared, asked: Prepared) -> npt.NDArray[np.str_]:
    """(n,) the task that a head on the known rows names for each asked row; "" where they have fewer than two."""
    scale = signal_scale(known.signals)

    def columns(rows: Prepared) -> TaskData:
        features = assemble_features(rows.embeddings, scale.apply(rows.signals))
        return TaskData(features, rows.buckets, rows.data.facts("task"))

    head = fit_task_head(columns(known), n_embedding=known.embeddings.shape[1])
    if head is None:
        return np.full(len(asked), "", dtype=np.str_)
    said: npt.NDArray[np.str_] = np.array(head.names)[task_probabilities(head, columns(asked)).argmax(axis=1)]
    return said


_NAME_CHARS = 48
"""Characters of a task's name that are kept; safetensors holds numbers, so names are kept as code points."""


def _as_codes(names: npt.NDArray[np.str_]) -> npt.NDArray[np.uint32]:
    fixed = names.astype(f"<U{_NAME_CHARS}")
    return np.ascontiguousarray(fixed).view(np.uint32).reshape(len(fixed), _NAME_CHARS)


def from_codes(codes: npt.NDArray[np.generic]) -> npt.NDArray[np.str_]:
    """(n,) names from their code points, (n, chars)."""
    return np.ascontiguousarray(codes).view(f"<U{_NAME_CHARS}").reshape(-1)
