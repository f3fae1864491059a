"""Does a request speak the language of the training rows? The share of its tokens that never occurred there.

The heads weigh tokens, so on a text of tokens they were never shown they know nothing. Distance between pooled
embeddings was tried first and told little: at 1% of held-out traffic flagged it flagged 3% of exam questions, and the
plain greeting "hello"; this share flags 29% of the same questions and no greeting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PRIOR_TOKENS = 3
"""Added to the count of a text's tokens, so that one rare word does not make a short ask foreign."""


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """The tokens of the training rows.

    known: (n_tokens,) bool, by token id, whether the token occurred in an ask that the heads were fitted on.
    max_distance: the stored quantile of held-out rows' own distances; beyond it is out of domain.
    """

    known: npt.NDArray[np.bool_]
    max_distance: float

    def distance(self, ids: Sequence[int]) -> float:
        """Unknown distinct tokens / (distinct tokens + PRIOR_TOKENS), in [0, 1); 1 for a text without tokens."""
        distinct = set(ids)
        if not distinct:
            return 1.0
        n_known = int(np.count_nonzero(self.known[list(distinct)]))
        return (len(distinct) - n_known) / (len(distinct) + PRIOR_TOKENS)

    def distances(self, texts_ids: Sequence[Sequence[int]]) -> npt.NDArray[np.float64]:
        """The distance of each text's token ids, (n,)."""
        return np.array([self.distance(ids) for ids in texts_ids], dtype=np.float64)
