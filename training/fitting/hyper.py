"""How strongly each part of the heads is held back: two settings, from repeated cross-validation (training/LOG.md)."""

from __future__ import annotations

from training.config import HeadHyper

LABELS = HeadHyper(
    c_grid=(1.0, 2.0),
    embedding_weight=2.0,
    signal_weight=1.0,
    ngram_weights=(3.0, 2.0),
    min_rows=6,
    copies=2,
    drop=0.4,
    normalise_all=False,
    reversal_weight=1.0,
)
"""For labelled rows: one judgement on each request, little noise."""

OUTCOMES = HeadHyper(
    c_grid=(0.03,),
    embedding_weight=1.0,
    signal_weight=0.5,
    ngram_weights=(3.0, 1.0),
    min_rows=1,
    copies=0,
    drop=0.0,
    normalise_all=True,
    reversal_weight=8.0,
)
"""For outcome rows: one answer per model, right or wrong, much of it chance; a far stronger penalty."""
