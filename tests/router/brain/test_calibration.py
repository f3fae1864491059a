"""Calibrators against their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.brain.calibration import IsotonicCalibration, SigmoidCalibration, sigmoid


@pytest.mark.parametrize("score", [-30.0, -1.0, 0.0, 0.25, 5.0, 30.0])
def test_sigmoid_is_its_formula(score):
    assert sigmoid(np.array([score]))[0] == pytest.approx(1 / (1 + math.exp(-score)), abs=1e-15)


def test_sigmoid_of_huge_scores_is_as_good_as_0_or_1_without_a_warning():
    np.testing.assert_allclose(sigmoid(np.array([-1e300, 1e300])), [0.0, 1.0], atol=1e-300)


def test_sigmoid_calibration_is_platts_formula_head_by_head():
    calibration = SigmoidCalibration(a=np.array([-1.5, -0.5]), b=np.array([0.2, 2.0]))
    logits = np.array([[0.3, -1.0], [2.0, 0.0]])
    expected = [
        [1 / (1 + math.exp(-1.5 * 0.3 + 0.2)), 1 / (1 + math.exp(0.5 + 2.0))],
        [1 / (1 + math.exp(-3.0 + 0.2)), 1 / (1 + math.exp(2.0))],
    ]
    np.testing.assert_allclose(calibration.apply(logits), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("logit", "expected"), [(-9.0, 0.1), (-1.0, 0.1), (-0.5, 0.2), (0.0, 0.3), (1.0, 0.6), (2.0, 0.9), (9.0, 0.9)]
)
def test_isotonic_calibration_is_linear_between_its_knots_and_constant_beyond(logit, expected):
    calibration = IsotonicCalibration(x=(np.array([-1.0, 0.0, 2.0]),), y=(np.array([0.1, 0.3, 0.9]),))
    assert calibration.apply(np.array([[logit]]))[0, 0] == pytest.approx(expected)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_both_keep_the_order_of_scores_and_stay_within_0_and_1(logits):
    column = np.sort(np.array(logits))[:, None]
    for calibration in (
        SigmoidCalibration(a=np.array([-2.0]), b=np.array([0.3])),
        IsotonicCalibration(x=(np.array([-1.0, 1.0]),), y=(np.array([0.1, 0.8]),)),
    ):
        found = calibration.apply(column)[:, 0]
        assert (np.diff(found) >= 0).all()
        assert ((found >= 0) & (found <= 1)).all()
