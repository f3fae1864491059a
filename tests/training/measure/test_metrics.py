"""Metrics against definitions and other people's implementations, also on ugly input."""

from __future__ import annotations

import doctest
import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from router.brain.brain import scores_of
from training.measure import curves, metrics
from training.thresholds import choose as thresholds
from training.thresholds.simulate import route_tiers

few_values = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
scored_rows = st.lists(st.tuples(few_values | st.floats(0, 1), st.booleans()), min_size=1, max_size=40).map(
    lambda rows: (np.array([score for score, _ in rows]), np.array([positive for _, positive in rows]))
)
gains = st.lists(st.tuples(few_values, few_values, few_values), min_size=1, max_size=30).map(
    lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True))
)


@pytest.mark.parametrize("module", [metrics, curves, thresholds])
def test_the_examples_in_the_docstrings_run(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@given(scored_rows)
def test_auc_is_the_share_of_pairs_in_order_with_ties_as_half(rows):
    scores, positive = rows
    assume(positive.any() and not positive.all())
    gaps = scores[positive][:, None] - scores[~positive]
    assert metrics.auc(scores, positive) == pytest.approx(((gaps > 0) + 0.5 * (gaps == 0)).mean(), abs=1e-12)


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


def test_a_costlier_middle_tier_does_not_hide_what_other_thresholds_save():
    losses = np.array([[0.5, 0.1, 0.0]] * 2)
    saved = metrics.saved_at_under_routing(losses, np.array([0, 0]), tier_cost_usd=(1, 8, 4), limit=0.0)
    assert saved == 0.75, "at 0.1 the curve dips to -1, at 0.5 it is at its best"


def test_rows_that_no_tier_solves_count_but_are_sent_below_nothing():
    losses = np.array([[0.1, 0.0], [0.2, 0.0]])
    saved = metrics.saved_at_under_routing(losses, np.array([2, 1]), tier_cost_usd=(1, 4), limit=0.0)
    assert saved == 0.375, "the unsolved row may go down, the hard one may not"


def test_costs_may_differ_by_row():
    losses = np.array([[0.1, 0.0], [0.2, 0.0]])
    costs = np.array([[1.0, 10.0], [1.0, 2.0]])
    assert metrics.saved_at_under_routing(losses, np.array([0, 1]), tier_cost_usd=costs, limit=0.0) == 0.75


@given(scored_rows, st.integers(1, 15))
def test_the_bins_of_a_reliability_table_hold_every_row_once_and_sum_up_to_ece(rows, n_bins):
    p, positive = rows
    table = metrics.reliability(p, positive, n_bins=n_bins)
    assert sum(cell.n for cell in table) == len(p)
    assert [cell.p for cell in table] == sorted(cell.p for cell in table)
    gap = sum(cell.n * abs(cell.rate - cell.p) for cell in table) / len(p)
    assert gap == pytest.approx(metrics.ece(p, positive, n_bins=n_bins), abs=1e-12)


ladders = st.lists(
    st.tuples(few_values, few_values, st.integers(0, 3), st.tuples(few_values, few_values, few_values)),
    min_size=1,
    max_size=25,
).map(
    lambda rows: (
        scores_of(
            np.array([[a, b, 0.0] for a, b, _, _ in rows]), domain_distance=np.zeros(len(rows))
        ).expected_quality_loss,
        np.array([cheapest for _, _, cheapest, _ in rows]),
        np.array([quality for *_, quality in rows]),
    )
)
"""Expected losses with many ties, cheapest tiers (3: unsolved), and qualities in which a stronger tier may be worse."""


@given(ladders, st.lists(st.floats(0.01, 10), min_size=3, max_size=3))
def test_a_curve_is_what_the_service_would_do_at_each_of_its_thresholds(rows, usd):
    losses, _, quality = rows
    costs = np.tile(usd, (len(losses), 1))  # also with a middle tier that costs most
    curve = curves.cost_quality_curve(losses, costs, quality)
    assert curve.cost_usd[0] == pytest.approx(usd[-1])
    assert curve.quality[0] == pytest.approx(quality[:, -1].mean())
    assert curve.cost_usd[-1] == pytest.approx(usd[0])
    assert curve.quality[-1] == pytest.approx(quality[:, 0].mean())
    assert (np.diff(curve.thresholds) > 0).all()
    for threshold, cost, mean_quality in list(zip(*curve, strict=True))[1:]:
        at = np.arange(len(losses)), route_tiers(losses, threshold)
        assert cost == pytest.approx(costs[at].mean())
        assert mean_quality == pytest.approx(quality[at].mean())


@given(ladders)
def test_unknown_qualities_are_left_out_of_a_curve_and_none_known_gives_no_figures(rows):
    losses, _, quality = rows
    costs = np.tile([1.0, 2.0, 4.0], (len(losses), 1))
    holes = quality.copy()
    holes[1:, 1] = np.nan
    curve = curves.cost_quality_curve(losses, costs, holes)
    alone = curves.cost_quality_curve(losses[:1], costs[:1], quality[:1])
    assert [part.tolist() for part in curve] == [part.tolist() for part in alone]
    empty = curves.cost_quality_curve(losses, costs, np.full_like(quality, np.nan))
    assert empty.cost_usd.size == 0
    assert math.isnan(curves.curve_apgr(empty))
    assert math.isnan(curves.curve_cpt(empty, target=0.5))
    assert math.isnan(curves.aiq(empty.cost_usd, empty.quality))


@given(gains)
def test_apgr_of_a_curve_of_two_tiers_is_apgr(rows):
    scores, weak, strong = rows
    assume((strong - weak).sum() != 0)
    losses = np.column_stack([scores, np.zeros(len(scores))])
    curve = curves.cost_quality_curve(losses, np.tile([1.0, 3.0], (len(scores), 1)), np.column_stack([weak, strong]))
    assert curves.curve_apgr(curve) == pytest.approx(metrics.apgr(scores, weak, strong), rel=1e-9, abs=1e-9)


def test_points_costlier_than_always_strongest_do_not_count_in_apgr_and_cpt():
    """A middle tier that costs most: on the way down the curve runs past the costly end and back."""
    losses = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0]])
    quality = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    curve = curves.cost_quality_curve(losses, np.tile([1.0, 9.0, 5.0], (2, 1)), quality)
    assert curve.cost_usd.tolist() == [5.0, 7.0, 9.0, 5.0, 1.0]
    assert 0 <= curves.curve_apgr(curve) <= 1
    assert 0 <= curves.curve_cpt(curve, target=0.5) <= 1


def test_a_strongest_tier_that_costs_no_more_leaves_no_gap_to_recover():
    losses, quality = np.array([[0.5, 0.0], [0.2, 0.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    curve = curves.cost_quality_curve(losses, np.full((2, 2), 3.0), quality)
    assert math.isnan(curves.curve_apgr(curve))
    assert math.isnan(curves.curve_cpt(curve, target=0.5))


def test_cpt_looks_past_a_dip_and_is_1_where_the_target_is_out_of_reach():
    share = np.array([0.0, 0.2, 0.4, 1.0])
    dips = np.array([0.5, 0.9, 0.6, 1.0])
    assert curves.cpt(share, dips, weak=0.5, strong=1.0, target=0.5) == 0.2
    assert curves.cpt(share, dips, weak=0.5, strong=1.0, target=0.0) == 0.0
    assert curves.cpt(share, dips, weak=0.5, strong=1.2, target=0.99) == 1.0
    assert math.isnan(curves.cpt(share, dips, weak=1.0, strong=1.0, target=0.5))
    assert math.isnan(curves.cpt(share, dips, weak=1.0, strong=0.5, target=0.5))


points = st.lists(st.tuples(st.floats(0.1, 10), st.floats(0, 1)), min_size=1, max_size=12)


@given(points)
def test_a_hull_rises_bends_down_and_lies_above_every_point_it_can_afford(cloud):
    cost, quality = (np.array(column) for column in zip(*cloud, strict=True))
    x, y = curves.upper_hull(cost, quality)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) > 0).all()
    slopes = np.diff(y) / np.diff(x)
    assert (np.diff(slopes) <= 1e-9 * np.maximum(1, np.abs(slopes[:-1]))).all()
    assert (np.interp(cost, x, y) >= quality - 1e-9).all()
    assert set(zip(x.tolist(), y.tolist(), strict=True)) <= set(cloud)


@given(points)
def test_aiq_counts_what_is_best_only_and_not_the_order_of_the_points(cloud):
    cost, quality = (np.array(column) for column in zip(*cloud, strict=True))
    assert curves.aiq(cost, quality) == pytest.approx(curves.aiq(cost[::-1], quality[::-1]))
    x, y = curves.upper_hull(cost, quality)
    assert curves.aiq(x, y, max_cost=float(cost.max())) == pytest.approx(curves.aiq(cost, quality))
    assert 0 <= curves.aiq(cost, quality) <= 1


def test_aiq_of_a_point_among_costlier_ones_is_held_flat_to_the_costliest():
    assert curves.aiq(np.array([1.0]), np.array([0.8]), max_cost=4.0) == pytest.approx(0.8 * 3 / 4)


@given(st.floats(0.001, 1000), st.floats(0, 1))
def test_arena_scores_lie_between_0_and_1_and_fall_with_cost(usd, quality):
    score = metrics.arena_score(usd, quality)
    assert 0 <= score <= 1
    assert score >= metrics.arena_score(usd * 2, quality) - 1e-12


def test_arena_score_of_published_rows():
    """RouterArena pull request 165: accuracy, USD per 1,000 requests, score."""
    for accuracy, usd, score in [
        (78.14, 0.30, 76.12),
        (76.40, 0.18, 75.27),
        (75.34, 0.08, 75.17),
        (76.32, 0.9442, 72.82),
    ]:
        assert 100 * metrics.arena_score(usd, accuracy / 100) == pytest.approx(score, abs=0.2)


@given(ladders)
def test_no_choice_has_less_regret_than_the_oracles(rows):
    losses, cheapest, quality = rows
    every = np.arange(len(losses))
    best = quality[every, np.where(cheapest == 3, 0, cheapest)]
    assert metrics.regret(best, best) == 0
    for threshold in (0.0, 0.5, 1.0):
        chosen = quality[every, route_tiers(losses, threshold)]
        assert metrics.regret(chosen, best) >= max(0.0, best.mean() - chosen.mean()) - 1e-12
        if best.mean() > 0:
            assert metrics.gap_to_oracle(best, best) == 0


def test_unknown_quality_is_left_out_of_regret_and_nothing_known_is_not_a_number():
    assert metrics.regret(np.array([0.0, np.nan]), np.array([1.0, 1.0])) == 1.0
    assert metrics.gap_to_oracle(np.array([0.5, np.nan]), np.array([1.0, 0.0])) == 0.5
    assert math.isnan(metrics.regret(np.array([np.nan]), np.array([1.0])))
    assert math.isnan(metrics.gap_to_oracle(np.array([0.0]), np.array([0.0])))
    assert math.isnan(metrics.savings_ratio(np.array([0.0]), np.array([0.0])))


@given(ladders)
def test_a_row_is_sent_below_its_tier_above_it_or_right(rows):
    losses, cheapest, _ = rows
    chosen = route_tiers(losses, 0.5)
    under = metrics.is_under_routed(chosen, cheapest, n_tiers=3)
    over = metrics.is_over_routed(chosen, cheapest, n_tiers=3)
    right = chosen == np.where(cheapest == 3, 0, cheapest)
    assert (under + over + right == 1).all()


def test_rows_of_unknown_tier_count_neither_as_under_nor_as_over_routed():
    chosen, cheapest = np.array([0, 1, 0]), np.array([-1, -1, 1])
    assert metrics.under_routing_rate(chosen, cheapest, n_tiers=2) == 1.0
    assert metrics.over_routing_rate(chosen, cheapest, n_tiers=2) == 0.0
    assert math.isnan(metrics.under_routing_rate(chosen[:2], cheapest[:2], n_tiers=2))
