"""Looking a target up on the threshold curve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.promise import Promise, TargetTooSmall
from tests.router.tiny_bundle import tiny_promise


@pytest.mark.parametrize(
    ("target", "threshold"),
    [(0.02, 0.1), (0.05, 0.1), (0.1, 0.3), (0.19999, 0.3), (0.2, 0.5), (0.4, 0.9), (1.0, 0.9), (None, 0.3)],
)
def test_a_target_gets_the_largest_threshold_whose_bound_keeps_it(target, threshold):
    assert tiny_promise().threshold_for(target) == threshold


@pytest.mark.parametrize("target", [0.0, 0.01999])
def test_a_target_that_the_rows_cannot_support_is_refused_with_the_least_that_they_can(target):
    with pytest.raises(TargetTooSmall, match=r"support 0\.02 or more\. Ask for more, or fit on more rows") as caught:
        tiny_promise().threshold_for(target)
    assert caught.value.smallest == 0.02


def test_of_equal_bounds_the_largest_threshold_is_taken():
    promise = Promise(0.1, 0.9, 9, "made by hand", (0.1, 0.2, 0.3), (0.05, 0.05, 0.05), (0.0,) * 3, (0.0,) * 3)
    assert promise.threshold_for(0.05) == 0.3


curves = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        *(st.lists(st.floats(0, 1), min_size=n, max_size=n).map(lambda xs: tuple(sorted(xs))) for _ in range(2))
    )
)


@given(curves, st.floats(0, 1), st.floats(0, 1))
def test_a_threshold_keeps_its_target_and_a_larger_target_never_lowers_it(curve, first, second):
    thresholds, bounds = curve
    zeros = (0.0,) * len(thresholds)
    promise = Promise(0.5, 0.9, 9, "drawn", thresholds, bounds, zeros, zeros)
    small, large = sorted((first, second))
    try:
        position = promise.position_for(small)
    except TargetTooSmall:
        assert bounds[0] > small
    else:
        assert bounds[position] <= small
        assert position == len(bounds) - 1 or bounds[position + 1] > small
        assert promise.threshold_for(large) >= promise.threshold_for(small)
