"""Routing many rows at once is the service's own rule, row by row."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from router.brain.brain import Scores, scores_of
from router.policy import choose, choose_tier
from router.types import Prediction
from training.labels.labels import labels_from_adequate
from training.thresholds.simulate import fully_labelled, route_scores, route_tiers

shares = st.floats(0.0, 1.0)
scores = st.tuples(st.integers(1, 12), st.integers(2, 5)).flatmap(
    lambda shape: st.builds(
        lambda probabilities, distances: scores_of(probabilities, domain_distance=distances),
        arrays(np.float64, shape, elements=shares | st.sampled_from([0.0, 0.1, 0.25, 1.0])),
        arrays(np.float64, shape[0], elements=st.floats(0.0, 2.0) | st.just(0.5)),
    )
)


def prediction_of(scores: Scores, row: int, *, max_distance: float) -> Prediction:
    n_tiers = scores.expected_quality_loss.shape[1]
    distance = float(scores.domain_distance[row])
    return Prediction(
        tiers=tuple(f"t{n}" for n in range(n_tiers)),
        p_adequate=tuple(scores.p_adequate[row].tolist()),
        expected_quality_loss=tuple(scores.expected_quality_loss[row].tolist()),
        p_unsolved=float(scores.p_unsolved[row]),
        domain_distance=distance,
        out_of_domain=distance > max_distance,
    )


def some_threshold(scores: Scores, data: st.DataObject) -> float:
    """A share, or exactly one of the losses: the edge of a decision."""
    return data.draw(shares | st.sampled_from(scores.expected_quality_loss.ravel().tolist()))


@given(scores, st.data())
def test_every_row_gets_the_tier_that_the_policy_chooses(scores, data):
    threshold = some_threshold(scores, data)
    tiers = route_tiers(scores.expected_quality_loss, threshold)
    for row, tier in enumerate(tiers.tolist()):
        prediction = prediction_of(scores, row, max_distance=2.0)
        assert f"t{tier}" == choose_tier(prediction, threshold=threshold, allowed=prediction.tiers)


@given(scores, st.floats(0.0, 1.0) | st.just(0.5), st.data())
def test_rows_out_of_domain_get_the_safe_tier_as_in_the_service(scores, max_distance, data):
    threshold = some_threshold(scores, data)
    safe_tier = data.draw(st.integers(0, scores.expected_quality_loss.shape[1] - 1))
    tiers = route_scores(scores, threshold, max_distance=max_distance, safe_tier=safe_tier)
    for row, tier in enumerate(tiers.tolist()):
        prediction = prediction_of(scores, row, max_distance=max_distance)
        choice = choose(
            prediction, threshold=threshold, allowed=prediction.tiers, safe_tier=prediction.tiers[safe_tier]
        )
        assert f"t{tier}" == choice.tier


@given(scores, shares, shares)
def test_a_higher_threshold_never_sends_a_row_to_a_stronger_tier(scores, one, other):
    low, high = sorted((one, other))
    losses = scores.expected_quality_loss
    assert (route_tiers(losses, high) <= route_tiers(losses, low)).all()


ADEQUATE = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0], [0, 1, 0], [-1, 1, 1]], dtype=np.int8)


def test_a_row_with_an_unknown_loss_is_not_fully_labelled():
    assert fully_labelled(labels_from_adequate(ADEQUATE)).tolist() == [True] * 5 + [False]
