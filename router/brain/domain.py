"""Is a request like the training rows? Its tokens, by a logistic model with one weight per token; and its tool loop.

The heads weigh tokens, so they cannot judge a text of tokens that training never saw, and hardly one that uses known
tokens differently (exam questions, against requests to agents). The distance between pooled embeddings was tried first
and did not work: it flagged 3% of exam questions, and the plain greeting "hello" (training/LOG.md).

A step of an agent has the ask of its first step, whatever came after it: so what came after it counts too, by how far
it goes beyond what the training rows have. The length of a chat does not count: the heads see its last turns only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.reading.progress import NOT_BEGUN, Progress

MEASURES: tuple[tuple[str, str], ...] = (("steps", "tool steps since the ask"),)
"""What counts of a tool loop: fields of Progress, with their words for people. Characters of results were tried; those
of the rows are so short (610 at most) that any page read would be unlike them."""

LARGEST_MEASURE = 1e15
"""Of a bundle's limits; whole numbers up to this are exact."""

WORDS_UNLIKE = "its words are unlike those of the training rows"

PRIOR_TOKENS = 10
"""Added to the count of a text's tokens, so that a few foreign words do not put a short ask out of domain. With 3 more
plain questions were out of domain, and fewer exams."""


POWERS = (0.5, 1.0)
"""Exponents of a text's length: with 0.5 evidence grows with the length; with 1 it is a mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """A weight per token, the longest tool loop of the training rows, and the largest distance that is in domain.

    weights: (n_tokens,) int8.  step: the logit of weight 1.  intercept: of the logit.
    power: exponent of the length, one of POWERS.
    max_distance: the stored quantile of held-out rows' distances; beyond it is out of domain.
    most: the most that the training rows have, but for the few that the quantile leaves out.
    """

    weights: npt.NDArray[np.int8]
    step: float
    intercept: float
    power: float
    max_distance: float
    most: Progress = NOT_BEGUN

    def distance(self, ids: Sequence[int], progress: Progress = NOT_BEGUN) -> float:
        """How unlike the training rows a request is, in [0, 1]: the larger distance of its ask's tokens and its loop.

        ids: as for `token_distance`.  progress: how far an agent has come.
        """
        return max(self.token_distance(ids), self.loop_distance(progress))

    def loop_distance(self, progress: Progress) -> float:
        """The largest distance of MEASURES, in [0, 1].

        max_distance * value / most up to the most that the training rows have; from there on it nears 1.
        """
        return max(self._beyond(getattr(progress, name), getattr(self.most, name)) for name, _ in MEASURES)

    def _beyond(self, value: int, most: int) -> float:
        if value <= most:
            return self.max_distance * value / most if value else 0.0
        return self.max_distance + (1.0 - self.max_distance) * (value - most) / (value + 1)

    def reason(self, progress: Progress) -> str:
        """Why a request that is out of domain is so, for people."""
        parts = [
            f"{value:,} {words}; the training rows have at most {most:,}"
            for name, words in MEASURES
            if (value := getattr(progress, name)) > (most := getattr(self.most, name))
        ]
        return "; ".join(parts) or WORDS_UNLIKE

    def token_distance(self, ids: Sequence[int]) -> float:
        """sigmoid(intercept + step * sum of distinct tokens' weights / (distinct tokens + PRIOR_TOKENS) ** power).

        ids: without the tokenizer's unknown mark.  In [0, 1]; 1 for a text without tokens.
        """
        distinct = list(set(ids))
        if not distinct:
            return 1.0
        total = int(self.weights.take(distinct).sum(dtype=np.int64))
        logit = self.intercept + self.step * total / (len(distinct) + PRIOR_TOKENS) ** self.power
        return 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, logit))))

    def distances(
        self, texts_ids: Sequence[Sequence[int]], progress: Sequence[Progress] | None = None
    ) -> npt.NDArray[np.float64]:
        """The distance of each request, (n,): of its ask's token ids and its progress; None for requests without."""
        loops = [NOT_BEGUN] * len(texts_ids) if progress is None else progress
        return np.array([self.distance(ids, loop) for ids, loop in zip(texts_ids, loops, strict=True)], dtype=float)
