"""A dataset with what the heads are fitted on and scored by, computed once and handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.brain.brain import Brain, Scores, SignalScale, stack_signals, turn_tokens
from router.brain.encoders import Encoder, StaticEncoder, known_ids
from router.brain.ngrams import BLOCKS, reading_buckets
from router.reading import Reading
from router.reading.progress import Progress
from router.types import FloatArray
from training.config import FitConfig
from training.fitting.crossval import scaled_features
from training.fitting.design import RowBuckets
from training.fitting.embed import embedder
from training.fitting.heads import is_target, linear_logits
from training.labels.dataset import Dataset
from training.rows.splits import RowIndex
from training.rows.table import IntRow, Ragged, Table, ragged_columns

_CHUNK_ROWS = 8


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
        return brain.score_logits(logits, self.token_ids.lists(), self.progress_of(np.arange(len(self))))

    def progress_of(self, rows: RowIndex) -> list[Progress]:
        """How far the agent has come in some rows."""
        return [self.data.readings[row].progress for row in rows.tolist()]

    def encoded_by(self, encoder: Encoder, rows: RowIndex) -> Prepared:
        """The same rows with an encoder's embeddings, of some rows only; those of the others are nan."""
        embeddings = np.full((len(self), encoder.n_features), np.nan, dtype=np.float32)
        embeddings[rows] = encoder.encode_readings(self.data.take(rows).readings)
        return replace(self, embeddings=embeddings)


def prepare(data: Dataset, encoder: Encoder, config: FitConfig, *, cache: Path | None) -> Prepared:
    """Embeddings, signals and n-grams of every row.

    cache: folder for embeddings; None computes them again.
    """
    embeddings = np.zeros((len(data), encoder.n_features), dtype=np.float32)
    with embedder(encoder, cache=cache) as encode:
        rows = _read_rows(data.readings, encoder, encode, embeddings, ngrams=config.ngrams)
        token_ids, *blocks = ragged_columns(rows, n_columns=1 + len(BLOCKS) * config.ngrams)
    return Prepared(
        data=data,
        embeddings=embeddings,
        signals=stack_signals(data.readings),
        buckets=RowBuckets(*blocks) if config.ngrams else None,
        token_ids=token_ids,
        on_target=np.array([is_target(str(source), config) for source in data.sources]),
    )


def _read_rows(
    readings: Sequence[Reading],
    encoder: Encoder,
    encode: Callable[[Sequence[Reading]], FloatArray],
    embeddings: FloatArray,
    *,
    ngrams: bool,
) -> Iterator[Sequence[IntRow]]:
    """The token ids of each row's ask, and its n-gram buckets; each row's embedding is written into `embeddings`.

    A few rows at a time: the tokenizer remembers the lines that it has just seen, and a row's text is cut into tokens
    three times (46 s of CPU for 42,208 rows instead of 64).
    """
    n_rows = _CHUNK_ROWS if isinstance(encoder, StaticEncoder) else max(1, len(readings))
    for first in range(0, len(readings), n_rows):
        chunk = readings[first : first + n_rows]
        embeddings[first : first + n_rows] = encode(chunk)
        for reading in chunk:
            (ask_ids,) = known_ids(encoder, [reading.ask])
            yield (ask_ids, *(reading_buckets(reading, turn_tokens(encoder, reading)) if ngrams else ()))


def prepared_for(brain: Brain, data: Dataset, config: FitConfig) -> Prepared:
    """Rows prepared for a brain that is fitted already."""
    has_ngrams = brain.ngrams is not None
    return prepare(data, brain.encoder, replace(config, ngrams=has_ngrams), cache=None)
