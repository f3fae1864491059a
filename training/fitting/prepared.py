"""A dataset with what the heads are fitted on and scored by, computed once and handed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.brain.brain import Brain, Scores, SignalScale, stack_signals
from router.brain.encoders import Encoder, known_ids
from router.types import FloatArray
from training.config import FitConfig
from training.fitting.crossval import scaled_features
from training.fitting.design import RowBuckets
from training.fitting.embed import embed
from training.fitting.heads import is_target, linear_logits
from training.rows.dataset import Dataset
from training.rows.splits import RowIndex
from training.rows.table import Ragged, Table

_CHUNK_ROWS = 1_024


@dataclass(frozen=True, slots=True, eq=False)
class Prepared(Table):
    """n rows with what the heads are fitted on.

    embeddings: (n, n_features) float32, the encoder's.  signals: (n, n_signals) float32, raw.
    buckets: n-gram buckets; None for heads without n-grams.  token_ids: of each row's ask, without unknown marks.
    on_target: (n,) which are rows of target sources.
    """

    data: Dataset
    embeddings: FloatArray
    signals: FloatArray
    buckets: RowBuckets | None
    token_ids: Ragged
    on_target: npt.NDArray[np.bool_]

    def features(self, scale: SignalScale) -> FloatArray:
        """What the heads are linear in: (n, n_features + n_signals) float32."""
        return scaled_features(self.embeddings, self.signals, scale)

    def scores(self, brain: Brain) -> Scores:
        """What a brain says of the rows: the numbers of `brain.score`, without encoding anything again.

        brain: one with the encoder that the rows were prepared with.
        """
        logits = linear_logits(brain.heads, brain.ngrams, self.features(brain.signal_scale), self.buckets)
        return brain.score_logits(logits, self.token_ids.lists())

    def encoded_by(self, encoder: Encoder, rows: RowIndex) -> Prepared:
        """The same rows with an encoder's embeddings, of some rows only; those of the others are nan."""
        embeddings = np.full((len(self), encoder.n_features), np.nan, dtype=np.float32)
        embeddings[rows] = encoder.encode_readings(self.data.take(rows).readings)
        return replace(self, embeddings=embeddings)


def prepare(data: Dataset, encoder: Encoder, config: FitConfig, *, cache: Path | None) -> Prepared:
    """Embeddings, signals and n-grams of every row.

    cache: folder for embeddings; None computes them again.
    """
    return Prepared(
        data=data,
        embeddings=embed(data.readings, encoder, cache=cache),
        signals=stack_signals(data.readings),
        buckets=RowBuckets.of(data.readings, encoder) if config.ngrams else None,
        token_ids=Ragged.of(_ask_ids(data, encoder)),
        on_target=np.array([is_target(str(source), config) for source in data.sources]),
    )


def prepared_for(brain: Brain, data: Dataset, config: FitConfig) -> Prepared:
    """Rows prepared for a brain that is fitted already."""
    has_ngrams = brain.ngrams is not None
    return prepare(data, brain.encoder, replace(config, ngrams=has_ngrams), cache=None)


def _ask_ids(data: Dataset, encoder: Encoder) -> Iterable[Sequence[int]]:
    """The token ids of each row's ask, a few rows at a time: as Python lists they are the largest thing of a fit."""
    for first in range(0, len(data), _CHUNK_ROWS):
        yield from known_ids(encoder, [reading.ask for reading in data.readings[first : first + _CHUNK_ROWS]])
