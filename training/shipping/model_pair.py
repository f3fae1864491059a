"""How well heads route between a cheap and a strong model whose outcomes are known: APGR of the RouteLLM pair.

Rows with outcomes are the opposite of labelled traffic: they were run, not judged, and much of each outcome is chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.config import FitConfig
from training.fitting.crossval import CrossvalData, held_out_losses, losses_by_fold, out_of_fold_losses
from training.fitting.hyper import OUTCOMES
from training.fitting.prepared import Prepared
from training.measure import metrics
from training.rows.splits import RowIndex, group_folds

N_FOLDS, N_SUBJECT_FOLDS = 5, 8
LABEL_COUNTS = (300, 1_500)

CONFIG = FitConfig(name="model_pair", hyper=OUTCOMES)


@dataclass(frozen=True, slots=True, eq=False)
class PairData:
    """A pair's n rows.

    columns: as the heads see them.  weak, strong: (n,) 1.0 where the cheapest, the strongest tier was right, else 0.0.
    subjects: what each row is about, "" unknown.
    """

    columns: CrossvalData
    weak: Float64Array
    strong: Float64Array
    subjects: tuple[str, ...]

    @classmethod
    def of(cls, prepared: Prepared) -> PairData:
        """The pair of the cheapest and the strongest tier."""
        labels, last = prepared.data.labels, len(prepared.data.tiers) - 1
        weak, strong = ((labels.adequate[:, tier] == 1).astype(np.float64) for tier in (0, last))
        return cls(
            columns=CrossvalData(
                embeddings=prepared.embeddings,
                signals=prepared.signals,
                buckets=prepared.buckets,
                labels=labels,
                groups=prepared.data.groups,
            ),
            weak=weak,
            strong=strong,
            subjects=tuple(getattr(row, "category", None) or "" for row in prepared.data.rows),
        )

    def apgr(self, losses: Float64Array, rows: RowIndex) -> float:
        """APGR on some rows when those with the largest loss of the cheapest tier go to the strong model first.

        losses: (n_rows, n_tiers).
        """
        return round(metrics.apgr(losses[:, 0], self.weak[rows], self.strong[rows]), 4)


def pair_report(pair: PairData, *, seeds: Sequence[int]) -> JsonObject:
    """APGR of one source: over five folds by group; with several subjects also on unseen ones, and with few labels.

    seeds: of the draws of few labels, whose mean and deviation are given.
    """
    everything = np.arange(len(pair.columns))
    report: JsonObject = {
        "n": len(pair.columns),
        "five_fold": pair.apgr(out_of_fold_losses(pair.columns, CONFIG, n_folds=N_FOLDS, seed=0), everything),
    }
    n_subjects = len(set(pair.subjects))
    if n_subjects > 1:
        subjects = group_folds(pair.subjects, n_folds=min(N_SUBJECT_FOLDS, n_subjects), seed=0)
        report["subjects_left_out"] = pair.apgr(losses_by_fold(pair.columns, subjects, CONFIG), everything)
        for n_labels in LABEL_COUNTS:
            report[f"labels_{n_labels}"] = mean_and_sd([few_labels(pair, n_labels, seed=seed) for seed in seeds])
    return report


def mean_and_sd(figures: Sequence[float]) -> JsonObject:
    """Mean and standard deviation, rounded to four digits."""
    return {"mean": round(float(np.mean(figures)), 4), "sd": round(float(np.std(figures)), 4)}


def few_labels(pair: PairData, n_labels: int, *, seed: int) -> float:
    """APGR on all other rows of heads fitted on `n_labels` rows drawn at random."""
    order = np.random.default_rng(seed).permutation(len(pair.columns))
    test = np.sort(order[n_labels:])
    return pair.apgr(held_out_losses(pair.columns, CONFIG, fit=np.sort(order[:n_labels]), score=test), test)
