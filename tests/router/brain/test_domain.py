"""How foreign an ask's tokens are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.domain import POWERS, Domain


def domain(*weights, power=1.0):
    return Domain(np.array(weights, dtype=np.int8), step=0.5, intercept=-1.0, power=power, max_distance=0.5)


@pytest.mark.parametrize(
    ("ids", "power", "logit"),
    [
        ([0], 1.0, -1.0),
        ([2], 1.0, -1.0 + 0.5 * 40 / 4),
        ([2, 2, 2], 1.0, -1.0 + 0.5 * 40 / 4),
        ([2, 1, 2], 1.0, -1.0 + 0.5 * 30 / 5),
        ([2], 0.5, -1.0 + 0.5 * 40 / 2),
        ([1], 0.5, -1.0 - 0.5 * 10 / 2),
    ],
)
def test_the_distance_is_a_logistic_sum_over_distinct_tokens(ids, power, logit):
    one = domain(0, -10, 40, power=power)
    assert one.distance(ids) == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-12)
    np.testing.assert_array_equal(one.distances([ids, []]), [one.distance(ids), 1.0])


@given(
    st.lists(st.integers(0, 9), max_size=600),
    st.lists(st.integers(-128, 127), min_size=10, max_size=10),
    st.floats(-1e308, 1e308),
    st.floats(-1e308, 1e308),
    st.sampled_from(POWERS),
)
def test_distances_are_between_0_and_1_whatever_the_weights(ids, weights, step, intercept, power):
    found = Domain(np.array(weights, dtype=np.int8), step, intercept, power, max_distance=0.5)
    assert 0.0 <= found.distance(ids) <= 1.0


@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(-100, 100), min_size=10, max_size=10))
def test_a_more_foreign_token_never_brings_a_text_nearer(ids, weights):
    distance = domain(*weights).distance(ids)
    for token in range(10):
        more = weights.copy()
        more[token] += 20
        assert domain(*more).distance(ids) >= distance


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_request_is_out_of_the_shipped_bundles_domain(router, text):
    decision = router.route(text)
    assert decision.reason == "out_of_domain"
    assert decision.tier == router.settings.safe_tier


@pytest.mark.parametrize(
    "text", ["Translate 'good morning' to French.", "Write a Python function that sorts a list.", "thanks", "hi"]
)
def test_ordinary_requests_are_within_it(router, text):
    assert router.route(text).reason == "threshold"
