"""Fit the domain: which tokens the training asks held, and how many unknown ones a held-out ask of the kind has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from router.brain.domain import Domain


def fit_domain(
    fitted: Sequence[Sequence[int]], held_out: Sequence[Sequence[int]], *, n_tokens: int, quantile: float
) -> Domain:
    """The domain of the asks fitted on, reaching as far as a share `quantile` of held-out asks.

    fitted, held_out: token ids of each ask, below n_tokens.
    """
    known = np.zeros(n_tokens, dtype=np.bool_)
    for ids in fitted:
        known[list(ids)] = True
    reach = Domain(known=known, max_distance=1.0).distances(held_out)
    return Domain(known=known, max_distance=round(float(np.quantile(reach, quantile)), 6))
