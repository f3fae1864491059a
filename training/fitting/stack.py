"""Sets of logits joined by one logistic decision a head: a fine-tuned transformer's and an n-gram table's, or more.

The transformer reads meaning but sees 144 pieces and little of other scripts; the n-gram table sees every letter of
every language. Their mistakes differ. Both are linear behind the encoder, so the joined decision folds into
the service's ordinary heads and n-gram table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from router.brain.brain import LinearHeads
from router.brain.calibration import Float64Array, sigmoid
from router.brain.ngrams import NgramTable
from training.fitting.heads import MIN_OF_A_CLASS
from training.labels.labels import UNKNOWN, Ternary

DECISION_C = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """How sets of logits are joined: logits[:, h] = sum over sets s of sets[s] @ mix[h, s] + bias[h].

    mix: (n_heads, n_sets, n_heads) float64.  bias: (n_heads,) float64.
    """

    mix: Float64Array
    bias: Float64Array

    def logits(self, *sets: Float64Array) -> Float64Array:
        """The joined logits: (n, n_heads) from n_sets of that shape. Raises ValueError for another number of sets."""
        joined = self.bias
        for position, logits in zip(range(self.mix.shape[1]), sets, strict=True):
            joined = joined + logits @ self.mix[:, position].T
        return np.asarray(joined)

    def probabilities(self, sets: Sequence[Float64Array]) -> Float64Array:
        """The joined logits as probabilities in [0, 1]: (n, n_heads). They are calibrated: the fit saw to it."""
        return sigmoid(self.logits(*sets))


def fit_decision(sets: Sequence[Float64Array], targets: Ternary) -> Decision:
    """Logistic regressions on all sets of logits, (n, n_heads) each, of rows that none of them has seen.

    They calibrate too. A head with too few rows of a kind keeps the last set's own logit.
    """
    n_heads = targets.shape[1]
    mix, bias = np.zeros((n_heads, len(sets), n_heads)), np.zeros(n_heads)
    varied = [head for head in range(n_heads) if _varies(targets[:, head])]
    for head in range(n_heads):
        if head not in varied:
            mix[head, -1, head] = 1.0
            continue
        known = targets[:, head] != UNKNOWN
        inputs = np.concatenate([logits[known][:, varied] for logits in sets], axis=1)
        model = LogisticRegression(C=DECISION_C, max_iter=2_000, tol=1e-6).fit(inputs, targets[known, head])
        mix[head][:, varied] = model.coef_[0].reshape(len(sets), len(varied))
        bias[head] = model.intercept_[0]
    return Decision(mix=mix, bias=bias)


def fold(
    decision: Decision, network: LinearHeads, table: LinearHeads, ngrams: NgramTable, *, dim: int
) -> tuple[LinearHeads, NgramTable]:
    """The joined decision as heads on [unit vector (dim), signals] and an n-gram table.

    decision: over two sets, the network's and the table's.
    network: heads on [unit vector, signals].  table: heads on [signals]; its n-grams are in `ngrams`.
    """
    first, second = decision.mix[:, 0], decision.mix[:, 1]
    coef = first @ network.coef
    coef[:, dim:] += second @ table.coef
    intercept = first @ network.intercept + second @ table.intercept + decision.bias
    return LinearHeads(coef=coef, intercept=intercept), _mixed(ngrams, second)


def _mixed(ngrams: NgramTable, mix: Float64Array) -> NgramTable:
    """The table whose logits are mix @ the table's logits; int8 again, within half a step of exact."""
    weights, steps = [], []
    for block, step in zip(ngrams.weights, ngrams.steps, strict=True):
        exact = (block * step) @ mix.T
        new_step = np.maximum(np.abs(exact).max(axis=0), 1e-12) / 127.0
        weights.append(np.rint(exact / new_step).astype(np.int8))
        steps.append(new_step)
    return NgramTable(tuple(weights), tuple(steps), ngrams.known, ngrams.normalise_all)


def _varies(target: Sequence[int] | Ternary) -> bool:
    y = np.asarray(target)
    return min(int((y == 0).sum()), int((y == 1).sum())) >= MIN_OF_A_CLASS
