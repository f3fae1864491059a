"""Scores to probabilities with a fitted calibrator: numpy only, two methods.

sigmoid (Platt 1999): p = 1 / (1 + exp(a * score + b)).
isotonic: piecewise linear through (x, y), constant beyond the ends, as scikit-learn's IsotonicRegression predicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float64Array: TypeAlias = npt.NDArray[np.float64]


def sigmoid(scores: Float64Array) -> Float64Array:
    """1 / (1 + exp(-scores)), without overflow: beyond 700 the result is 0 or 1 in double anyway."""
    out = np.exp(np.minimum(-scores, 700.0))
    out += 1.0
    return np.asarray(np.reciprocal(out, out=out))


@dataclass(frozen=True, slots=True, eq=False)
class SigmoidCalibration:
    """p = 1 / (1 + exp(a * score + b)), one pair (a, b) per head.

    a, b: (n_heads,) float64.
    """

    a: Float64Array
    b: Float64Array

    def apply(self, logits: Float64Array) -> Float64Array:
        """(n, n_heads) logits to (n, n_heads) probabilities in [0, 1]."""
        return sigmoid(-self.b - self.a * logits)


@dataclass(frozen=True, slots=True, eq=False)
class IsotonicCalibration:
    """A non-decreasing step-and-slope function of the logit for each head.

    x, y: per head an ascending (n_knots,) float64 array and its values in [0, 1].
    """

    x: tuple[Float64Array, ...]
    y: tuple[Float64Array, ...]

    def apply(self, logits: Float64Array) -> Float64Array:
        """(n, n_heads) logits to (n, n_heads) probabilities in [0, 1]."""
        columns = [np.interp(logits[:, k], x, y) for k, (x, y) in enumerate(zip(self.x, self.y, strict=True))]
        return np.stack(columns, axis=1)


Calibration: TypeAlias = SigmoidCalibration | IsotonicCalibration
