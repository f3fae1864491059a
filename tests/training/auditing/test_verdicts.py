"""Verdicts and mixes from numbers alone: what each step is held against, and when noise forbids a word."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.auditing.statistics import mixes_of, wins
from training.auditing.table import LadderTable
from training.auditing.verdicts import BELOW_MIX, DOMINATED, NOT_BETTER, UNPROVEN, WORTH, lead_of, verdicts_of
from training.measure.bootstrap import Interval


def table(*cost_usd: float) -> LadderTable:
    n_steps = len(cost_usd)
    return LadderTable(np.zeros((2, n_steps)), np.array(cost_usd), "cost_usd", 2, np.full(n_steps, math.nan))


@pytest.mark.parametrize(
    ("lead", "verdict"),
    [
        (Interval(-0.2, -0.3, -0.1), DOMINATED),
        (Interval(-0.1, -0.2, 0.0), NOT_BETTER),
        (Interval(0.0, -0.1, 0.1), NOT_BETTER),
        (Interval(0.1, 0.0, 0.2), UNPROVEN),
        (Interval(0.1, 0.01, 0.2), WORTH),
    ],
)
def test_a_dearer_step_is_judged_by_its_lead_and_the_interval_around_it(lead, verdict):
    assert verdicts_of(table(1.0, 2.0), {(0, 1): lead}, {}) == {1: (verdict, (0,))}


def test_the_cheaper_step_has_no_verdict_even_where_it_stands_higher_on_the_ladder():
    lead = Interval(0.1, 0.05, 0.2)  # of the second step over the first, which costs more
    assert verdicts_of(table(2.0, 1.0), {(0, 1): lead}, {}) == {0: (DOMINATED, (1,))}


def test_without_costs_the_order_of_the_ladder_says_which_step_is_dearer():
    lead = Interval(0.1, 0.05, 0.2)
    assert set(verdicts_of(table(math.nan, math.nan), {(0, 1): lead}, {})) == {1}


def test_a_step_is_below_a_mix_only_beyond_doubt():
    leads = {(0, 1): Interval(0.1, 0.05, 0.2), (0, 2): Interval(0.5, 0.4, 0.6), (1, 2): Interval(0.4, 0.3, 0.5)}
    behind, doubtful = Interval(-0.1, -0.2, -0.05), Interval(-0.1, -0.2, 0.05)
    assert verdicts_of(table(1.0, 2.0, 3.0), leads, {(0, 1, 2): behind})[1] == (BELOW_MIX, (0, 2))
    assert verdicts_of(table(1.0, 2.0, 3.0), leads, {(0, 1, 2): doubtful})[1] == (WORTH, (0,))


def test_a_lead_seen_from_the_other_side_swaps_its_bounds():
    assert lead_of({(0, 1): Interval(0.1, -0.2, 0.3)}, 0, 1) == Interval(-0.1, -0.3, 0.2)


def test_a_mix_costs_as_much_as_the_step_and_its_shares_add_up():
    costs = np.array([1.0, 4.0, 2.0])
    ((between, weights),) = mixes_of(costs).items()
    assert between == (0, 2, 1)
    assert weights.sum() == pytest.approx(0.0)
    assert weights @ costs == pytest.approx(0.0)


def test_there_is_no_mix_of_steps_that_cost_the_same():
    assert mixes_of(np.array([1.0, 1.0, 1.0])) == {}


def test_rows_that_one_side_does_not_know_count_for_nothing():
    assert wins(np.array([0.0, math.nan]), np.array([math.nan, 1.0])) == {"n": 0}
    assert wins(np.array([0.0, 1.0]), np.array([1.0, 1.0])) == {"n": 2, "better": 0.5, "tie": 0.5, "worse": 0.0}
