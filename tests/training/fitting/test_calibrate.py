"""Calibration fitted by scikit-learn and served by numpy: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from router.brain.brain import LinearHeads
from training.fitting.calibrate import MIN_OF_A_CLASS, fit_calibration, frozen_head
from training.labels.labels import UNKNOWN

METHODS = ("sigmoid", "isotonic")


def random_heads(seed: int, *, n_heads: int, scale: float) -> tuple[LinearHeads, np.ndarray, np.ndarray]:
    """Heads, features and targets with some unknown, from a seed."""
    rng = np.random.default_rng(seed)
    heads = LinearHeads(coef=scale * rng.standard_normal((n_heads, 5)), intercept=scale * rng.standard_normal(n_heads))
    features = rng.standard_normal((300, 5))
    targets = (rng.random((300, n_heads)) < expit(0.7 * heads.logits(features) - 0.3)).astype(np.int8)
    targets[rng.random((300, n_heads)) < 0.2] = UNKNOWN
    targets[: 2 * MIN_OF_A_CLASS] = np.arange(2 * MIN_OF_A_CLASS)[:, None] % 2  # enough of both kinds
    return heads, features, targets


def calibrated(
    heads: LinearHeads, head: int, features: np.ndarray, y: np.ndarray, *, method: str
) -> CalibratedClassifierCV:
    """The head as a classifier of features, calibrated as scikit-learn's documentation says."""
    model = LogisticRegression()
    model.classes_, model.n_features_in_ = np.array([0, 1]), features.shape[1]
    model.coef_, model.intercept_ = heads.coef[head : head + 1], heads.intercept[head : head + 1]
    return CalibratedClassifierCV(FrozenEstimator(model), method=method).fit(features, y)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3), st.sampled_from([0.05, 1.0, 6.0]), st.sampled_from(METHODS))
def test_served_probabilities_are_those_of_scikit_learn(seed, n_heads, scale, method):
    heads, features, targets = random_heads(seed, n_heads=n_heads, scale=scale)
    served = fit_calibration(heads.logits(features), targets, method=method).apply(heads.logits(features))
    for head in range(n_heads):
        known = targets[:, head] != UNKNOWN
        estimator = calibrated(heads, head, features[known], targets[known, head], method=method)
        expected = estimator.predict_proba(features)[:, 1]
        np.testing.assert_allclose(served[:, head], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_texts_beyond_the_calibration_rows_are_scored_as_scikit_learn_does(method):
    heads, features, targets = random_heads(3, n_heads=1, scale=1.0)
    known = targets[:, 0] != UNKNOWN
    estimator = calibrated(heads, 0, features[known], targets[known, 0], method=method)
    far = 1e3 * features
    served = fit_calibration(heads.logits(features), targets, method=method).apply(heads.logits(far))
    np.testing.assert_allclose(served[:, 0], estimator.predict_proba(far)[:, 1], rtol=0, atol=1e-12)


def test_a_frozen_head_is_an_estimator_of_its_own_logit():
    logits = np.linspace(-4.0, 4.0, 9)[:, None]
    frozen = frozen_head()
    assert frozen.decision_function(logits).tolist() == logits[:, 0].tolist()
    np.testing.assert_allclose(frozen.predict_proba(logits)[:, 1], expit(logits[:, 0]), rtol=0, atol=1e-15)
    assert frozen.predict(logits).tolist() == [0] * 5 + [1] * 4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_ones", [0, MIN_OF_A_CLASS - 1, 300 - MIN_OF_A_CLASS + 1, 300])
def test_a_head_with_too_few_rows_of_a_kind_keeps_its_own_probabilities(method, n_ones):
    heads, features, _ = random_heads(1, n_heads=1, scale=2.0)
    targets = (np.arange(300) < n_ones).astype(np.int8)[:, None]
    logits = np.linspace(-15.0, 15.0, 999)[:, None]
    served = fit_calibration(heads.logits(features), targets, method=method).apply(logits)
    # Isotonic calibration has no exact identity: it interpolates between points of it.
    np.testing.assert_allclose(served, expit(logits), rtol=0, atol=1e-12 if method == "sigmoid" else 2e-4)


@pytest.mark.parametrize("method", METHODS)
def test_just_enough_rows_of_a_kind_are_calibrated_and_other_heads_are_left_alone(method):
    heads, features, targets = random_heads(1, n_heads=2, scale=2.0)
    targets[:, 0] = np.arange(300) < MIN_OF_A_CLASS
    targets[:, 1] = 0
    served = fit_calibration(heads.logits(features), targets, method=method).apply(heads.logits(features))
    assert served[:, 0].mean() == pytest.approx(MIN_OF_A_CLASS / 300, abs=0.01)
    np.testing.assert_allclose(served[:, 1], expit(heads.logits(features)[:, 1]), rtol=0, atol=2e-4)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_head_is_calibrated_to_the_rate_of_the_calibration_rows(method):
    heads = LinearHeads(coef=np.zeros((1, 5)), intercept=np.array([-3.0]))
    features = np.random.default_rng(0).standard_normal((300, 5))
    targets = (np.arange(300) % 3 == 0).astype(np.int8)[:, None]
    served = fit_calibration(heads.logits(features), targets, method=method).apply(heads.logits(features))
    np.testing.assert_allclose(served, 1 / 3, atol=5e-3)


@pytest.mark.parametrize("method", METHODS)
def test_rows_with_unknown_targets_do_not_calibrate(method):
    heads, features, targets = random_heads(5, n_heads=1, scale=1.0)
    known = targets[:, 0] != UNKNOWN
    logits = heads.logits(features)
    with_them = fit_calibration(logits, targets, method=method).apply(logits)
    without = fit_calibration(heads.logits(features[known]), targets[known], method=method).apply(logits)
    assert with_them.tobytes() == without.tobytes()
