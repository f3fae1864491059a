"""Out-of-fold scores: no row is scored by heads that saw it or its group."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest

from tests.training import fits
from training.fitting.crossval import CrossvalData, held_out_losses, losses_by_fold, out_of_fold_losses, signal_scale
from training.labels.labels import labels_from_adequate
from training.measure import metrics
from training.rows.splits import group_folds

CONFIG = fits.QUICK


@pytest.fixture(autouse=True)
def one_process():
    with joblib.parallel_config("sequential"):
        yield


@pytest.fixture(scope="module")
def data() -> CrossvalData:
    prepared = fits.traffic_prepared()
    rows = np.arange(320)
    dataset = prepared.data.take(rows)
    return CrossvalData(
        embeddings=prepared.embeddings[rows],
        signals=prepared.signals[rows],
        buckets=prepared.buckets.take(rows),
        labels=dataset.labels,
        groups=dataset.groups,
    )


def test_scores_of_a_fold_do_not_depend_on_its_own_labels(data):
    folds = group_folds(data.groups, n_folds=3, seed=0)
    expected = losses_by_fold(data, folds, CONFIG)
    adequate = data.labels.adequate.copy()
    adequate[folds == 1] = 1  # as if the cheapest tier were always enough there
    changed = losses_by_fold(replace(data, labels=labels_from_adequate(adequate)), folds, CONFIG)
    assert changed[folds == 1].tobytes() == expected[folds == 1].tobytes()
    assert (changed[folds == 0] != expected[folds == 0]).any()


def test_out_of_fold_scores_are_coherent_repeatable_and_better_than_chance(data):
    losses = out_of_fold_losses(data, CONFIG, n_folds=3, seed=0)
    assert losses.shape == (320, 3)
    assert (np.diff(losses, axis=1) <= 0).all()
    assert not losses[:, -1].any()
    assert out_of_fold_losses(data, CONFIG, n_folds=3, seed=0).tobytes() == losses.tobytes()
    assert out_of_fold_losses(data, CONFIG, n_folds=3, seed=1).tobytes() != losses.tobytes()
    assert metrics.auc(losses[:, 0], data.labels.loss[:, 0] == 1) > 0.75


NOTHING = np.zeros((320, 0), dtype=np.float32)


@pytest.mark.parametrize(
    "missing",
    [
        {"embeddings": NOTHING},
        {"signals": NOTHING},
        {"buckets": None},
        {"embeddings": NOTHING, "buckets": None},
        {"embeddings": NOTHING, "signals": NOTHING},
    ],
    ids=["embeddings", "signals", "n-grams", "all but signals", "all but n-grams"],
)
def test_any_part_of_the_features_may_be_missing(data, missing):
    less = replace(data, **missing)
    losses = held_out_losses(less, CONFIG, fit=np.arange(200), score=np.arange(200, 320))
    assert metrics.auc(losses[:, 0], data.labels.loss[200:, 0] == 1) > 0.6


def test_buckets_change_the_scores_and_are_taken_with_their_rows(data):
    sides = {"fit": np.arange(200), "score": np.arange(200, 320)}
    full = held_out_losses(data, CONFIG, **sides)
    assert (held_out_losses(replace(data, buckets=None), CONFIG, **sides) != full).any()
    order = np.random.default_rng(0).permutation(320)
    shuffled = data.take(order)
    at = np.argsort(order)
    assert held_out_losses(shuffled, CONFIG, fit=at[:200], score=at[200:]).tobytes() == full.tobytes(), (
        "rows are found wherever they lie"
    )


def test_signals_are_brought_to_mean_0_and_deviation_1_and_a_constant_one_is_only_centred():
    signals = np.array([[1, 5], [2, 5], [3, 5]], dtype=np.float32)
    scale = signal_scale(signals)
    assert (scale.mean.tolist(), scale.deviation[1]) == ([2, 5], 1)
    np.testing.assert_allclose(scale.apply(signals).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scale.apply(signals).std(axis=0), [1, 0], atol=1e-6)
