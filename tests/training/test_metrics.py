"""Metrics against definitions and other people's implementations, also on ugly input."""

from __future__ import annotations

import doctest
import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from router.brain.brain import scores_of
from training import metrics, thresholds

few_values = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
scored_rows = st.lists(st.tuples(few_values | st.floats(0, 1), st.booleans()), min_size=1, max_size=40).map(
    lambda rows: (np.array([score for score, _ in rows]), np.array([positive for _, positive in rows]))
)
gains = st.lists(st.tuples(few_values, few_values, few_values), min_size=1, max_size=30).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


@pytest.mark.parametrize("module", [metrics, thresholds])
def test_the_examples_in_the_docstrings_run(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@given(scored_rows)
def test_auc_is_scikit_learns_also_with_ties(rows):
    scores, positive = rows
    assume(positive.any() and not positive.all())
    assert metrics.auc(scores, positive) == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


@pytest.mark.parametrize("positive", [[True, True], [False, False], []])
def test_auc_of_one_class_is_not_a_number(positive):
    assert math.isnan(metrics.auc(np.linspace(0, 1, len(positive)), np.array(positive, dtype=bool)))


@given(scored_rows)
def test_brier_and_log_loss_are_scikit_learns(rows):
    p, positive = rows
    assert metrics.brier(p, positive) == pytest.approx(brier_score_loss(positive, p, labels=[False, True]), abs=1e-12)
    held = np.clip(p, 1e-12, 1 - 1e-12)
    expected = sklearn_log_loss(positive, np.column_stack([1 - held, held]), labels=[False, True])
    assert metrics.log_loss(p, positive) == pytest.approx(expected, abs=1e-9)


def test_being_sure_and_wrong_costs_much_but_not_infinity():
    wrong = np.array([True, False]), np.array([0.0, 1.0])
    assert metrics.log_loss(wrong[1], wrong[0]) == pytest.approx(-math.log(1e-12), rel=1e-4)
    assert metrics.brier(wrong[1], wrong[0]) == 1.0
    assert metrics.log_loss(np.array([1.0, 0.0]), np.array([True, False])) == pytest.approx(0.0, abs=1e-9)


@given(scored_rows, st.integers(1, 15))
def test_ece_is_its_definition_bin_by_bin(rows, n_bins):
    p, positive = rows
    expected = 0.0
    for k in range(n_bins):
        inside = np.array([min(int(value * n_bins), n_bins - 1) == k for value in p])
        if inside.any():
            expected += inside.mean() * abs(positive[inside].mean() - p[inside].mean())
    assert metrics.ece(p, positive, n_bins=n_bins) == pytest.approx(expected, abs=1e-12)


def test_ece_of_perfect_of_hopeless_and_of_constant_probabilities():
    positive = np.array([True, False, False, False])
    assert metrics.ece(positive.astype(float), positive) == 0.0
    assert metrics.ece(1.0 - positive, positive) == 1.0
    assert metrics.ece(np.full(4, 0.25), positive) == 0.0


def apgr_by_hand(scores: np.ndarray, weak: np.ndarray, strong: np.ndarray) -> float:
    """The area under the curve of recovered gain, over one order of the rows."""
    order = np.argsort(-scores, kind="stable")
    recovered = np.concatenate([[0.0], np.cumsum((strong - weak)[order])]) / (strong - weak).sum()
    return float(np.trapezoid(recovered, np.linspace(0, 1, len(recovered))))


@given(gains)
def test_apgr_is_the_area_under_the_recovered_gap(rows):
    _, weak, strong = rows
    assume((strong - weak).sum() != 0)
    scores = np.linspace(1, 0, len(weak))
    assert metrics.apgr(scores, weak, strong) == pytest.approx(apgr_by_hand(scores, weak, strong), rel=1e-9, abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), few_values, few_values), min_size=1, max_size=5))
def test_apgr_of_ties_is_the_mean_over_all_their_orders(rows):
    scores, weak, strong = (np.array(column) for column in zip(*rows, strict=True))
    assume((strong - weak).sum() != 0)
    orders = [np.array(order) for order in permutations(range(len(scores)))]
    mean = np.mean([apgr_by_hand(scores[order], weak[order], strong[order]) for order in orders])
    assert metrics.apgr(scores, weak, strong) == pytest.approx(mean, rel=1e-9, abs=1e-9)


@given(gains, st.randoms(use_true_random=False))
def test_apgr_does_not_depend_on_the_order_of_the_rows(rows, random):
    scores, weak, strong = rows
    assume((strong - weak).sum() != 0)
    order = list(range(len(scores)))
    random.shuffle(order)
    expected = metrics.apgr(scores, weak, strong)
    assert metrics.apgr(scores[order], weak[order], strong[order]) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_apgr_of_perfect_random_inverted_and_constant_scores():
    rng = np.random.default_rng(0)
    strong = np.ones(4_000)
    weak = (rng.random(4_000) < 0.75).astype(float)
    gain = strong - weak
    share = gain.mean()
    assert metrics.apgr(gain, weak, strong) == pytest.approx(1 - share / 2)
    assert metrics.apgr(-gain, weak, strong) == pytest.approx(share / 2)
    assert metrics.apgr(np.zeros(4_000), weak, strong) == pytest.approx(0.5)
    assert metrics.apgr(rng.random(4_000), weak, strong) == pytest.approx(0.5, abs=0.03)


def test_apgr_without_a_gap_is_not_a_number():
    assert math.isnan(metrics.apgr(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0])))


@pytest.fixture(scope="module")
def routed() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Random problems: losses (n, 3), cheapest tiers (n,), costs (3,)."""
    problems = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 60))
        probabilities = np.round(rng.random((n, 3)), int(rng.integers(1, 4)))  # few decimals: many ties
        losses = scores_of(probabilities, domain_distance=np.zeros(n)).expected_quality_loss
        problems.append((losses, rng.integers(0, 3, n), np.sort(rng.random(3)) + 0.01))
    return problems


@pytest.mark.parametrize("limit", [0.0, 0.02, 0.1, 0.5, 1.0])
def test_saving_under_a_limit_is_the_best_of_all_thresholds(routed, limit):
    for losses, cheapest, costs in routed:
        best = 0.0
        for threshold in np.unique(np.concatenate([[0.0, 2.0], losses.ravel(), losses.ravel() + 1e-9])):
            tiers = [next(tier for tier in range(3) if row[tier] <= threshold) for row in losses]
            if sum(t < c for t, c in zip(tiers, cheapest, strict=True)) <= limit * len(tiers):
                best = max(best, 1 - np.mean([costs[t] for t in tiers]) / costs[-1])
        saved = metrics.saved_at_under_routing(losses, cheapest, tier_cost_usd=costs, limit=limit)
        assert saved == pytest.approx(best, abs=1e-12)


def test_saving_under_no_limit_is_that_of_always_the_cheapest_tier(routed):
    for losses, cheapest, costs in routed:
        saved = metrics.saved_at_under_routing(losses, cheapest, tier_cost_usd=costs, limit=1.0)
        assert saved == pytest.approx(1 - costs[0] / costs[-1])


def test_nothing_is_saved_where_the_surest_row_is_wrong_and_none_may_be():
    losses = np.array([[0.1, 0.1, 0.0], [0.2, 0.2, 0.0]])
    cheapest = np.array([2, 0])
    assert metrics.saved_at_under_routing(losses, cheapest, tier_cost_usd=(1, 2, 4), limit=0.0) == 0.0
    assert metrics.saved_at_under_routing(losses, cheapest, tier_cost_usd=(1, 2, 4), limit=0.5) == 0.75


def test_a_dearer_middle_tier_does_not_hide_what_other_thresholds_save():
    losses = np.array([[0.5, 0.1, 0.0]] * 2)
    saved = metrics.saved_at_under_routing(losses, np.array([0, 0]), tier_cost_usd=(1, 8, 4), limit=0.0)
    assert saved == 0.75, "at 0.1 the curve dips to -1, at 0.5 it is at its best"
