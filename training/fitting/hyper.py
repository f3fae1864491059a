"""How strongly each part of the heads is held back: two settings, from repeated cross-validation (training/LOG.md)."""

from __future__ import annotations

from dataclasses import dataclass

from router.types import JsonObject


@dataclass(frozen=True, slots=True)
class HeadHyper:
    """Hyper-parameters of the heads. A block's weight is the size of its features before one common L2 penalty.

    c_grid: inverse strengths of that penalty to choose from, by grouped cross-validation.
    embedding_weight: factor on each unit-length view.  signal_weight: on all signals together, each of deviation 1.
    ngram_weights: on the unit-length n-gram blocks, in ngrams.BLOCKS order.
    min_rows: an n-gram bucket has a weight if at least so many rows (copies counted) hold it.
    copies: further copies of each row with a share `drop` of its n-grams left out: no single word may decide.
    normalise_all: see NgramTable.
    reversal_weight: weight of a row on which this tier did and a stronger one did not suffice, against 1: with one
        noisy outcome a model such rows say as much as those that went the expected way, and there are few of them.
    """

    c_grid: tuple[float, ...]
    embedding_weight: float
    signal_weight: float
    ngram_weights: tuple[float, float]
    min_rows: int
    copies: int
    drop: float
    normalise_all: bool
    reversal_weight: float

    def to_json(self) -> JsonObject:
        """All settings as a JSON object."""
        return {
            "c_grid": list(self.c_grid),
            "embedding_weight": self.embedding_weight,
            "signal_weight": self.signal_weight,
            "ngram_weights": list(self.ngram_weights),
            "min_rows": self.min_rows,
            "copies": self.copies,
            "drop": self.drop,
            "normalise_all": self.normalise_all,
            "reversal_weight": self.reversal_weight,
        }


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
"""For labelled rows: a judge's word on each request, little noise."""

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
"""For outcome rows: one answer a model, right or wrong, much of it chance; a far stronger penalty."""
