"""Which rows are held out together, and which may teach while they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from router.errors import DataError
from training.config import FitConfig
from training.fitting.prepared import Prepared
from training.rows.splits import RowIndex, group_folds

NO_FOLD = -1
"""The fold of a row that is never held out: an auxiliary row where whole sources are folds."""


def folds_of(prepared: Prepared, config: FitConfig) -> npt.NDArray[np.int64]:
    """The fold of each row in 0..config.folds-1, or NO_FOLD; every target row has one.

    by group: groups are dealt out. by source: whole target sources are, so that a row is scored by heads that saw no
    row of its source; the folds then have about equally many rows.
    Raises DataError where there are fewer groups, or sources, than folds.
    """
    data = prepared.data
    by_source = config.folds_by == "source"
    what, names = ("sources", data.sources) if by_source else ("groups", data.groups)
    n_names = len(np.unique(names[prepared.on_target]))
    if n_names < config.folds:
        words = f"{config.folds} folds need as many {what} of target rows, found {n_names}"
        raise DataError(f"{words}; give more rows, or fewer folds (--folds)", where="rows")
    if not by_source:
        return group_folds(data.groups, n_folds=config.folds, seed=config.seed)
    return _dealt_by_size(data.sources, prepared.on_target, n_folds=config.folds, seed=config.seed)


def rows_without(fold: int, folds: npt.NDArray[np.int64], groups: npt.NDArray[np.str_]) -> RowIndex:
    """The rows that may teach while a fold is held out: of no group of which it has a row."""
    held_out = folds == fold
    return np.flatnonzero(~held_out & ~np.isin(groups, groups[held_out]))


def _dealt_by_size(
    names: npt.NDArray[np.str_], on_target: npt.NDArray[np.bool_], *, n_folds: int, seed: int
) -> npt.NDArray[np.int64]:
    """Names, the largest first, each into the fold that has the fewest rows; names of one size in a seeded order."""
    found, counts = np.unique(names[on_target], return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(found))
    order = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    sizes, fold_of = np.zeros(n_folds, dtype=np.int64), {}
    for name in order.tolist():
        fold = int(sizes.argmin())
        fold_of[str(found[name])] = fold
        sizes[fold] += counts[name]
    dealt = np.array([fold_of.get(str(name), NO_FOLD) for name in names], dtype=np.int64)
    return np.where(on_target, dealt, NO_FOLD)
