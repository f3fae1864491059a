"""From readings to coherent scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from router.brain.brain import SIGNAL_LIMIT, LinearHeads, SignalScale, buckets_of, scores_of
from router.brain.calibration import sigmoid
from router.reading import read
from router.types import ChatRequest, Message
from tests.router.tiny_bundle import DIM, TIERS, tiny_brain

probabilities = st.tuples(st.integers(1, 5), st.integers(2, 5)).flatmap(
    lambda shape: stnp.arrays(np.float64, shape, elements=st.floats(0, 1))
)


def reading(*texts):
    roles = ["user", "assistant"]
    n = len(texts)
    return read(ChatRequest(tuple(Message(roles[(n - 1 - index) % 2], text) for index, text in enumerate(texts))))


READINGS = [reading("hi"), reading(""), reading("why", "that is why", "find the cause"), reading("\u6f22\u5b57 {x}")]


@given(probabilities)
def test_scores_are_coherent_whatever_the_heads_say(heads):
    scores = scores_of(heads, domain_distance=np.zeros(len(heads)))
    loss, adequate = scores.expected_quality_loss, scores.p_adequate
    assert ((loss >= 0) & (loss <= 1)).all()
    assert ((adequate >= 0) & (adequate <= 1)).all()
    assert (np.diff(loss, axis=1) <= 0).all(), "a stronger tier never loses more"
    assert (np.diff(adequate, axis=1) >= 0).all(), "a stronger tier is never less adequate"
    assert (loss[:, -1] == 0).all(), "there is nothing to lose at the strongest tier"
    np.testing.assert_allclose(adequate + loss + scores.p_unsolved[:, None], 1.0, atol=1e-12)


@given(probabilities)
def test_heads_that_are_coherent_already_are_left_as_they_are(heads):
    heads[:, :-1] = np.sort(heads[:, :-1], axis=1)[:, ::-1] / 2
    heads[:, -1] /= 2
    scores = scores_of(heads, domain_distance=np.zeros(len(heads)))
    np.testing.assert_array_equal(scores.expected_quality_loss[:, :-1], heads[:, :-1])


def test_a_cheaper_tier_loses_at_least_what_a_stronger_one_does():
    scores = scores_of(np.array([[0.1, 0.4, 0.0], [0.8, 0.1, 0.5]]), domain_distance=np.zeros(2))
    np.testing.assert_allclose(scores.expected_quality_loss, [[0.4, 0.4, 0.0], [0.5, 0.1, 0.0]])
    np.testing.assert_allclose(scores.p_adequate, [[0.6, 0.6, 1.0], [0.0, 0.4, 0.5]])


def test_heads_are_linear_in_the_features():
    heads = LinearHeads(coef=np.array([[1.0, 2.0], [0.5, -1.0]]), intercept=np.array([0.1, -0.2]))
    np.testing.assert_allclose(heads.logits(np.array([[3.0, -1.0], [0.0, 0.0]])), [[1.1, 2.3], [0.1, -0.2]])


def test_signals_are_standardised_and_held_to_a_few_deviations():
    scale = SignalScale(mean=np.array([1.0, 0.0], np.float32), deviation=np.array([2.0, 0.5], np.float32))
    raw = np.array([[3.0, 0.25], [1e6, -1e6]], np.float32)
    np.testing.assert_allclose(scale.apply(raw), [[1.0, 0.5], [SIGNAL_LIMIT, -SIGNAL_LIMIT]])


def test_features_are_the_ask_the_window_and_the_scaled_signals_side_by_side():
    brain = tiny_brain()
    (features,) = brain.features([READINGS[2]])
    np.testing.assert_array_equal(features[:DIM], brain.encoder.encode(["find the cause"])[0])
    np.testing.assert_array_equal(features[DIM : 2 * DIM], brain.encoder.encode(["why\nthat is why"])[0])
    np.testing.assert_array_equal(features[2 * DIM :], brain.signal_scale.apply(READINGS[2].signals[None])[0])
    assert features.dtype == np.float64


def test_without_a_window_its_half_is_zero():
    views = tiny_brain().encoder.encode_readings(READINGS)
    assert [bool(row[DIM:].any()) for row in views] == [False, False, True, False]


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_prediction_is_the_same_alone_and_among_others(method):
    brain = tiny_brain(method)
    scores = brain.score(READINGS)
    for row, one in enumerate(READINGS):
        said = brain.predict(one)
        assert said.tiers == TIERS
        np.testing.assert_allclose(said.p_adequate, scores.p_adequate[row], atol=1e-12)
        np.testing.assert_allclose(said.expected_quality_loss, scores.expected_quality_loss[row], atol=1e-12)
        assert said.p_unsolved == pytest.approx(scores.p_unsolved[row], abs=1e-12)
        assert said.domain_distance == pytest.approx(scores.domain_distance[row], abs=1e-6)


def test_a_prediction_is_the_formula_written_out():
    brain = tiny_brain()
    (features,) = brain.features([READINGS[0]])
    (buckets,) = buckets_of(brain.encoder, [READINGS[0]])
    logits = brain.heads.coef @ features + brain.heads.intercept + brain.ngrams.logits(buckets)
    budget, production, unsolved = sigmoid(-(brain.calibration.a * logits + brain.calibration.b))
    expected = [min(max(budget, production), 1 - unsolved), min(production, 1 - unsolved), 0.0]
    np.testing.assert_allclose(brain.predict(READINGS[0]).expected_quality_loss, expected, atol=1e-12)


def test_beyond_the_stored_distance_a_prediction_is_out_of_domain():
    brain = tiny_brain()
    distance = brain.predict(READINGS[0]).domain_distance
    assert 0 < distance < 1
    for limit, out in ((distance, False), (np.nextafter(distance, -1), True)):
        other = replace(brain, domain=replace(brain.domain, max_distance=float(limit)))
        assert other.predict(READINGS[0]).out_of_domain is out


def test_ngrams_add_to_the_logits_and_a_brain_without_them_has_none():
    brain = tiny_brain()
    bare = replace(brain, ngrams=None)
    added = [brain.ngrams.logits(buckets) for buckets in buckets_of(brain.encoder, READINGS)]
    np.testing.assert_allclose(brain.logits(READINGS), bare.logits(READINGS) + added, atol=1e-12)
    np.testing.assert_array_equal(bare.logits(READINGS), bare.heads.logits(bare.features(READINGS)))
    assert np.abs(added[2]).min() > 0


def test_what_the_tokenizer_has_no_word_for_is_not_in_the_domains_count():
    brain = tiny_brain()
    assert brain.predict(reading("why xyzzy plugh")).domain_distance == brain.predict(reading("why")).domain_distance
    assert brain.predict(reading("xyzzy")).domain_distance == 1.0
