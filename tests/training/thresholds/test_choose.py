"""Thresholds with a bound: exact where it can be checked, kept where it is a promise.

That the promise is kept is shown in test_promise_simulation.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest

from router.brain.bounds import binomial_bound_is_within
from router.brain.brain import Scores
from router.brain.promise import Goal, Promise, TargetTooSmall
from training.labels.labels import Labels, labels_from_adequate
from training.thresholds.bounds import binomial_upper_bounds, grouping_of, hoeffding_bentkus_upper_bounds
from training.thresholds.choose import THRESHOLDS, calibration_sides, goal_from_options, loss_of_labels, promise_curve
from training.thresholds.simulate import route_tiers

TIERS = ("budget", "production", "frontier")
COSTS = (1.0, 10.0, 20.0)


def binomial_upper_bound(n_losses, n_rows, *, confidence):
    return float(binomial_upper_bounds(np.array([float(n_losses)]), n_rows, confidence=confidence)[0])


def hoeffding_bentkus_upper_bound(mean, n, *, confidence):
    return float(hoeffding_bentkus_upper_bounds(np.array([mean]), n, confidence=confidence)[0])


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


def p_value(mean: float, n: int, limit: float) -> float:
    """Hoeffding-Bentkus, as printed in arXiv 2110.01052: for "the true mean is above the limit", mean <= limit."""
    entropy = sum(part * np.log(part / whole) for part, whole in ((mean, limit), (1 - mean, 1 - limit)) if part > 0)
    return min(np.exp(-n * entropy), np.e * binom.cdf(np.ceil(n * mean - 1e-9), n, limit))


@given(st.integers(1, 400), st.floats(0.0, 0.95), st.floats(0.6, 0.99))
def test_the_fractional_bound_is_where_the_p_value_meets_the_level(n, mean, confidence):
    bound = hoeffding_bentkus_upper_bound(mean, n, confidence=confidence)
    assert mean <= bound <= 1.0
    if mean < bound < 1.0 - 1e-6:
        assert p_value(mean, n, bound + 1e-7) <= (1 - confidence) * (1 + 1e-6)
    below = bound - 1e-6
    if below > mean:
        assert p_value(mean, n, below) > (1 - confidence) * (1 - 1e-3)


@given(st.integers(1, 400), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_the_fractional_bound_grows_with_mean_and_confidence_and_is_never_below_the_mean(n, a, b, c, d):
    (small, large), (loose, sure) = sorted((a, b)), sorted((c, d))
    bound = hoeffding_bentkus_upper_bound(small, n, confidence=loose)
    assert small <= bound <= 1.0
    assert bound <= hoeffding_bentkus_upper_bound(large, n, confidence=loose) + 1e-12
    assert bound <= hoeffding_bentkus_upper_bound(small, n, confidence=sure) + 1e-12


def test_the_fractional_bound_is_the_price_of_knowing_less_than_that_losses_are_0_or_1():
    for n_losses in (1, 5, 50):
        exact = binomial_upper_bound(n_losses, 200, confidence=0.9)
        assert exact < hoeffding_bentkus_upper_bound(n_losses / 200, 200, confidence=0.9) < 1.7 * exact
    assert hoeffding_bentkus_upper_bound(0.0, 0, confidence=0.9) == 1.0


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.999])
@pytest.mark.parametrize("n", [1, 2, 30, 666, 6_000, 200_000])
def test_the_exact_bound_is_scipys_quantile_of_the_beta_distribution(n, confidence):
    counts = np.unique(np.linspace(0, n - 1, min(n, 40)).astype(int)).astype(float)
    expected = beta.ppf(confidence, counts + 1, n - counts)
    np.testing.assert_allclose(binomial_upper_bounds(counts, n, confidence=confidence), expected, rtol=1e-9)
    for count, bound in zip(counts.tolist(), expected.tolist(), strict=True):
        assert binomial_bound_is_within(count, n, min(1.0, bound * 1.001), confidence=confidence)
        assert not binomial_bound_is_within(count, n, bound * 0.999, confidence=confidence)


names = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40)


@given(names, st.data())
def test_a_bound_is_never_below_the_mean_of_groups_and_each_group_has_one_representative(groups, data):
    fractional = data.draw(st.booleans())
    value = st.floats(0, 1) if fractional else st.sampled_from([0.0, 1.0])
    values = np.array(data.draw(st.lists(value, min_size=len(groups), max_size=len(groups))))
    grouping = grouping_of(groups)
    assert sorted(groups[row] for row in grouping.representative) == sorted(set(groups))
    mean = np.mean([values[[g == name for g in groups]].mean() for name in set(groups)])
    found = grouping.bounded(values[:, None], confidence=0.8)
    assert found.means[0] == pytest.approx(mean)
    assert found.bounds[0] >= found.means[0]
    more = grouping.bounded(values[:, None], confidence=0.9)
    assert more.bounds[0] >= found.bounds[0] - 1e-12
    assert found.method == ("clopper_pearson" if set(values) <= {0.0, 1.0} else "hoeffding_bentkus")


def test_the_representative_of_a_group_is_drawn_evenly_and_always_the_same():
    groups = [f"g{n}" for n in range(3_000) for _ in range(3)]
    first, again = grouping_of(groups), grouping_of(groups)
    np.testing.assert_array_equal(first.representative, again.representative)
    counts = np.bincount(first.representative % 3)
    assert counts.min() > 900


@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.nan])
def test_values_that_are_no_share_cannot_be_bounded(wrong):
    with pytest.raises(ValueError, match=r"outside \[0, 1\]"):
        grouping_of(["a"]).bounded(np.array([[wrong]]), confidence=0.9)


def made_up(seed: int, n_rows: int) -> tuple[Scores, Labels]:
    """Scores, and labels drawn from what the scores know only roughly."""
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
    return scores, labels_from_adequate(adequate)


def curve(scores: Scores, labels: Labels, *, target: float = 0.5, confidence: float = 0.9, **changes) -> Promise:
    settings = {
        "tiers": TIERS,
        "cost_usd": COSTS,
        "groups": np.arange(len(labels.loss)).astype(str),
        "max_distance": 1.0,
        "safe_tier": 1,
        "goal": Goal(max_quality_loss=target),
        "population": "made-up rows",
    }
    return promise_curve(scores, loss_of_labels(labels), confidence=confidence, **{**settings, **changes})


def test_bounds_never_fall_and_the_curve_is_what_was_measured():
    scores, labels = made_up(seed=0, n_rows=400)
    promise = curve(scores, labels)
    assert promise.thresholds == THRESHOLDS
    assert (np.diff(promise.thresholds) > 0).all()
    assert (np.diff(promise.bounds) >= 0).all()
    assert (np.diff(promise.cost_bounds_usd_per_1k) <= 0).all()
    assert (np.array(promise.bounds) > promise.losses).all()
    assert (np.array(promise.cost_bounds_usd_per_1k) >= promise.costs_usd_per_1k).all()
    assert (promise.n_rows, promise.n_groups, promise.method) == (400, 400, "clopper_pearson")
    assert promise.safe_tier == "production"
    columns = np.column_stack([labels.loss, np.zeros(400)])
    for position, threshold in enumerate(promise.thresholds):
        tiers = route_tiers(scores.expected_quality_loss, threshold)
        cost = np.array(COSTS)[tiers].mean()
        assert promise.losses[position] == pytest.approx(columns[np.arange(400), tiers].mean(), abs=1e-6)
        assert promise.savings[position] == pytest.approx(1 - cost / 20, abs=1e-6)
        assert promise.costs_usd_per_1k[position] == pytest.approx(1_000 * cost, abs=1e-3)
        for tier, name in enumerate(TIERS):
            assert promise.tier_shares[name][position] == pytest.approx((tiers == tier).mean(), abs=1e-6)
    for name in TIERS[1:]:
        bounds = np.array(promise.tier_share_bounds[name])
        assert (np.diff(bounds) <= 0).all()
        assert (bounds >= promise.tier_shares[name]).all()


def test_the_last_threshold_sends_every_row_to_the_cheapest_tier_and_the_first_next_to_none():
    scores, labels = made_up(seed=0, n_rows=300)
    promise = curve(scores, labels)
    assert promise.savings[-1] == pytest.approx(1 - 1 / 20)
    assert promise.tier_shares["budget"][-1] == 1.0
    assert promise.tier_shares["frontier"][0] == 1.0


def test_a_lower_target_or_a_higher_confidence_gives_a_lower_threshold():
    scores, labels = made_up(seed=0, n_rows=800)
    promise = curve(scores, labels)
    thresholds = [promise.threshold_for(target) for target in (0.02, 0.05, 0.1, 0.2)]
    assert thresholds == sorted(thresholds)
    assert len(set(thresholds)) > 2
    assert curve(scores, labels, confidence=0.999).threshold_for(0.05) < promise.threshold_for(0.05)
    assert (np.array(curve(scores, labels, confidence=0.99).bounds) >= promise.bounds).all()


@pytest.mark.parametrize(
    ("goal", "least"),
    [
        (Goal(max_quality_loss=0.05), 1 - 0.1 ** (1 / 20)),
        (Goal(tier_mix={"frontier": 0.05}), 1 - 0.1 ** (1 / 20)),
    ],
)
def test_a_goal_that_the_rows_cannot_support_is_refused_with_the_least_they_can(goal, least):
    scores, labels = made_up(seed=0, n_rows=20)
    with pytest.raises(TargetTooSmall) as caught:
        curve(scores, labels, goal=goal)
    assert caught.value.smallest == pytest.approx(least, abs=2e-6)


def test_a_cost_that_no_threshold_keeps_is_refused_with_the_least_that_one_does():
    scores, labels = made_up(seed=0, n_rows=200)
    with pytest.raises(TargetTooSmall) as caught:
        curve(scores, labels, goal=Goal(max_cost_usd_per_1k=1_000.0))
    assert 1_000 < caught.value.smallest < 1_500
    assert curve(scores, labels, goal=Goal(max_cost_usd_per_1k=1_500.0)).threshold_for() > 0


def test_the_bundles_own_goal_may_be_a_cost_or_a_mix_and_a_request_may_still_name_a_loss():
    scores, labels = made_up(seed=0, n_rows=500)
    cheap = curve(scores, labels, goal=Goal(max_cost_usd_per_1k=8_000.0))
    position = cheap.position_for()
    assert cheap.cost_bounds_usd_per_1k[position] <= 8_000 < cheap.cost_bounds_usd_per_1k[position - 1]
    assert cheap.target == cheap.bounds[position]
    assert cheap.threshold_for(0.05) == curve(scores, labels).threshold_for(0.05)
    mixed = curve(scores, labels, goal=Goal(tier_mix={"frontier": 0.3}))
    assert mixed.tier_shares["frontier"][mixed.position_for()] < 0.3


def test_a_mix_of_other_tiers_is_refused_before_anything_else():
    scores, labels = made_up(seed=0, n_rows=20)
    for tier in ("budget", "huge"):
        with pytest.raises(ValueError, match=f"'{tier}' cannot be limited; tiers that can are production, frontier"):
            curve(scores, labels, goal=Goal(tier_mix={tier: 0.5}))


def test_metered_costs_are_bounded_by_the_dearest_row_or_the_stated_limit():
    scores, labels = made_up(seed=0, n_rows=300)
    metered = np.random.default_rng(0).uniform(0.5, 1.5, size=(300, 1)) * COSTS
    by_row = curve(scores, labels, cost_usd=metered)
    limited = curve(scores, labels, cost_usd=metered, cost_limit_usd=100.0)
    middle = by_row.position_for(0.2)
    assert by_row.costs_usd_per_1k == limited.costs_usd_per_1k
    assert by_row.costs_usd_per_1k[middle] < by_row.cost_bounds_usd_per_1k[middle]
    assert by_row.cost_bounds_usd_per_1k[middle] < limited.cost_bounds_usd_per_1k[middle]


def test_a_price_of_nothing_saves_nothing_and_tiers_of_one_price_cost_it():
    scores, labels = made_up(seed=0, n_rows=100)
    free = curve(scores, labels, cost_usd=(0.0, 0.0, 0.0))
    assert set(free.savings) == set(free.costs_usd_per_1k) == set(free.cost_bounds_usd_per_1k) == {0.0}
    same = curve(scores, labels, cost_usd=(2.0, 2.0, 2.0))
    assert set(same.cost_bounds_usd_per_1k) == {2_000.0}


def test_rows_with_an_unknown_loss_are_left_out_and_none_left_is_refused():
    scores, labels = made_up(seed=0, n_rows=100)
    unknown = labels_from_adequate(np.where(np.arange(100)[:, None] < 40, -1, labels.adequate).astype(np.int8))
    assert curve(scores, unknown).n_rows == 60
    with pytest.raises(ValueError, match="no calibration row"):
        curve(scores, labels_from_adequate(np.full((100, 3), -1, dtype=np.int8)))


def test_rows_out_of_domain_count_at_the_safe_tier_at_least():
    scores, labels = made_up(seed=0, n_rows=100)
    for safe_tier in (0, 1, 2):
        promise = curve(scores, labels, max_distance=-1.0, safe_tier=safe_tier, target=1.0)
        at_least = [np.maximum(route_tiers(scores.expected_quality_loss, t), safe_tier) for t in promise.thresholds]
        expected = [1 - np.asarray(COSTS)[tiers].mean() / 20 for tiers in at_least]
        np.testing.assert_allclose(promise.savings, expected, atol=1e-6)
        assert promise.safe_tier == TIERS[safe_tier]


def test_bounds_count_groups_and_each_group_counts_once():
    scores, labels = made_up(seed=0, n_rows=200)
    paired = curve(scores, labels, groups=np.array([f"p{n // 2}" for n in range(200)]))
    assert (paired.n_rows, paired.n_groups) == (200, 100)
    assert paired.bounds[0] == pytest.approx(1 - 0.1 ** (1 / 100), abs=2e-6)
    one_long = curve(scores, labels, groups=np.array([str(max(0, n - 100)) for n in range(200)]))
    columns = np.column_stack([labels.loss, np.zeros(200)])
    tiers = route_tiers(scores.expected_quality_loss, THRESHOLDS[200])
    lost = columns[np.arange(200), tiers]
    assert one_long.losses[200] == pytest.approx((lost[:101].mean() + lost[101:].sum()) / 100, abs=1e-6)


def test_fractional_losses_take_the_mean_of_the_group_and_the_other_bound():
    scores, labels = made_up(seed=0, n_rows=300)
    promise = promise_curve(
        scores,
        0.5 * loss_of_labels(labels),
        tiers=TIERS,
        cost_usd=COSTS,
        groups=(np.arange(300) // 2).astype(str),
        max_distance=1.0,
        safe_tier=1,
        goal=Goal(max_quality_loss=0.2),
        confidence=0.9,
        population="made-up rows",
    )
    assert promise.method == "hoeffding_bentkus"
    assert promise.n_groups == 150
    position = promise.position_for()
    expected = hoeffding_bentkus_upper_bound(promise.losses[position], 150, confidence=0.9)
    assert promise.bounds[position] == pytest.approx(expected, abs=0.01)


def test_a_threshold_beyond_one_that_failed_is_never_chosen_even_where_the_loss_falls_again():
    n = 200  # for each row the cheapest and the strongest tier are adequate, the one between them is not
    loss = np.tile([0.5, 0.2, 0.0], (n, 1))
    scores = Scores(
        p_adequate=1.0 - loss, expected_quality_loss=loss, p_unsolved=np.zeros(n), domain_distance=np.zeros(n)
    )
    labels = labels_from_adequate(np.tile(np.array([1, 0, 1], dtype=np.int8), (n, 1)))
    promise = curve(scores, labels, thresholds=(0.0, 0.3, 0.6), target=0.05)
    assert promise.losses == (0.0, 1.0, 0.0)
    assert promise.threshold_for() == 0.0


# --- Slices ---------------------------------------------------------------------------------------------------------


def test_slices_are_stated_with_their_own_n_bound_and_least_target():
    scores, labels = made_up(seed=0, n_rows=300)
    lang = np.array(["en"] * 200 + ["de"] * 60 + ["fi"] * 10 + [""] * 30)
    source = np.array(["a", "b"] * 150)
    promise = curve(scores, labels, slices={"lang": lang, "source": source})
    assert [(part.by, part.value, part.n) for part in promise.slices] == [
        ("lang", "de", 60),
        ("lang", "en", 200),
        ("source", "a", 150),
        ("source", "b", 150),
    ]
    tiers = route_tiers(scores.expected_quality_loss, promise.threshold_for())
    columns = np.column_stack([labels.loss, np.zeros(300)])
    for part, rows in zip(promise.slices, (lang == "de", lang == "en", source == "a", source == "b"), strict=True):
        lost = columns[np.arange(300), tiers][rows]
        exact = binomial_upper_bound(int(lost.sum()), part.n, confidence=1 - 0.1 / 4)  # Bonferroni over four slices
        assert part.loss == pytest.approx(lost.mean(), abs=1e-6)
        assert part.bound >= exact
        assert part.bound == pytest.approx(exact, abs=0.03)
        assert part.smallest_target == pytest.approx(1 - (0.1 / 4) ** (1 / part.n), abs=2e-6)


def test_no_slices_are_stated_unless_asked_for_and_none_of_few_rows():
    scores, labels = made_up(seed=0, n_rows=100)
    assert curve(scores, labels).slices == ()
    assert curve(scores, labels, slices={"lang": np.array([f"l{n % 5}" for n in range(100)])}).slices == ()


# --- Sides and options ----------------------------------------------------------------------------------------------


def test_a_sigmoid_is_fitted_on_the_rows_that_choose_an_isotonic_calibration_on_others():
    groups = np.array([f"g{n // 2}" for n in range(1_000)])
    rows = np.arange(100, 900)
    for side in calibration_sides(groups, rows, method="sigmoid", seed=0):
        np.testing.assert_array_equal(side, rows)
    calibrating, choosing = calibration_sides(groups, rows, method="isotonic", seed=0)
    assert sorted([*calibrating, *choosing]) == rows.tolist()
    assert not {groups[row] for row in calibrating} & {groups[row] for row in choosing}
    assert 300 < len(calibrating) < 500
    np.testing.assert_array_equal(calibrating, calibration_sides(groups, rows, method="isotonic", seed=0)[0])
    quarter, rest = calibration_sides(groups, rows, method="sigmoid", seed=0, share=0.25)
    assert 120 < len(quarter) < 280
    assert sorted([*quarter, *rest]) == rows.tolist()
    assert calibrating.tolist() != calibration_sides(groups, rows, method="isotonic", seed=1)[0].tolist()


@pytest.mark.parametrize(
    ("options", "goal"),
    [
        ((0.1, None, ()), Goal(max_quality_loss=0.1)),
        ((None, 5.0, ()), Goal(max_cost_usd_per_1k=5.0)),
        ((None, None, ("frontier=0.1", "production=.5")), Goal(tier_mix={"frontier": 0.1, "production": 0.5})),
    ],
)
def test_options_name_one_goal(options, goal):
    quality, cost, mix = options
    assert goal_from_options(max_quality_loss=quality, max_cost_usd_per_1k=cost, tier_mix=mix) == goal


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((None, None, ()), "found none"),
        ((0.1, 5.0, ()), "choose one of"),
        ((0.1, None, ("frontier=0.1",)), "choose one of"),
        ((None, None, ("frontier",)), "expected TIER=SHARE, found 'frontier'"),
        ((None, None, ("frontier=ten",)), "expected TIER=SHARE"),
        ((None, None, ("frontier=nan",)), "expected a share"),
        ((None, None, ("frontier=10",)), "expected a share"),
        ((2.0, None, ()), "max_quality_loss"),
    ],
)
def test_options_that_are_no_goal_are_refused(options, says):
    quality, cost, mix = options
    with pytest.raises(ValueError, match=says):
        goal_from_options(max_quality_loss=quality, max_cost_usd_per_1k=cost, tier_mix=mix)
