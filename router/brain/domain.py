"""Is a request like the training rows? A logistic model on its tokens, with one weight per token.

The heads weigh tokens, so they cannot judge a text of tokens that training never saw, and hardly one that uses known
tokens differently (exam questions, against requests to agents). The distance between pooled embeddings was tried first
and did not work: it flagged 3% of exam questions, and the plain greeting "hello" (training/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PRIOR_TOKENS = 3
"""Added to the count of a text's tokens, so that one rare word does not put a short ask out of domain."""


POWERS = (0.5, 1.0)
"""Exponents of a text's length: with 0.5 evidence grows with the length; with 1 it is a mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """A weight per token, and the largest distance that is still in domain.

    weights: (n_tokens,) int8.  step: the logit of weight 1.  intercept: of the logit.
    power: exponent of the length, one of POWERS.
    max_distance: the stored quantile of held-out rows' distances; beyond it is out of domain.
    """

    weights: npt.NDArray[np.int8]
    step: float
    intercept: float
    power: float
    max_distance: float

    def distance(self, ids: Sequence[int]) -> float:
        """sigmoid(intercept + step * sum of distinct tokens' weights / (distinct tokens + PRIOR_TOKENS) ** power).

        ids: without the tokenizer's unknown mark.  In [0, 1]; 1 for a text without tokens.
        """
        distinct = list(set(ids))
        if not distinct:
            return 1.0
        total = int(self.weights.take(distinct).sum(dtype=np.int64))
        logit = self.intercept + self.step * total / (len(distinct) + PRIOR_TOKENS) ** self.power
        return 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, logit))))

    def distances(self, texts_ids: Sequence[Sequence[int]]) -> npt.NDArray[np.float64]:
        """The distance of each text's token ids, (n,)."""
        return np.array([self.distance(ids) for ids in texts_ids], dtype=np.float64)
