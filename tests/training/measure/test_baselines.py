"""Baselines: exact expectations against counting and permuting, fitted scores against rows whose rule is known."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.signals import SIGNAL_NAMES
from tests.training import worlds
from training.labels.labels import UNKNOWN
from training.measure import baselines
from training.measure.baselines import Features, fit_knn, fit_length_rule, fit_signals_only, match_cost, one_hot
from training.measure.metrics import auc

CHOSEN = np.array([0, 2, 1, 1, 0, 2, 2])
SOURCES = np.array(["a", "b", "a", "b", "b", "b", "a"])


@pytest.fixture(autouse=True)
def one_process():
    with joblib.parallel_config("sequential"):
        yield


def test_a_shuffle_is_the_mean_over_permutations_within_each_source():
    rng = np.random.default_rng(0)
    counts = np.zeros((7, 3))
    for _ in range(4_000):
        dealt = CHOSEN.copy()
        for source in "ab":
            rows = np.flatnonzero(SOURCES == source)
            dealt[rows] = rng.permutation(CHOSEN[rows])
        counts += one_hot(dealt, n_tiers=3)
    expected = baselines.shuffle(one_hot(CHOSEN, n_tiers=3), SOURCES)
    np.testing.assert_allclose(counts / 4_000, expected, atol=0.03)


def test_a_shuffle_of_one_source_is_a_random_mix_and_both_keep_the_tier_shares():
    router = one_hot(CHOSEN, n_tiers=3)
    mix = baselines.random_mix(router)
    np.testing.assert_allclose(baselines.shuffle(router, np.full(7, "a")), mix)
    np.testing.assert_allclose(baselines.shuffle(router, SOURCES).mean(axis=0), router.mean(axis=0))
    np.testing.assert_allclose(mix.mean(axis=0), router.mean(axis=0))


def test_the_oracle_takes_the_cheapest_adequate_tier_and_the_cheapest_where_none_is():
    assert baselines.oracle(np.array([0, 2, 3, 1]), n_tiers=3).argmax(axis=1).tolist() == [0, 2, 0, 1]


losses_and_budget = st.tuples(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.sampled_from([0.0, 0.2, 0.5])), min_size=1, max_size=20
    ),
    st.floats(0, 1),
)


@given(losses_and_budget)
def test_a_mix_of_two_thresholds_meets_any_cost_between_the_ends(given_rows):
    rows, share = given_rows
    losses = np.array([(max(pair), min(pair), 0.0) for pair in rows])
    costs = np.tile([1.0, 5.0, 9.0], (len(losses), 1))
    mean_usd = 1.0 + 8.0 * share
    policy = match_cost(losses, costs, mean_usd=mean_usd).policy(losses)
    np.testing.assert_allclose(policy.sum(axis=1), 1.0)
    assert (policy >= 0).all()
    assert (policy * costs).sum(axis=1).mean() == pytest.approx(mean_usd)


@pytest.mark.parametrize(("mean_usd", "tier"), [(0.1, 0), (1.0, 0), (9.0, 2), (50.0, 2)])
def test_a_cost_out_of_reach_is_met_as_nearly_as_can_be(mean_usd, tier):
    losses = np.array([[0.4, 0.1, 0.0], [0.0, 0.0, 0.0]])
    policy = match_cost(losses, np.tile([1.0, 5.0, 9.0], (2, 1)), mean_usd=mean_usd).policy(losses)
    assert policy[:, tier].tolist() == [1.0, 1.0]


def lengths_world(n: int, *, seed: int, sign: float = 1.0) -> tuple[baselines.KnownRows, Features]:
    """Rows whose tier follows from the length alone, but for a tenth of them."""
    rng = np.random.default_rng(seed)
    length = rng.random(n)
    cheapest = np.where(
        rng.random(n) < 0.1, rng.integers(0, 3, n), np.digitize(sign * length, np.sort([sign * 0.4, sign * 0.7]))
    )
    signals = rng.normal(size=(n, len(SIGNAL_NAMES))).astype(np.float32)
    signals[:, baselines.LENGTH_SIGNAL] = length
    features = Features(signals=signals, embeddings=rng.normal(size=(n, 4)).astype(np.float32))
    return worlds.known_rows(worlds.measured_rows(np.zeros((n, 2)), cheapest), features), features


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_length_rule_finds_cut_points_in_whichever_direction_they_run(sign):
    known, _ = lengths_world(600, seed=0, sign=sign)
    other, features = lengths_world(600, seed=1, sign=sign)
    losses = fit_length_rule(known, worlds.CONFIG)(features)
    order = np.argsort(features.signals[:, baselines.LENGTH_SIGNAL])
    assert (sign * np.diff(losses[order], axis=0) >= -1e-12).all(), "monotone in the length"
    assert auc(losses[:, 0], other.labels.loss[:, 0] == 1) > 0.85
    assert auc(losses[:, 1], other.labels.loss[:, 1] == 1) > 0.85


@pytest.mark.parametrize("fit", [fit_length_rule, fit_signals_only, fit_knn])
def test_scored_baselines_give_losses_that_the_threshold_rule_can_use(fit):
    known, _ = lengths_world(200, seed=0)
    _, features = lengths_world(50, seed=1)
    losses = fit(known, worlds.CONFIG)(features)
    assert losses.shape == (50, 3)
    assert ((losses >= 0) & (losses <= 1)).all()
    assert (np.diff(losses, axis=1) <= 0).all()
    assert (losses[:, -1] == 0).all()
    assert (fit(known, worlds.CONFIG)(features) == losses).all(), "the same rows, the same scores"


def test_signals_only_sees_signals_and_knn_sees_embeddings():
    known, features = lengths_world(400, seed=0)
    for fit, seen, unseen in [(fit_signals_only, "signals", "embeddings"), (fit_knn, "embeddings", "signals")]:
        score = fit(known, worlds.CONFIG)
        changed = {name: -getattr(features, name) for name in ("signals", "embeddings")}
        assert (score(replace(features, **{unseen: changed[unseen]})) == score(features)).all()
        assert not np.allclose(score(replace(features, **{seen: changed[seen]})), score(features))


def blobs(n: int, *, seed: int, noise: float) -> tuple[baselines.KnownRows, Features]:
    """Two clouds; the left one is budget's, the right one frontier's, but for a share `noise` of the rows."""
    rng = np.random.default_rng(seed)
    right = rng.random(n) < 0.5
    embeddings = (rng.normal(size=(n, 3)) * 0.3 + np.where(right[:, None], [1.0, 0, 0], [-1.0, 0, 0])).astype(
        np.float32
    )
    cheapest = np.where((rng.random(n) < noise) ^ right, 2, 0)
    features = Features(signals=np.zeros((n, len(SIGNAL_NAMES)), dtype=np.float32), embeddings=embeddings)
    return worlds.known_rows(worlds.measured_rows(np.zeros((n, 2)), cheapest), features), features


def test_knn_takes_more_neighbours_where_single_ones_are_noise():
    known, features = blobs(600, seed=0, noise=0.3)
    targets = known.labels.loss
    noisy = baselines.choose_k(features.embeddings, targets, known.groups, worlds.CONFIG)
    assert noisy > 10
    scores = fit_knn(known, worlds.CONFIG)(blobs(200, seed=1, noise=0.0)[1])
    clean = blobs(200, seed=1, noise=0.0)[0].labels.loss[:, 0] == 1
    assert auc(scores[:, 0], clean) > 0.99


def test_knn_is_chosen_across_groups_so_copies_do_not_argue_for_one_neighbour():
    rng = np.random.default_rng(0)
    embeddings = np.repeat(rng.normal(size=(60, 8)), 8, axis=0).astype(np.float32)
    targets = np.repeat(rng.integers(0, 2, (60, 1)), 8, axis=0).astype(np.int8)  # nothing to learn but the copies
    together = np.array([f"g{k // 8}" for k in range(480)])
    apart = np.array([f"g{k}" for k in range(480)])
    assert baselines.choose_k(embeddings, targets, together, worlds.CONFIG) == max(baselines.KNN_GRID)
    assert baselines.choose_k(embeddings, targets, apart, worlds.CONFIG) == min(baselines.KNN_GRID)


def test_unknown_losses_are_no_neighbours_and_none_known_gives_the_base_rate():
    known, features = blobs(300, seed=0, noise=0.0)
    loss = known.labels.loss.copy()
    loss[150:] = UNKNOWN
    partly = replace(known, labels=replace(known.labels, loss=loss))
    assert auc(fit_knn(partly, worlds.CONFIG)(features)[:, 0], known.labels.loss[:, 0] == 1) > 0.99
    nothing = replace(known, labels=replace(known.labels, loss=np.full_like(loss, UNKNOWN)))
    assert np.unique(fit_knn(nothing, worlds.CONFIG)(features)[:, 0]).tolist() == [0.5]
    assert np.unique(fit_length_rule(nothing, worlds.CONFIG)(features)).tolist() == [0.0]


def test_a_handful_of_rows_is_enough_to_run_on():
    known, features = blobs(4, seed=0, noise=0.0)
    for fit in (fit_length_rule, fit_signals_only, fit_knn):
        assert np.isfinite(fit(known, worlds.CONFIG)(features)).all()
