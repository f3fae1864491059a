"""A token table: each token has a vector and a weight; a text is the weighted mean, brought to unit length.

Distilled from a sentence-transformers model by `training.distil`; served with numpy and tokenizers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from router.brain.encoders.base import EncoderSpec
from router.jsontext import replace_surrogates
from router.reading.crop import crop_middle
from router.types import FloatArray

LIMIT_CHARS = 8_000
"""Texts are cropped to this many characters, head and tail, before the tokenizer sees them: what bounds its work."""

_BATCH_TEXTS = 512


@dataclass(frozen=True, slots=True, eq=False)
class StaticEncoder:
    """The token-table encoder.

    spec: its identity.  tokenizer: without special tokens, padding or truncation.
    table: (n_tokens, dim) int8.  weights: (n_tokens,) float32, token weight times the row's quantisation step,
    so that `weights[i] * table[i]` is the token's weighted vector.
    """

    spec: EncoderSpec
    tokenizer: Tokenizer
    table: npt.NDArray[np.int8]
    weights: FloatArray

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """One row a text: (n_texts, dim) float32 of unit length; all zeros for a text without tokens."""
        out = np.zeros((len(texts), self.spec.dim), dtype=np.float32)
        for row, ids in enumerate(self._token_ids(texts)):
            if ids:
                summed = self.weights[ids] @ self.table[ids].astype(np.float32)
                norm = float(np.sqrt(summed @ summed))
                if norm > 0.0:
                    out[row] = summed / norm
        return out

    def token_vectors(self, text: str) -> tuple[list[str], FloatArray]:
        """The tokens of a text and what each adds to its vector.

        Returns (token texts, (n_tokens, dim) float32 vectors whose sum is `encode([text])[0]`).
        """
        ids = next(self._token_ids([text]))
        vectors = self.weights[ids][:, None] * self.table[ids].astype(np.float32)
        summed = vectors.sum(axis=0)
        norm = float(np.sqrt(summed @ summed)) or 1.0
        return [self.tokenizer.id_to_token(token_id) or "" for token_id in ids], vectors / np.float32(norm)

    def _token_ids(self, texts: Sequence[str]) -> Iterator[list[int]]:
        if len(texts) == 1:
            yield self._crop(self.tokenizer.encode(_prepare(texts[0]), add_special_tokens=False).ids)
            return
        for start in range(0, len(texts), _BATCH_TEXTS):
            batch = [_prepare(text) for text in texts[start : start + _BATCH_TEXTS]]
            for encoding in self.tokenizer.encode_batch_fast(batch, add_special_tokens=False):
                yield self._crop(encoding.ids)

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
