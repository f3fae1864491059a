"""Rows as a transformer reads them: as they came, or in wrappers and dresses that are drawn each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from router.brain.brain import SignalScale, stack_signals
from router.brain.encoders import TokenIds
from router.brain.encoders.onnx import marks_of, pair_sequence
from router.errors import DataError
from router.reading import Reading, read
from router.types import ChatRequest, FloatArray
from training.dressing import FRAMED_SHARE, drawn_kinds, dressed
from training.labels.dataset import Dataset
from training.rows.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class Views(Table):
    """n rows as the transformer brain sees them, in one form each.

    sequences: (piece ids, segment of each) of each row.  signals: (n, n_signals) float32, standardised.
    """

    sequences: tuple[tuple[list[int], list[int]], ...]
    signals: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """The forms of n rows.

    tokens, cls, sep: the transformer's pieces and the ids of its marks.  scale: of the signals.
    """

    data: Dataset
    tokens: TokenIds
    cls: int
    sep: int
    scale: SignalScale

    @classmethod
    def of(cls, data: Dataset, tokenizer: Tokenizer, scale: SignalScale, *, where: str) -> Forms:
        """The forms of a dataset's rows; where: the model's folder, for the error.

        Raises DataError for a tokenizer without [CLS] and [SEP].
        """
        try:
            begin, sep = marks_of(tokenizer)
        except ValueError as exc:
            raise DataError(str(exc), where=where) from exc
        return cls(data, TokenIds.of(tokenizer), begin, sep, scale)

    def bare(self) -> Views:
        """The rows as they came."""
        return self._views(list(self.data.readings))

    def drawn(self, rng: np.random.Generator, share: float) -> Views:
        """The rows, each with this chance in drawn wrappers and dresses, else as it came; share in [0, 1]."""
        languages = self.data.facts("lang").tolist()
        readings = list(self.data.readings)
        for position, row in enumerate(self.data.rows):
            if rng.random() < share:
                worn = dressed(row.messages, kinds=drawn_kinds(rng), lang=languages[position], rng=rng)
                if worn != row.messages:
                    readings[position] = read(ChatRequest(messages=worn), keeps_frames=rng.random() < FRAMED_SHARE)
        return self._views(readings)

    def _views(self, readings: list[Reading]) -> Views:
        return Views(
            sequences=tuple(pair_sequence(self.tokens, reading, cls=self.cls, sep=self.sep) for reading in readings),
            signals=self.scale.apply(stack_signals(readings)),
        )
