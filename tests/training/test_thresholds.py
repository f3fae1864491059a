"""Thresholds with a bound: exact where it can be checked, kept where it is a promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from router.brain.brain import Scores
from router.brain.promise import Promise, TargetTooSmall
from training.labels import Labels, labels_from_adequate
from training.simulate import route_tiers
from training.thresholds import binomial_upper_bound, promise_curve

COSTS = (1.0, 10.0, 20.0)


@pytest.mark.parametrize(
    ("n_losses", "n_rows", "confidence", "bound"),
    [
        (0, 100, 0.95, 1 - 0.05 ** (1 / 100)),  # the "rule of three"
        (0, 1, 0.9, 0.9),
        (1, 10, 0.95, 0.394163),
        (5, 10, 0.975, 0.812914),
        (10, 100, 0.95, 0.163718),
        (99, 100, 0.9, 0.9 ** (1 / 100)),
        (7, 7, 0.9, 1.0),
        (0, 0, 0.9, 1.0),
    ],
)
def test_the_bound_has_the_known_values(n_losses, n_rows, confidence, bound):
    assert binomial_upper_bound(n_losses, n_rows, confidence=confidence) == pytest.approx(bound, abs=1e-6)


@given(st.integers(1, 2_000), st.floats(0.5, 0.999), st.data())
def test_the_bound_is_scipys_exact_one_sided_interval(n_rows, confidence, data):
    n_losses = data.draw(st.integers(0, n_rows))
    exact = binomtest(n_losses, n_rows, alternative="less").proportion_ci(confidence, method="exact").high
    assert binomial_upper_bound(n_losses, n_rows, confidence=confidence) == pytest.approx(exact, abs=1e-9)


@given(st.integers(1, 500), st.data())
def test_the_bound_grows_with_losses_and_confidence_and_is_above_the_rate(n_rows, data):
    n_losses = data.draw(st.integers(0, n_rows - 1))
    bound = binomial_upper_bound(n_losses, n_rows, confidence=0.8)
    assert n_losses / n_rows < bound < binomial_upper_bound(n_losses + 1, n_rows, confidence=0.8)
    assert bound < binomial_upper_bound(n_losses, n_rows, confidence=0.9) or bound == 1.0


def made_up(seed: int, n_rows: int) -> tuple[Scores, Labels, np.ndarray]:
    """Scores, labels drawn for them, and the truth: each tier's probability of a loss, (n, 3).

    The scores know the truth only roughly, and are too sure of themselves: a promise must hold for bad scores too.
    """
    rng = np.random.default_rng(seed)
    hard = beta(0.5, 1.5).ppf(rng.random(n_rows))
    truth = np.column_stack([hard, 0.4 * hard**2, np.zeros(n_rows)])
    drawn = rng.random(n_rows)
    adequate = np.column_stack([drawn >= truth[:, 0], drawn >= truth[:, 1], np.ones(n_rows)]).astype(np.int8)
    guess = np.clip(hard * np.exp(rng.standard_normal(n_rows)), 0.001, 1.0)
    loss = 0.3 * np.column_stack([guess, 0.4 * guess**2, np.zeros(n_rows)])
    scores = Scores(
        p_adequate=1.0 - loss,
        expected_quality_loss=loss,
        p_unsolved=np.zeros(n_rows),
        domain_distance=np.zeros(n_rows),
    )
    return scores, labels_from_adequate(adequate), truth


def curve(scores: Scores, labels: Labels, *, target: float = 0.05, confidence: float = 0.9, **changes) -> Promise:
    settings = {"max_distance": 1.0, "safe_tier": 1, "tier_cost_usd": COSTS, "population": "made-up rows"}
    return promise_curve(scores, labels, target=target, confidence=confidence, **{**settings, **changes})


@pytest.mark.parametrize(("target", "confidence"), [(0.05, 0.9), (0.1, 0.8)])
def test_the_promise_is_broken_no_more_often_than_it_says(target, confidence):
    pool_scores, _, pool_truth = made_up(seed=10_000_000, n_rows=20_000)
    broken, kept_savings = 0, []
    for seed in range(300):
        scores, labels, _ = made_up(seed=seed, n_rows=250)
        promise = curve(scores, labels, target=target, confidence=confidence)
        tiers = route_tiers(pool_scores.expected_quality_loss, promise.threshold_for())
        broken += pool_truth[np.arange(len(tiers)), tiers].mean() > target
        kept_savings.append(promise.savings[promise.position_for(target)])
    allowed = 300 * (1 - confidence)
    assert broken <= allowed + 3 * np.sqrt(allowed * confidence)
    assert broken > 0, "bounds that never fail give savings away"
    assert np.mean(kept_savings) > 0.1


def test_bounds_never_fall_and_the_curve_is_what_was_measured():
    scores, labels, _ = made_up(seed=0, n_rows=400)
    promise = curve(scores, labels)
    assert promise.thresholds[0] == 0.0
    assert (np.diff(promise.thresholds) > 0).all()
    assert (np.diff(promise.bounds) >= 0).all()
    assert (np.array(promise.bounds) > promise.losses).all()
    assert promise.n_rows == 400
    for threshold, loss, saving in zip(promise.thresholds, promise.losses, promise.savings, strict=True):
        tiers = route_tiers(scores.expected_quality_loss, threshold)
        columns = np.column_stack([labels.loss, np.zeros(400)])
        assert loss == pytest.approx(columns[np.arange(400), tiers].mean())
        assert saving == pytest.approx(1 - np.array(COSTS)[tiers].mean() / 20)


def test_every_decision_that_a_threshold_can_make_is_on_a_short_curve():
    scores, labels, _ = made_up(seed=0, n_rows=30)
    promise = curve(scores, labels)
    routed = {tuple(route_tiers(scores.expected_quality_loss, threshold)) for threshold in promise.thresholds}
    possible = {
        tuple(route_tiers(scores.expected_quality_loss, value)) for value in scores.expected_quality_loss.ravel()
    }
    assert len(routed & possible) >= 0.9 * len(possible)
    assert promise.savings[-1] == pytest.approx(1 - 1 / 20), "the last threshold sends every row to the cheapest tier"


def test_a_lower_target_or_a_higher_confidence_gives_a_lower_threshold():
    scores, labels, _ = made_up(seed=0, n_rows=800)
    promise = curve(scores, labels)
    thresholds = [promise.threshold_for(target) for target in (0.02, 0.05, 0.1, 0.2)]
    assert thresholds == sorted(thresholds)
    assert len(set(thresholds)) > 2
    assert curve(scores, labels, confidence=0.999).threshold_for(0.05) < promise.threshold_for(0.05)


def test_a_target_that_the_rows_cannot_support_is_refused_with_the_least_they_can():
    scores, labels, _ = made_up(seed=0, n_rows=20)
    with pytest.raises(TargetTooSmall) as caught:
        curve(scores, labels).threshold_for(0.05)
    assert caught.value.smallest == pytest.approx(1 - 0.1 ** (1 / 20))


def test_rows_with_an_unknown_loss_are_left_out_and_none_left_is_refused():
    scores, labels, _ = made_up(seed=0, n_rows=100)
    unknown = labels_from_adequate(np.where(np.arange(100)[:, None] < 40, -1, labels.adequate).astype(np.int8))
    assert curve(scores, unknown).n_rows == 60
    with pytest.raises(ValueError, match="no calibration row"):
        curve(scores, labels_from_adequate(np.full((100, 3), -1, dtype=np.int8)))


def test_rows_out_of_domain_count_at_the_safe_tier():
    scores, labels, _ = made_up(seed=0, n_rows=100)
    for safe_tier in (0, 1, 2):
        promise = curve(scores, labels, max_distance=-1.0, safe_tier=safe_tier)
        np.testing.assert_allclose(promise.savings, 1 - COSTS[safe_tier] / 20)


def test_a_threshold_beyond_one_that_failed_is_never_chosen_even_where_the_loss_falls_again():
    n = 200  # for each row the cheapest and the strongest tier are adequate, the one between them is not
    loss = np.tile([0.5, 0.2, 0.0], (n, 1))
    scores = Scores(
        p_adequate=1.0 - loss, expected_quality_loss=loss, p_unsolved=np.zeros(n), domain_distance=np.zeros(n)
    )
    promise = curve(scores, labels_from_adequate(np.tile(np.array([1, 0, 1], dtype=np.int8), (n, 1))))
    assert [promise.losses[promise.thresholds.index(value)] for value in (0.0, 0.2, 0.5)] == [0, 1, 0]
    assert promise.threshold_for(0.05) < 0.2
