"""Dressed copies: other words, the same labels and groups, and together the weight of the row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from router.types import Message
from tests.training import fits
from training.config import FitConfig
from training.fitting.crossval import signal_scale
from training.fitting.dressed_rows import dressed_copies, dressed_dataset
from training.fitting.fit import table_heads
from training.fitting.heads import head_targets
from training.fitting.hyper import LABELS
from training.fitting.prepared import Prepared, prepare
from training.labels.dataset import build_dataset
from training.rows.row import LabelledRow

CONFIG = FitConfig(name="t", dressed_copies=2, hyper=replace(LABELS, c_grid=(1.0,), copies=0, min_rows=1))


@pytest.fixture(scope="module")
def known() -> Prepared:
    things = ("pears", "plums", "nails", "coins", "ships", "books", "lamps", "doors", "roses", "clocks")
    rows = [
        LabelledRow(id=f"{verb} {thing}", source="mine", messages=(Message("user", f"{verb} the {thing}"),), tier=tier)
        for thing in things
        for verb, tier in (("count", "budget"), ("prove the theorem about", "frontier"))
    ]
    return prepare(build_dataset(rows, fits.LABELS_ONLY), fits.shipped_encoder(), CONFIG, cache=None)


def test_copies_hold_the_asks_in_other_forms_with_the_same_labels_and_groups(known):
    first, second = dressed_copies(known, fits.shipped_encoder(), CONFIG)
    for copy in (first, second):
        assert copy.data.labels.cheapest.tolist() == known.data.labels.cheapest.tolist()
        assert copy.data.groups.tolist() == known.data.groups.tolist()
        changed = [new.ask != old.ask for new, old in zip(copy.data.readings, known.data.readings, strict=True)]
        assert np.mean(changed) > 0.5
    assert [r.ask for r in first.data.readings] != [r.ask for r in second.data.readings]


def test_a_row_has_the_same_form_whatever_rows_are_around_it(known):
    alone = dressed_dataset(known.data.take(np.array([3])), copy=1, seed=4)
    among = dressed_dataset(known.data, copy=1, seed=4)
    assert alone.readings[0].ask == among.readings[3].ask


def test_a_row_and_its_copies_weigh_as_the_row_alone(known):
    scale = signal_scale(known.signals)
    targets = head_targets(known.data.labels, unsolved="cheap")
    bare, with_copies = (
        table_heads(known, scale, targets, CONFIG, copies=copies).logits(known.features(scale), known.buckets)
        for copies in ([], [known, known])
    )
    # the last head has no example: a constant, the smoothed rate of as many rows as there are
    assert with_copies[:, :-1] == pytest.approx(bare[:, :-1], abs=0.02)
