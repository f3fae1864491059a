"""The curve of what an answer is worth: its ends, its order, and the service's own rule at each value."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training import worlds
from training.measure.advantages import measurable_rows
from training.measure.measure import SAFE_TIER
from training.measure.price import VALUES_USD, price_report


@pytest.fixture(scope="module")
def rows():
    inputs = worlds.traffic_inputs()
    target = inputs.test.take(np.flatnonzero(inputs.on_target))
    return target.take(measurable_rows(target))


@pytest.fixture(scope="module")
def curve(rows):
    return price_report(rows, safe_tier=SAFE_TIER)


def test_each_value_has_every_figure(curve, rows):
    n = len(VALUES_USD)
    assert [len(curve[name]) for name in ("value_of_an_answer_usd", "saved", "quality_loss", "loss_bound")] == [n] * 4
    shares = np.array(list(curve["tier_share"].values()))
    assert tuple(curve["tier_share"]) == rows.tiers
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)


def test_a_dearly_held_answer_saves_nothing_and_a_worthless_one_all(curve, rows):
    strongest, cheapest = rows.cost_usd[:, -1].mean(), rows.cost_usd[:, 0].mean()
    assert curve["saved"][-1] == pytest.approx(0.0, abs=0.01)
    assert curve["saved"][0] <= 1.0 - cheapest / strongest + 1e-9
    assert curve["saved"][0] > 0.5


def test_savings_and_losses_fall_as_an_answer_is_worth_more(curve):
    assert (np.diff(curve["saved"]) <= 1e-9).all()
    assert curve["quality_loss"][0] > curve["quality_loss"][-1]
    assert all(loss <= bound for loss, bound in zip(curve["quality_loss"], curve["loss_bound"], strict=True))


def test_the_figures_at_a_value_are_those_of_the_least_loss_plus_cost_over_value(curve, rows):
    place = len(VALUES_USD) // 3
    totals = rows.scores.expected_quality_loss + rows.cost_usd / VALUES_USD[place]
    best = totals.shape[1] - 1 - totals[:, ::-1].argmin(axis=1)
    chosen = np.where(rows.flagged, np.maximum(best, SAFE_TIER), best)
    each = np.arange(len(rows))
    numbers = np.unique(rows.groups, return_inverse=True)[1]
    weights = 1.0 / np.bincount(numbers)[numbers] / (numbers.max() + 1)
    spent = weights @ rows.cost_usd[each, chosen]
    assert curve["saved"][place] == pytest.approx(1.0 - spent / (weights @ rows.cost_usd[:, -1]))
