"""Whole files left out: how well a recipe ranks, what it saves and what it sends too low on kinds that it never saw.

Each file of traffic is a kind and an author of its own, so this is the honest test: folds by group inside files flatter
(0.95 against 0.79 of AUC not budget, on rows by other authors). The recipe is compared with a rule on the length, with
kNN on its own embeddings, and with heads on the surface signals alone, all fitted on the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.labels.dataset import Dataset
from training.measure import metrics
from training.measure.bootstrap import bootstrap
from training.measure.reported import rounded
from training.rows.splits import RowIndex
from training.rows.table import Table
from training.shipping.measures.answers import BASELINES
from training.shipping.measures.folds import Bench, OutOfFold
from training.shipping.measures.held_out import (
    COSTS,
    chosen_tiers,
    losses_joined_on,
    promised_threshold,
)
from training.thresholds.simulate import TierIndex

HEADS = "heads"
"""The recipe itself, among what is compared."""

RANKING = ("auc_not_budget", "auc_frontier", "saved_at_0.05")
FIGURES = (*RANKING, "too_low", "saved_at_promise")
"""Of a file: AUC of both heads; the most saved while 5% are sent too low; the share sent too low, and what is saved, at
the threshold that the promise allows on rows of the other files."""

N_RESAMPLES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Judged(Table):
    """n rows of left-out files, as something judges them.

    losses: (n, n_tiers) expected.  chosen: (n,) the tier at the threshold of the row's file.
    cheapest: (n,) the label's tier.
    """

    losses: Float64Array
    chosen: TierIndex
    cheapest: TierIndex


# --- Judging ----------------------------------------------------------------------------------------------------------

LossesOf = Callable[[RowIndex, RowIndex], tuple[Float64Array, Float64Array]]
"""From the rows of the other files and those of the left-out one to the expected losses of both, (n, n_tiers) each."""


def judge_heads(bench: Bench, data: Dataset, left_out: OutOfFold, known: OutOfFold) -> Judged:
    """The recipe on left-out files. What joins its outputs, and the threshold, come from rows of the other files.

    left_out: by fits without the row's file.
    known: what those rows are scored by. Fits without the row's group know its kind, as a bundle's cross-fit does; fits
        without its file do not. Both have seen the left-out file, which a bundle's would not: refitting without it
        would cost five fits per file, and moves no more than the threshold.
    """

    def losses(others: RowIndex, own: RowIndex) -> tuple[Float64Array, Float64Array]:
        outputs = np.concatenate([known.outputs[others], left_out.outputs[own]])
        joined = losses_joined_on(bench, known, data, others, outputs)
        return joined[: len(others)], joined[len(others) :]

    return _judged(data, losses)


def judge_baseline(name: str, data: Dataset, left_out: OutOfFold, known: OutOfFold) -> Judged:
    """A baseline in the same way."""
    return _judged(data, lambda others, own: (known.baselines[name][others], left_out.baselines[name][own]))


def _judged(data: Dataset, losses_of: LossesOf) -> Judged:
    losses = np.zeros(data.labels.adequate.shape)
    chosen = np.zeros_like(data.labels.cheapest)
    for source in np.unique(data.sources):
        own, others = np.flatnonzero(data.sources == source), np.flatnonzero(data.sources != source)
        known, losses[own] = losses_of(others, own)
        chosen[own] = chosen_tiers(losses[own], promised_threshold(known, data.take(others)))
    return Judged(losses, chosen, data.labels.cheapest)


# --- Measuring --------------------------------------------------------------------------------------------------------


def file_figures(judged: Judged) -> Float64Array:
    """FIGURES of some rows of one file: (n_figures,)."""
    losses, cheapest = judged.losses, judged.cheapest
    return np.array(
        [
            *(metrics.auc(losses[:, head], cheapest > head) for head in range(losses.shape[1] - 1)),
            metrics.saved_at_under_routing(losses, cheapest, tier_cost_usd=COSTS, limit=0.05),
            float((judged.chosen < cheapest).mean()),
            1.0 - float(np.asarray(COSTS)[judged.chosen].mean()) / COSTS[-1],
        ]
    )


def files_report(all_judged: Mapping[str, Judged], data: Dataset, *, n_fits: int) -> JsonObject:
    """FIGURES as means over files and per file, each with its 95% interval by group, for all that judged.

    all_judged: by name; HEADS is the recipe.  n_fits: how many fits left files out.
    """
    files = [str(name) for name in np.unique(data.sources)]

    def figures(rows: RowIndex) -> Float64Array:
        table = _by_file(all_judged, data, files, rows)
        return np.concatenate([table, np.nanmean(table, axis=0, keepdims=True)]).ravel()

    intervals = iter(bootstrap(data.groups, figures, n_resamples=N_RESAMPLES, seed=0))
    *of_files, mean = [
        {name: {figure: next(intervals) for figure in FIGURES} for name in all_judged} for _ in range(len(files) + 1)
    ]
    by_file = {file: _with_others(own) for file, own in zip(files, of_files, strict=True)}
    report: JsonObject = rounded(
        {
            "n": len(data),
            "n_files": len(files),
            "n_fits": n_fits,
            **_with_others(mean),
            "above": above(by_file, [name for name in all_judged if name != HEADS]),
            "files": {file: {"n": int((data.sources == file).sum()), **by_file[file]} for file in files},
        }
    )
    return report


def _by_file(all_judged: Mapping[str, Judged], data: Dataset, files: Sequence[str], rows: RowIndex) -> Float64Array:
    """(n_files, n_judges, n_figures) FIGURES of some rows; nan for a file without any."""
    out = np.full((len(files), len(all_judged), len(FIGURES)), np.nan)
    for position, file in enumerate(files):
        own = rows[data.sources[rows] == file]
        if own.size:
            out[position] = [file_figures(judged.take(own)) for judged in all_judged.values()]
    return out


def _with_others(figures: Mapping[str, JsonObject]) -> JsonObject:
    """The recipe's figures by name, and `others` it those of the others."""
    return {**figures[HEADS], "others": {name: own for name, own in figures.items() if name != HEADS}}


def above(by_file: Mapping[str, JsonObject], others: Sequence[str]) -> JsonObject:
    """In how many files the recipe ranks better than each of the others, by figure, and in which files it does not.

    by_file: an Interval for each figure, and under `others` the same of each of the others.
    """
    report: JsonObject = {}
    for other, figure in product(others, RANKING):
        not_in = [file for file, own in by_file.items() if not own[figure].point > own["others"][other][figure].point]
        counts = {"n": len(by_file), "above": len(by_file) - len(not_in), "not_in": not_in}
        report.setdefault(other, {})[figure] = counts
    return report


def knn_report(all_judged: Mapping[str, Judged], data: Dataset) -> JsonObject:
    """RANKING of the recipe minus that of kNN on its embeddings, mean over left-out files, paired by group."""
    files = [str(name) for name in np.unique(data.sources)]
    both = {name: all_judged[name] for name in (HEADS, "knn")}

    def gains(rows: RowIndex) -> Float64Array:
        table = _by_file(both, data, files, rows)
        return np.asarray(np.nanmean(table[:, 0] - table[:, 1], axis=0)[: len(RANKING)])

    found = bootstrap(data.groups, gains, n_resamples=N_RESAMPLES, seed=0)
    report: JsonObject = rounded({"n": len(data), "n_files": len(files), **dict(zip(RANKING, found, strict=True))})
    return report


def judge_all(bench: Bench, data: Dataset, left_out: OutOfFold, known: OutOfFold) -> dict[str, Judged]:
    """The recipe and every baseline."""
    return {
        HEADS: judge_heads(bench, data, left_out, known),
        **{name: judge_baseline(name, data, left_out, known) for name in BASELINES},
    }
