"""A dataset with what the heads are fitted on, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.brain.brain import buckets_of, stack_signals
from router.brain.encoders import Encoder, known_ids
from router.types import FloatArray
from training.config import FitConfig
from training.fitting.design import RowBuckets
from training.fitting.embed import embed
from training.fitting.heads import is_target
from training.rows.dataset import Dataset
from training.rows.splits import RowIndex


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """n rows with what the heads are fitted on.

    embeddings: (n, n_features) float32, the encoder's.  signals: (n, n_signals) float32, raw.
    buckets: n-gram buckets of each row; None for heads without n-grams.  token_ids: of each row's ask, without
    unknown marks.
    on_target: (n,) which are rows of target sources.
    """

    data: Dataset
    embeddings: FloatArray
    signals: FloatArray
    buckets: RowBuckets | None
    token_ids: Sequence[Sequence[int]]
    on_target: npt.NDArray[np.bool_]

    def ids_of(self, rows: RowIndex) -> list[Sequence[int]]:
        """The token ids of some rows' asks."""
        return [self.token_ids[row] for row in rows.tolist()]


def prepare(data: Dataset, encoder: Encoder, config: FitConfig, *, cache: Path | None) -> Prepared:
    """Embeddings, signals and n-grams of every row.

    cache: folder for embeddings; None computes them anew.
    """
    return Prepared(
        data=data,
        embeddings=embed(data.readings, encoder, cache=cache),
        signals=stack_signals(data.readings),
        buckets=buckets_of(encoder, data.readings) if config.ngrams else None,
        token_ids=known_ids(encoder, [reading.ask for reading in data.readings]),
        on_target=np.array([is_target(str(source), config) for source in data.sources]),
    )
