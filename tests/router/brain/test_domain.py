"""The share of an ask's tokens that training never saw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.domain import Domain


@pytest.mark.parametrize(
    ("ids", "distance"),
    [
        ([0], 0.0),
        ([0, 1, 0, 1], 0.0),
        ([2], 1 / 4),
        ([2, 2, 2], 1 / 4),
        ([0, 1, 2, 3], 2 / 7),
        ([], 1.0),
    ],
)
def test_the_distance_is_the_share_of_unknown_distinct_tokens(ids, distance):
    domain = Domain(known=np.array([True, True, False, False]), max_distance=0.5)
    assert domain.distance(ids) == pytest.approx(distance)
    np.testing.assert_allclose(domain.distances([ids, [0]]), [distance, 0.0])


@given(st.lists(st.integers(0, 9)), st.lists(st.booleans(), min_size=10, max_size=10))
def test_distances_are_between_0_and_1_and_more_known_tokens_never_bring_a_text_further_away(ids, known):
    domain = Domain(known=np.array(known), max_distance=0.5)
    distance = domain.distance(ids)
    assert 0 <= distance <= 1
    for token in range(10):
        more = np.array(known)
        more[token] = True
        assert Domain(known=more, max_distance=0.5).distance(ids) <= distance


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_request_is_out_of_the_shipped_bundles_domain(router, text):
    decision = router.route(text)
    assert decision.reason == "out_of_domain"
    assert decision.tier == router.settings.safe_tier


@pytest.mark.parametrize("text", ["What is the capital of France?", "Write a Python function that sorts a list."])
def test_ordinary_requests_are_within_it(router, text):
    assert router.route(text).reason == "threshold"
