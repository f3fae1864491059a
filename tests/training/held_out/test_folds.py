"""Folds of groups and of whole sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.training import fits
from training.held_out.folds import NO_FOLD, folds_of, rows_without


def test_folds_of_sources_have_about_equally_many_rows_and_leave_others_out():
    sources = np.repeat(np.array(["a", "b", "c", "d", "aside"]), [300, 200, 160, 140, 160])
    prepared = fits.traffic_prepared()
    data = replace(prepared.data, sources=sources)
    prepared = replace(prepared, data=data, on_target=sources != "aside")
    folds = folds_of(prepared, replace(fits.CONFIG, folds=2, folds_by="source"))
    assert set(folds[sources == "aside"].tolist()) == {NO_FOLD}
    assert all(len(set(folds[sources == name].tolist())) == 1 for name in "abcd")
    assert sorted(np.bincount(folds[folds != NO_FOLD]).tolist()) == [360, 440]


def test_a_row_of_a_group_that_is_held_out_does_not_teach_in_another_source():
    groups = np.array(["g", "h", "g", "k"])
    assert rows_without(0, np.array([0, 0, 1, NO_FOLD]), groups).tolist() == [3]
    assert rows_without(1, np.array([0, 0, 1, NO_FOLD]), groups).tolist() == [1, 3]
