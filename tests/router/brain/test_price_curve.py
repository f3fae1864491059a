"""What a price of quality loses and costs on held-out rows, against the service's own rule, one row at a time."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.brain.bounds import Grouping
from router.brain.price_curve import RATES, PriceCurve, PricedRows, outlook_at_rate, outlook_at_value
from router.brain.promise import Goal, TargetTooSmall
from router.policy import Price
from router.policy.choose import choose_by_price, nearest_at_or_above
from router.types import Prediction

TIERS = ("budget", "production", "frontier")
PRICES = (0.0004, 0.0120, 0.0200)


def rows_of(rng, n=300, *, usd=PRICES, allowed=(0, 1, 2), outside=0.1, longest=5.0):
    """Rows whose outcomes are drawn from what is predicted for them; longest: the largest request by the smallest."""
    frontier, production = 0.4 * rng.random(n) ** 3, rng.random(n) ** 2
    loss = np.stack([frontier + (1 - frontier) * production, frontier, np.zeros(n)], axis=1)
    lost = np.concatenate([rng.random((n, 2)) < loss[:, :2], np.zeros((n, 1))], axis=1)
    cost = np.array(usd) * rng.uniform(1.0, longest, (n, 1))
    return PricedRows(
        tiers=TIERS,
        loss=loss,
        lost=lost.astype(np.float64),
        expected_usd=cost,
        charged_usd=cost * rng.uniform(0.5, 1.5, (n, 1)),
        lowest=np.where(rng.random(n) < outside, 1, 0),
        allowed=allowed,
        grouping=Grouping.of_numbers(rng.integers(0, n, n)),
    )


def served(rows, row, price):
    """The rank that the service would choose for a row."""
    prediction = Prediction(
        tiers=TIERS,
        p_adequate=tuple(1.0 - rows.loss[row]),
        expected_quality_loss=tuple(rows.loss[row]),
        p_unsolved=0.0,
        domain_distance=0.5,
        out_of_domain=bool(rows.lowest[row]),
    )
    allowed = tuple(TIERS[rank] for rank in rows.allowed)
    cost_usd = dict(zip(TIERS, rows.expected_usd[row], strict=True))
    tier = choose_by_price(prediction, value_usd=price.value_usd(cost_usd), cost_usd=cost_usd, allowed=allowed)
    safe = nearest_at_or_above(TIERS[rows.lowest[row]], allowed, order=TIERS)
    return max(TIERS.index(tier), TIERS.index(safe))


configurations = st.sampled_from(
    [
        (PRICES, (0, 1, 2)),
        ((0.013, 0.0120, 0.0200), (0, 1, 2)),  # a budget model that costs more than production's
        ((0.02, 0.01, 0.001), (0, 1, 2)),
        ((0.01, 0.01, 0.01), (0, 1, 2)),
        ((0.0, 0.0, 0.02), (0, 1, 2)),
        (PRICES, (0, 1)),
        (PRICES, (1, 2)),
        (PRICES, (0, 2)),
        (PRICES, (2,)),
    ]
)


@settings(max_examples=25)
@given(configurations, st.integers(0, 10**6), st.integers(1, len(RATES) - 2))
def test_the_curve_is_what_the_service_would_decide_for_each_row(configuration, seed, position):
    usd, allowed = configuration
    rows = rows_of(np.random.default_rng(seed), 60, usd=usd, allowed=allowed)
    curve, price = PriceCurve(rows, confidence=0.9), Price(1.0 / float(RATES[position]), is_relative=True)
    chosen = np.array([served(rows, row, price) for row in range(60)])
    weights = rows.grouping.weights
    picked = np.arange(60), chosen
    assert curve.losses[position] == pytest.approx(weights @ rows.lost[picked], abs=1e-9)
    assert curve.costs_usd_per_1k[position] == pytest.approx(1_000 * weights @ rows.charged_usd[picked])
    shares = [weights @ (chosen == rank) for rank in range(3)]
    np.testing.assert_allclose(curve.tier_shares[position], shares, atol=1e-9)
    outlook = outlook_at_rate(curve, position)
    assert outlook.shares == pytest.approx(dict(zip(TIERS, shares, strict=True)), abs=1e-9)


@settings(max_examples=25)
@given(configurations, st.integers(0, 10**6), st.floats(1e-4, 100))
def test_a_value_in_dollars_is_applied_as_the_service_applies_it(configuration, seed, value_usd):
    usd, allowed = configuration
    rows = rows_of(np.random.default_rng(seed), 60, usd=usd, allowed=allowed)
    chosen = [served(rows, row, Price(value_usd)) for row in range(60)]
    assert rows.tiers_at_value(value_usd).tolist() == chosen
    outlook = outlook_at_value(rows, value_usd, confidence=0.9)
    assert outlook.loss == pytest.approx(rows.grouping.weights @ rows.lost[np.arange(60), chosen], abs=1e-9)
    assert outlook.bound >= outlook.loss


@settings(max_examples=50)
@given(configurations, st.integers(0, 10**6))
def test_as_quality_gets_more_expensive_expected_loss_grows_and_cost_falls(configuration, seed):
    usd, allowed = configuration
    rows = rows_of(np.random.default_rng(seed), 80, usd=usd, allowed=allowed, outside=0.0, longest=1.0)
    chosen = [
        [served(rows, row, Price(1.0 / float(rate), is_relative=True)) for row in range(80)] for rate in RATES[::40]
    ]
    loss = [rows.loss[np.arange(80), tiers].sum() for tiers in chosen]
    cost = [rows.expected_usd[np.arange(80), tiers].sum() for tiers in chosen]
    assert (np.diff(loss) >= -1e-9).all()
    assert (np.diff(cost) <= 1e-9).all()


def test_the_bounds_never_fall_and_each_goal_gets_the_last_price_that_keeps_it():
    curve = PriceCurve(rows_of(np.random.default_rng(1), 2_000), confidence=0.9)
    bounds = [curve.loss_bound(position) for position in range(0, len(RATES), 16)]
    assert (np.diff(bounds) >= 0).all()
    assert (bounds >= curve.losses[::16]).all()
    assert (np.diff([curve.cost_bound_usd_per_1k(place) for place in range(0, len(RATES), 64)]) <= 0).all()
    position = curve.position_for(Goal(max_quality_loss=0.05))
    assert curve.loss_bound(position) <= 0.05 < curve.loss_bound(position + 1)
    cost = curve.position_for(Goal(max_cost_usd_per_1k=20.0))
    assert curve.cost_bound_usd_per_1k(cost) <= 20.0 < curve.cost_bound_usd_per_1k(cost - 1)
    mix = Goal(tier_mix={"frontier": 0.2, "production": 0.4})
    assert all(curve.stated(mix).bound[tier] <= share for tier, share in mix.tier_mix.items())
    stated = curve.stated(Goal(max_quality_loss=0.05))
    assert (stated.target, stated.confidence, stated.n) == (0.05, 0.9, curve.n_groups)


@pytest.mark.parametrize(
    ("goal", "allowed", "says"),
    [
        (Goal(max_quality_loss=0.0001), (0, 1, 2), "max_quality_loss 0.0001: its rows support 0.00"),
        (Goal(max_quality_loss=0.05), (0, 1), "max_quality_loss 0.05: its rows support 0.1"),
        (Goal(max_cost_usd_per_1k=0.01), (0, 1, 2), "max_cost_usd_per_1k 0.01"),
        (Goal(tier_mix={"frontier": 0.001}), (2,), "tier_mix frontier 0.001: its rows support 1"),
    ],
    ids=str,
)
def test_a_goal_that_the_rows_do_not_support_is_refused_with_the_least_that_they_do(goal, allowed, says):
    rows = rows_of(np.random.default_rng(2), 900, allowed=allowed, outside=0.0)
    with pytest.raises(TargetTooSmall, match=says) as caught:
        PriceCurve(rows, confidence=0.9).position_for(goal)
    if goal.max_quality_loss is not None:
        least = Goal(max_quality_loss=caught.value.smallest)
        assert PriceCurve(rows, confidence=0.9).position_for(least) >= 0


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(20, 400), st.sampled_from([(0, 1), (0, 1, 2), (1, 2)]))
def test_the_least_that_a_refusal_names_is_supported_as_a_number_and_as_it_is_written(seed, n, allowed):
    curve = PriceCurve(rows_of(np.random.default_rng(seed), n, allowed=allowed), confidence=0.9)
    goals = {
        "max_quality_loss": lambda value: Goal(max_quality_loss=min(value, 1.0)),
        "max_cost_usd_per_1k": lambda value: Goal(max_cost_usd_per_1k=value),
        "tier_mix frontier": lambda value: Goal(tier_mix={"frontier": min(value, 1.0)}),
    }
    refused = 0
    for what, goal in goals.items():
        try:
            curve.position_for(goal(1e-9))
        except TargetTooSmall as exc:
            refused += 1
            assert what in str(exc)
            written = float(re.search(r"support (\S+) or more", str(exc)).group(1))
            assert written >= exc.smallest
            for least in (exc.smallest, written):
                assert curve.position_for(goal(least)) >= 0
            with pytest.raises(TargetTooSmall):
                curve.position_for(goal(exc.smallest * (1.0 - 1e-6)))
    assert refused >= 2


def test_the_promise_is_kept_whatever_the_prices():
    """Prices of quality chosen on 250 rows, checked on the 20,000 that these are drawn from."""
    for usd in (PRICES, (0.013, 0.012, 0.02)):
        population = rows_of(np.random.default_rng(3), 20_000, usd=usd)
        truth = PriceCurve(population, confidence=0.9).losses
        broken = 0
        for draw in range(120):
            picked = np.random.default_rng([4, draw]).integers(0, 20_000, 250)
            sample = PricedRows(
                tiers=TIERS,
                allowed=(0, 1, 2),
                grouping=Grouping.of_numbers(np.arange(250)),
                **{
                    name: getattr(population, name)[picked]
                    for name in ("loss", "lost", "expected_usd", "charged_usd", "lowest")
                },
            )
            position = PriceCurve(sample, confidence=0.9).position_for(Goal(max_quality_loss=0.06))
            broken += truth[position] > 0.06
        assert broken / 120 <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 120)
        assert broken > 0
