"""Does a request speak as the training rows do? How foreign its tokens are, each with a weight of its own.

The heads weigh tokens, so on a text of tokens they were never shown they know nothing; and where known ones are put to
another use (exam questions beside requests to agents) they know little. Distance between pooled embeddings was tried
first and told nothing: it flagged 3% of exam questions, and the plain greeting "hello" (training/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PRIOR_TOKENS = 3
"""Added to the count of a text's tokens, so that one rare word does not make a short ask foreign."""


POWERS = (0.5, 1.0)
"""How a text's length may count: with the root, evidence grows with it; with the length itself it is a mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """A weight a token, and how far the training rows reach.

    weights: (n_tokens,) int8.  step: the weight of 1.  intercept: of the logit.  power: of the length, one of POWERS.
    max_distance: the stored quantile of held-out rows' own distances; beyond it is out of domain.
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
