"""The task of a request: a second, small softmax head on the features of the loss heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.brain.calibration import Float64Array
from router.brain.ngrams import Buckets, NgramTable
from router.types import TaskGuess


@dataclass(frozen=True, slots=True, eq=False)
class TaskHead:
    """A multinomial logistic head; the probabilities are softmax(coef @ features + intercept + n-grams).

    names: the task types, ascending.  coef: (n_tasks, n_features) float64, features as of `Brain.features`.
    intercept: (n_tasks,) float64.  ngrams: with one column per task; None without n-grams.
    """

    names: tuple[str, ...]
    coef: Float64Array
    intercept: Float64Array
    ngrams: NgramTable | None

    def probabilities(self, features: Float64Array, buckets: Sequence[Buckets]) -> Float64Array:
        """P(task) of one request, (n_tasks,), summing to 1.

        features: (n_features,).  buckets: the request's n-gram buckets, in BLOCKS order.
        """
        logits = self.coef @ features + self.intercept
        if self.ngrams is not None:
            logits = logits + self.ngrams.logits(buckets)
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum())

    def guess(self, features: Float64Array, buckets: Sequence[Buckets]) -> TaskGuess:
        """The most probable task of one request; arguments as for `probabilities`."""
        probabilities = self.probabilities(features, buckets)
        best = int(probabilities.argmax())
        return TaskGuess(name=self.names[best], probability=float(probabilities[best]))
