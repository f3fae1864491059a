"""A token table: each token has a vector and a weight; a text is the weighted mean, scaled to unit length.

Distilled from a sentence-transformers model by `training.fitting.distil`; served with numpy and tokenizers alone. A
multilingual table has more tokens than n-grams can use: those, and the domain, then have a vocabulary of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.brain.encoders.base import EncoderSpec, encode_two_views
from router.brain.encoders.packed import PackedTable
from router.brain.encoders.tokens import TokenIds
from router.jsontext import replace_surrogates
from router.reading import Reading
from router.reading.crop import crop_middle
from router.types import FloatArray

_BATCH_TEXTS = 512

LIMIT_CHARS = 8_000
"""Texts are cropped to this many characters, head and tail, before the tokenizer, to bound its work."""


@dataclass(frozen=True, slots=True, eq=False)
class StaticEncoder:
    """The token-table encoder.

    spec: its identity.  tokens: text to the rows of the table.
    table: (n_rows, dim) int8.  weights: (n_rows,) float32, token weight times the row's quantisation step,
    so that `weights[i] * table[i]` is the token's weighted vector.
    pieces: text to the token ids of n-grams and domain; None: the rows of the table.
    packed: what the table was unpacked from, and is written as; None for a table that is written as it is.
    """

    spec: EncoderSpec
    tokens: TokenIds
    table: npt.NDArray[np.int8]
    weights: FloatArray
    pieces: TokenIds | None = None
    packed: PackedTable | None = None

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """One row per text: (n_texts, dim) float32 of unit length; all zeros for a text without tokens."""
        out = np.zeros((len(texts), self.spec.dim), dtype=np.float32)
        for first in range(0, len(texts), _BATCH_TEXTS):  # the ids of many texts take more memory than their vectors
            for row, ids in enumerate(self._ids(self.tokens, texts[first : first + _BATCH_TEXTS]), start=first):
                if ids:
                    rows = np.array(ids, dtype=np.intp)
                    summed = self.weights.take(rows) @ self.table.take(rows, axis=0).astype(np.float32)
                    norm = math.sqrt(summed @ summed)
                    if norm > 0.0:
                        out[row] = summed / norm
        return out

    @property
    def n_features(self) -> int:
        """Two views of `dim` numbers each."""
        return 2 * self.spec.dim

    def encode_readings(self, readings: Sequence[Reading]) -> FloatArray:
        """Ask and window side by side: (n_readings, 2 * dim) float32."""
        return encode_two_views(self, readings)

    @property
    def n_tokens(self) -> int:
        """How many token ids there are."""
        return int(self.table.shape[0] if self.pieces is None else self.pieces.tokenizer.get_vocab_size())

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, cropped head and tail."""
        return self._ids(self._pieces, texts)

    @property
    def unknown_id(self) -> int:
        """The id of the token for what is unknown; -1 if there is none."""
        return self._pieces.unknown_id

    def token_text(self, token_id: int) -> str:
        """The text of a token id, as the vocabulary writes it."""
        return self._pieces.tokenizer.id_to_token(token_id) or ""

    def token_vectors(self, text: str) -> tuple[list[str], npt.NDArray[np.float64]]:
        """The tokens of a text, by the table's vocabulary, and what each adds to its vector.

        Returns (token texts, (n_tokens, dim) float64 vectors whose sum is `encode([text])[0]`).
        """
        (ids,) = self._ids(self.tokens, [text])
        vectors = self.weights[ids].astype(np.float64)[:, None] * self.table[ids]
        summed = vectors.sum(axis=0)
        vectors /= float(np.sqrt(summed @ summed)) or 1.0
        # The rounding of float32 in `encode` is spread evenly, so that the sum is exact.
        vectors += (self.encode([text])[0] - vectors.sum(axis=0)) / max(1, len(ids))
        return [self.tokens.tokenizer.id_to_token(token_id) or "" for token_id in ids], vectors

    @property
    def _pieces(self) -> TokenIds:
        return self.tokens if self.pieces is None else self.pieces

    def _ids(self, tokens: TokenIds, texts: Sequence[str]) -> list[list[int]]:
        return [self._crop(ids) for ids in tokens.many([_prepare(text) for text in texts])]

    def _crop(self, ids: list[int]) -> list[int]:
        limit = self.spec.max_tokens
        if len(ids) <= limit:
            return ids
        head = (limit + 1) // 2
        return ids[:head] + ids[len(ids) - (limit - head) :]


def _prepare(text: str) -> str:
    cropped = crop_middle(text, limit_chars=LIMIT_CHARS)
    try:
        cropped.encode("utf-8")
    except UnicodeEncodeError:
        return replace_surrogates(cropped)
    return cropped
