"""Figures of traffic rows from held-out losses: what is saved, how well both heads rank, by file, and the tasks.

Saved: against always the strongest tier, at most so many rows sent below their tier, as the one threshold moves over
all held-out scores.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.labels.dataset import Dataset
from training.measure import metrics
from training.measure.bootstrap import bootstrap
from training.measure.reported import rounded
from training.measure.robustness import contrast_pairs
from training.measure.tasks import keyword_tasks, task_report
from training.shipping.measures.held_out import COSTS

LIMITS = (0.02, 0.05, 0.10)
HARNESS_TASKS = ("heartbeat", "system_harness")


def traffic_report(data: Dataset, losses: Float64Array) -> JsonObject:
    """The headline figures of pooled held-out losses, with 95% intervals by group, and per source."""
    cheapest = data.labels.cheapest

    def headline(rows: npt.NDArray[np.intp]) -> list[float]:
        own, tier = losses[rows], cheapest[rows]
        return [
            *(metrics.saved_at_under_routing(own, tier, tier_cost_usd=COSTS, limit=limit) for limit in LIMITS),
            *(metrics.auc(own[:, head], tier > head) for head in range(own.shape[1] - 1)),
        ]

    def named(rows: npt.NDArray[np.intp]) -> JsonObject:
        if rows.size == 0:
            return {}
        figures: JsonObject = rounded(dict(zip(names, headline(rows), strict=True)))
        return figures

    names = [*(f"saved_at_{limit:g}" for limit in LIMITS), "auc_not_budget", "auc_frontier"]
    intervals = bootstrap(data.groups, lambda rows: np.array(headline(rows)), n_resamples=200, seed=0)
    return {
        "n": len(data),
        **rounded(dict(zip(names, intervals, strict=True))),
        "pairs": contrast_pairs(losses[:, 0], data),
        "harness": named(harness_rows(data)),
        "sources": {str(source): named(np.flatnonzero(data.sources == source)) for source in np.unique(data.sources)},
    }


def harness_rows(data: Dataset) -> npt.NDArray[np.intp]:
    """The rows that a harness wrote or wrapped: heartbeats, titles, compactions, reminders."""
    return np.flatnonzero([getattr(row, "task", None) in HARNESS_TASKS for row in data.rows])


def task_figures(data: Dataset, folds: npt.NDArray[np.int64], said: npt.NDArray[np.str_]) -> JsonObject:
    """Macro F1 of held-out task names, and that of keyword lists made from the other folds' rows.

    folds: (n,) the fold of each row.  said: (n,) the task that a head which had not seen the row's fold names.
    """
    true, asks = data.facts("task"), [reading.ask for reading in data.readings]
    listed = np.empty_like(true)
    for fold in np.unique(folds):
        fit, score = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        listed[score] = keyword_tasks([asks[i] for i in fit.tolist()], true[fit], [asks[i] for i in score.tolist()])
    return {**task_report(true, said), "keywords": task_report(true, listed)}
