"""Bootstrap intervals: groups stay together, the same seed gives the same draws, and they cover what they should."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.measure.bootstrap import MIN_GROUPS, Interval, bootstrap, resamples

GROUPS = np.array([f"g{k // 3}" for k in range(60)])


def mean_of(values: np.ndarray):
    return lambda rows: values[rows].mean()


def test_a_resample_holds_whole_groups_and_as_many_as_there_are():
    sizes = np.array([1, 5, 2, 7, 3])
    groups = np.repeat(np.array(["e", "b", "d", "a", "c"]), sizes)
    shuffled = np.random.default_rng(0).permutation(groups)
    for rows in resamples(shuffled, n_resamples=50, seed=1):
        counts = np.bincount(rows, minlength=len(shuffled))
        per_group = {group: set(counts[shuffled == group].tolist()) for group in np.unique(shuffled).tolist()}
        assert all(len(times) == 1 for times in per_group.values()), "all rows of a group are drawn equally often"
        assert sum(times.copy().pop() for times in per_group.values()) == 5


def test_same_seed_same_interval_and_another_seed_another():
    values = np.random.default_rng(0).random(60)
    first = bootstrap(GROUPS, mean_of(values), seed=4)
    assert first == bootstrap(GROUPS.tolist(), mean_of(values), seed=4)
    assert first != bootstrap(GROUPS, mean_of(values), seed=5)


def test_the_order_of_the_rows_does_not_matter():
    values = np.random.default_rng(0).integers(0, 2, 60).astype(float)
    order = np.random.default_rng(1).permutation(60)
    assert bootstrap(GROUPS[order], mean_of(values[order])) == bootstrap(GROUPS, mean_of(values))


def test_all_entries_see_the_same_draws_so_differences_are_paired():
    values = np.random.default_rng(0).random(60)
    better = values + 0.1
    first, second, difference = bootstrap(
        GROUPS, lambda rows: [values[rows].mean(), better[rows].mean(), (better - values)[rows].mean()]
    )
    assert difference == pytest.approx((0.1, 0.1, 0.1))
    assert second == pytest.approx(tuple(entry + 0.1 for entry in first))


def test_copies_of_a_row_in_one_group_make_no_interval_narrower():
    values = np.random.default_rng(0).random(100)
    (alone,) = bootstrap([f"g{k}" for k in range(100)], mean_of(values))
    (copied,) = bootstrap([f"g{k // 5}" for k in range(500)], mean_of(np.repeat(values, 5)))
    (naive,) = bootstrap([f"g{k}" for k in range(500)], mean_of(np.repeat(values, 5)))
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low, rel=0.15)
    assert naive.high - naive.low < 0.6 * (alone.high - alone.low)


def test_the_interval_of_a_mean_is_about_two_standard_errors_each_side():
    values = np.random.default_rng(3).normal(size=400)
    (interval,) = bootstrap([f"g{k}" for k in range(400)], mean_of(values), n_resamples=4_000)
    error = values.std() / math.sqrt(400)
    assert interval.point == values.mean()
    assert interval.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert interval.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)


def test_intervals_of_grouped_rows_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 4).astype(str)
    covered = 0
    for seed in range(300):
        values = np.repeat(rng.normal(size=40), 4) + 0.3 * rng.normal(size=160)
        (interval,) = bootstrap(groups, mean_of(values), n_resamples=200, seed=seed)
        covered += interval.low <= 0 <= interval.high
    assert covered / 300 >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 300), (
        "within binomial error, and few groups cost a little"
    )


def test_too_few_groups_give_a_point_and_no_interval():
    groups = [f"g{k % (MIN_GROUPS - 1)}" for k in range(60)]
    (interval,) = bootstrap(groups, mean_of(np.ones(60)))
    assert interval.point == 1.0
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_resamples_without_a_value_are_passed_over_and_an_unknown_point_stays_unknown():
    values = np.where(np.arange(60) < 3, 1.0, np.nan)

    def mean_of_known(rows: np.ndarray) -> list[float]:
        known = values[rows][np.isfinite(values[rows])]
        return [float(known.mean()) if known.size else float("nan"), float("nan")]

    first, second = bootstrap(GROUPS, mean_of_known)
    assert first == Interval(1.0, 1.0, 1.0)
    assert all(math.isnan(entry) for entry in second)


def test_the_statistic_is_computed_once_for_the_rows_and_once_for_each_resample():
    values, drawn = np.random.default_rng(0).random(60), []

    def mean(rows: np.ndarray) -> list[float]:
        drawn.append(len(rows))
        return [float(values[rows].mean())]

    bootstrap(GROUPS, mean, n_resamples=200)
    assert len(drawn) == 201
