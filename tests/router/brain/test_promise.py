"""Looking a goal up on the threshold curve."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.promise import Goal, Promise, SlicePromise, TargetTooSmall
from router.types import StatedPromise
from tests.router.tiny_bundle import TIERS, tiny_promise


@pytest.mark.parametrize(
    ("target", "threshold"),
    [(0.02, 0.1), (0.05, 0.1), (0.1, 0.3), (0.19999, 0.3), (0.2, 0.5), (0.4, 0.9), (1.0, 0.9), (None, 0.3)],
)
def test_a_target_gets_the_largest_threshold_whose_bound_keeps_it(target, threshold):
    assert tiny_promise().threshold_for(target) == threshold
    if target is not None:
        assert tiny_promise().threshold_for(Goal(max_quality_loss=target)) == threshold


@pytest.mark.parametrize(("usd", "threshold"), [(100.0, 0.1), (10.0, 0.1), (9.99, 0.3), (6.0, 0.5), (2.0, 0.9)])
def test_a_cost_gets_the_most_careful_threshold_whose_bound_keeps_it(usd, threshold):
    assert tiny_promise().threshold_for(Goal(max_cost_usd_per_1k=usd)) == threshold


@pytest.mark.parametrize(
    ("mix", "threshold"),
    [
        ({"frontier": 1.0}, 0.1),
        ({"frontier": 0.5}, 0.5),
        ({"frontier": 0.2}, 0.9),
        ({"production": 0.4}, 0.1),
        ({"production": 0.3}, 0.9),
        ({"production": 0.4, "frontier": 0.5}, 0.5),
        ({"production": 0.3, "frontier": 0.5}, 0.9),
    ],
)
def test_a_mix_gets_the_most_careful_threshold_that_keeps_every_share(mix, threshold):
    assert tiny_promise().threshold_for(Goal(tier_mix=mix)) == threshold


@pytest.mark.parametrize(
    ("goal", "says", "smallest"),
    [
        (Goal(max_quality_loss=0.0), r"max_quality_loss 0: .* support 0\.02 or more\. Ask for more, or fit on", 0.02),
        (Goal(max_quality_loss=0.01999), r"support 0\.02 or more", 0.02),
        (Goal(max_cost_usd_per_1k=1.99), r"max_cost_usd_per_1k 1\.99: .* support 2 or more", 2.0),
        (Goal(tier_mix={"frontier": 0.1}), r"tier_mix frontier 0\.1: .* support 0\.2 or more", 0.2),
    ],
)
def test_a_goal_that_the_rows_cannot_support_is_refused_with_the_least_that_they_can(goal, says, smallest):
    with pytest.raises(TargetTooSmall, match=says) as caught:
        tiny_promise().threshold_for(goal)
    assert caught.value.smallest == smallest


def test_of_equal_bounds_the_largest_threshold_is_taken_and_of_equal_costs_the_most_careful():
    flat = replace(tiny_promise(), bounds=(0.05,) * 4, cost_bounds_usd_per_1k=(5.0,) * 4)
    assert flat.threshold_for(0.05) == 0.9
    assert flat.threshold_for(Goal(max_cost_usd_per_1k=5.0)) == 0.1


@pytest.mark.parametrize(
    ("goal", "target", "bound"),
    [
        (Goal(max_quality_loss=0.15), 0.15, 0.1),
        (Goal(max_cost_usd_per_1k=7.0), 7.0, 6.0),
        (Goal(tier_mix={"frontier": 0.7}), {"frontier": 0.7}, {"frontier": 0.6}),
    ],
)
def test_what_is_stated_is_the_target_and_the_bound_that_keeps_it_counted_in_groups(goal, target, bound):
    expected = StatedPromise(goal=goal.kind, target=target, bound=bound, confidence=0.9, n=90)
    assert tiny_promise().stated(goal) == expected
    assert replace(tiny_promise(), goal=goal).stated() == expected


def test_the_quality_that_a_cost_or_a_mix_comes_with_is_the_bound_at_its_threshold():
    assert tiny_promise().target == 0.1
    assert replace(tiny_promise(), goal=Goal(max_cost_usd_per_1k=6.0)).target == 0.2
    assert replace(tiny_promise(), goal=Goal(tier_mix={"frontier": 0.2})).target == 0.4


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "choose one of max_quality_loss, max_cost_usd_per_1k, tier_mix; found none"),
        ({"max_quality_loss": 0.1, "max_cost_usd_per_1k": 1.0}, "found max_quality_loss and max_cost_usd_per_1k"),
        ({"max_quality_loss": 1.1}, r"max_quality_loss: expected a number in \[0, 1\], found 1\.1"),
        ({"max_quality_loss": float("nan")}, "max_quality_loss"),
        ({"max_cost_usd_per_1k": -1.0}, "max_cost_usd_per_1k: expected a finite number"),
        ({"max_cost_usd_per_1k": float("inf")}, "max_cost_usd_per_1k: expected a finite number"),
        ({"tier_mix": {}}, "at least one tier"),
        ({"tier_mix": {"frontier": 1.5}}, "tier_mix: frontier: expected a share"),
    ],
)
def test_what_is_no_goal_is_refused(given, says):
    with pytest.raises(ValueError, match=says):
        Goal(**given)


@pytest.mark.parametrize("tier", ["budget", "huge"])
def test_a_mix_limits_only_tiers_above_the_cheapest(tier):
    with pytest.raises(ValueError, match=f"'{tier}' cannot be limited; tiers that can are production, frontier"):
        tiny_promise().threshold_for(Goal(tier_mix={tier: 0.5}))


rising = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        *(st.lists(st.floats(0, 1), min_size=n, max_size=n).map(lambda xs: tuple(sorted(xs))) for _ in range(4))
    )
)


def drawn(thresholds, bounds, costs, shares) -> Promise:
    zeros = (0.0,) * len(thresholds)
    return Promise(
        goal=Goal(max_quality_loss=1.0),
        confidence=0.9,
        n_rows=9,
        n_groups=9,
        method="clopper_pearson",
        population="drawn",
        safe_tier="production",
        thresholds=thresholds,
        bounds=bounds,
        losses=zeros,
        savings=zeros,
        costs_usd_per_1k=zeros,
        cost_bounds_usd_per_1k=costs[::-1],
        tier_shares=dict.fromkeys(TIERS, zeros),
        tier_share_bounds={"production": shares[::-1], "frontier": costs[::-1]},
    )


@given(rising, st.floats(0, 1), st.floats(0, 1))
def test_a_threshold_keeps_its_target_and_a_larger_target_never_lowers_it(curves, first, second):
    promise = drawn(*curves)
    small, large = sorted((first, second))
    try:
        position = promise.position_for(small)
    except TargetTooSmall:
        assert promise.bounds[0] > small
    else:
        assert promise.bounds[position] <= small
        assert position == len(promise.bounds) - 1 or promise.bounds[position + 1] > small
        assert promise.threshold_for(large) >= promise.threshold_for(small)


@given(rising, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_budget_or_share_never_raises_the_threshold(curves, first, second):
    promise = drawn(*curves)
    small, large = sorted((first, second))
    for goal in (
        lambda limit: Goal(max_cost_usd_per_1k=limit),
        lambda limit: Goal(tier_mix={"production": limit, "frontier": limit}),
    ):
        try:
            position = promise.position_for(goal(small))
        except TargetTooSmall as refused:
            assert refused.smallest > small
        else:
            stated = promise.stated(goal(small)).bound
            assert max(stated.values() if isinstance(stated, dict) else [stated]) <= small
            assert promise.position_for(goal(large)) <= position


def test_slices_that_lose_more_than_is_promised_of_all_are_named_worst_first():
    parts = [
        SlicePromise(by="lang", value=value, n=40, loss=loss, bound=0.3, smallest_target=0.08)
        for value, loss in (("de", 0.1), ("fr", 0.101), ("en", 0.02), ("ja", 0.2))
    ]
    promise = replace(tiny_promise(), slices=tuple(parts))
    assert [part.value for part in promise.broken_slices] == ["ja", "fr"]
    assert replace(promise, goal=Goal(max_cost_usd_per_1k=5.0)).broken_slices == ()
    assert tiny_promise().broken_slices == ()
