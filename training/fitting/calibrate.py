"""Fit the calibration of fitted heads, on rows that no head was fitted on."""

from __future__ import annotations

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from router.brain.calibration import Calibration, Float64Array, IsotonicCalibration, SigmoidCalibration
from training.fitting.heads import MIN_OF_A_CLASS
from training.labels.labels import UNKNOWN, Ternary


def fit_calibration(logits: Float64Array, targets: Ternary, *, method: str) -> Calibration:
    """Calibrate every head; one with fewer than MIN_OF_A_CLASS rows of a kind keeps its own probabilities.

    logits, targets: (n, n_heads) of rows that no head saw.  method: sigmoid or isotonic.
    """
    fitted = [
        _calibrated(logits[known, head], targets[known, head], method=method)
        for head in range(targets.shape[1])
        for known in [targets[:, head] != UNKNOWN]
    ]
    if method == "sigmoid":
        pairs = [_sigmoid_of(model) for model in fitted]
        return SigmoidCalibration(a=np.array([a for a, _ in pairs]), b=np.array([b for _, b in pairs]))
    knots = [_isotonic_of(model) for model in fitted]
    return IsotonicCalibration(x=tuple(x for x, _ in knots), y=tuple(y for _, y in knots))


def frozen_head() -> LogisticRegression:
    """A fitted head as a scikit-learn estimator of its own logit: one feature, coefficient 1, intercept 0."""
    model = LogisticRegression()
    model.classes_ = np.array([0, 1])
    model.coef_ = np.array([[1.0]])
    model.intercept_ = np.array([0.0])
    model.n_features_in_ = 1
    return model


def _calibrated(logits: Float64Array, y: Ternary, *, method: str) -> CalibratedClassifierCV | None:
    if min(int((y == 0).sum()), int((y == 1).sum())) < MIN_OF_A_CLASS:
        return None
    model = CalibratedClassifierCV(FrozenEstimator(frozen_head()), method=method)
    return model.fit(logits[:, None], y)


def _sigmoid_of(model: CalibratedClassifierCV | None) -> tuple[float, float]:
    if model is None:
        return -1.0, 0.0
    calibrator = model.calibrated_classifiers_[0].calibrators[0]
    return float(calibrator.a_), float(calibrator.b_)


def _isotonic_of(model: CalibratedClassifierCV | None) -> tuple[Float64Array, Float64Array]:
    if model is None:
        x = np.linspace(-12.0, 12.0, 241)
        return x, 1.0 / (1.0 + np.exp(-x))
    calibrator = model.calibrated_classifiers_[0].calibrators[0]
    return (
        np.asarray(calibrator.X_thresholds_, dtype=np.float64),
        np.asarray(calibrator.y_thresholds_, dtype=np.float64),
    )
