"""The parts of a benchmark that come from folds of a recipe, each alone; folds that parts share are made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from router.brain.calibration import Float64Array
from router.types import JsonObject
from training.labels.dataset import Dataset
from training.shipping.measures.clothes import Dressed, clothes_report, dressed_rows
from training.shipping.measures.files import files_report, judge_all, judge_heads, knn_report
from training.shipping.measures.folds import Asked, Bench, Folds, OutOfFold
from training.shipping.measures.held_out import (
    chosen_tiers,
    file_folds,
    group_folds_of,
    joined_losses,
    losses_joined_on,
    old_rows,
    promised_threshold,
)
from training.shipping.measures.twins import twins_report
from training.shipping.traffic_figures import task_figures, traffic_report

OWN_FOLD_EACH = ("fast",)
"""Recipes that leave out each file by itself; the others leave files out in five folds, as a fit takes many minutes."""


class Held:
    """All traffic rows, and what folds of a recipe say of them; each kind of folds is made when it is first needed."""

    def __init__(self, bench: Bench, data: Dataset) -> None:
        """data: all rows of traffic."""
        self.bench, self.data = bench, data

    @cached_property
    def folds(self) -> Folds:
        """(n,) five folds by group."""
        return group_folds_of(self.data)

    @cached_property
    def dressed(self) -> Dressed:
        """Some of the rows in every kind of clothes."""
        return dressed_rows(self.data)

    @cached_property
    def by_group(self) -> dict[str, OutOfFold]:
        """`rows` and `dressed` by fits without their group. Both at once: a fit of many minutes serves every part."""
        asked = {
            "rows": Asked(self.data, self.folds, baselines=True, tasks=True),
            "dressed": Asked(self.dressed.data, self.folds[self.dressed.of]),
        }
        return self.bench.out_of_fold("groups", self.data, self.folds, asked)

    @cached_property
    def losses(self) -> Float64Array:
        """(n, n_tiers) of every row by fits without its group."""
        return joined_losses(self.bench, self.by_group["rows"], self.data, self.folds)

    @cached_property
    def left_out(self) -> Folds:
        """(n,) folds of whole files."""
        return file_folds(self.data, each_alone=self.bench.recipe.name in OWN_FOLD_EACH)

    @cached_property
    def by_file(self) -> OutOfFold:
        """Every row by fits without its file."""
        asked = {"rows": Asked(self.data, self.left_out, baselines=True)}
        return self.bench.out_of_fold("files", self.data, self.left_out, asked)["rows"]


def traffic(held: Held) -> JsonObject:
    """All rows, five folds by group."""
    report = traffic_report(held.data, held.losses)
    tasks = held.by_group["rows"].tasks
    return report if tasks is None else {**report, "tasks": task_figures(held.data, held.folds, tasks)}


def old_files(held: Held) -> JsonObject:
    """The rows of the nine older files, five folds by group, fitted on these alone; `with_new` fitted on all."""
    rows = old_rows(held.data)
    data = held.data.take(rows)
    folds = group_folds_of(data)
    scored = held.bench.out_of_fold("old rows", data, folds, {"rows": Asked(data, folds)})["rows"]
    return {
        **traffic_report(data, joined_losses(held.bench, scored, data, folds)),
        "with_new": traffic_report(data, held.losses[rows]),
    }


def files(held: Held) -> JsonObject:
    """Whole files left out. `threshold_by_files`: with a threshold from fits that had not seen its rows' files."""
    judged = judge_all(held.bench, held.data, held.by_file, held.by_group["rows"])
    careful = {"heads": judge_heads(held.bench, held.data, held.by_file, held.by_file)}
    report = files_report(judged, held.data, n_fits=len(np.unique(held.left_out)))
    other = files_report(careful, held.data, n_fits=report["n_fits"])
    return {**report, "threshold_by_files": {name: other[name] for name in ("too_low", "saved_at_promise")}}


def knn(held: Held) -> JsonObject:
    """The recipe minus kNN on its embeddings, whole files left out."""
    return knn_report(judge_all(held.bench, held.data, held.by_file, held.by_group["rows"]), held.data)


def twins(held: Held) -> JsonObject:
    """Language twins, by fits without their situation."""
    return twins_report(held.losses, held.data)


def robust(held: Held) -> JsonObject:
    """Decisions on held-out asks, bare and in clothes, at the threshold that the promise allows on all rows."""
    threshold = promised_threshold(held.losses, held.data)
    rows, folds = held.dressed, held.folds[held.dressed.of]
    worn = np.zeros((len(rows), len(held.data.tiers)))
    scored = held.by_group
    for fold in np.unique(folds):
        own = np.flatnonzero(folds == fold)
        others = np.flatnonzero(held.folds != fold)
        outputs = scored["dressed"].outputs[own]
        worn[own] = losses_joined_on(held.bench, scored["rows"], held.data, others, outputs)
    return clothes_report(chosen_tiers(held.losses, threshold), chosen_tiers(worn, threshold), rows)


FOLD_PARTS: Mapping[str, Callable[[Held], JsonObject]] = {
    "traffic": traffic,
    "old_rows": old_files,
    "files": files,
    "knn": knn,
    "twins": twins,
    "robust": robust,
}
"""By the name of the part."""
