"""How foreign an ask's tokens are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.domain import POWERS, WORDS_UNLIKE, Domain
from router.reading.progress import Progress


def domain(*weights, power=1.0):
    return Domain(np.array(weights, dtype=np.int8), step=0.5, intercept=-1.0, power=power, max_distance=0.5)


@pytest.mark.parametrize(
    ("ids", "power", "logit"),
    [
        ([0], 1.0, -1.0),
        ([2], 1.0, -1.0 + 0.5 * 40 / 11),
        ([2, 2, 2], 1.0, -1.0 + 0.5 * 40 / 11),
        ([2, 1, 2], 1.0, -1.0 + 0.5 * 30 / 12),
        ([2], 0.5, -1.0 + 0.5 * 40 / 11**0.5),
        ([1], 0.5, -1.0 - 0.5 * 10 / 11**0.5),
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


MOST = Progress(steps=12)


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(37), "37 tool steps since the ask; the training rows have at most 12"),
        (Progress(12), ""),
        (Progress(), ""),
    ],
)
def test_a_longer_loop_than_the_rows_have_is_out_of_domain_and_says_so(progress, words):
    one = replace(domain(-90), most=MOST)
    distance = one.distance([0], progress)
    assert (distance > one.max_distance) is (words != "")
    assert one.reason(progress) == (words or WORDS_UNLIKE)


def test_a_chat_is_as_far_as_its_words():
    one = replace(domain(0, -10, 40), most=MOST)
    assert one.distance([2], Progress()) == one.token_distance([2]) == domain(0, -10, 40).distance([2])


ROUNDING = 1e-12
"""Near 1 one more step of a billion is less than a float can tell."""
progresses = st.builds(Progress, st.integers(0, 10**9))


@given(progresses, progresses, st.floats(0, 1), st.integers(1, 10**6))
def test_the_distance_of_a_loop_is_in_0_to_1_and_grows_with_it(progress, most, max_distance, more):
    one = Domain(np.zeros(1, dtype=np.int8), 1.0, -9.0, 1.0, max_distance=max_distance, most=most)
    longer = replace(progress, steps=progress.steps + more)
    nearer, further = one.loop_distance(progress), one.loop_distance(longer)
    assert 0.0 <= nearer <= further + ROUNDING
    assert further <= 1.0


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
