"""The interface of encoders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np

from router.checked.kinds import Sha256, Text, known, whole
from router.reading import Reading
from router.types import FloatArray

ENCODER_KINDS = ("static", "onnx", "sentence-transformers")

WORD_MARK = "▁"
"""How a sentencepiece vocabulary writes the beginning of a word, a piece of its own before what is unknown."""


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """An encoder's identity, as a bundle's manifest names it.

    kind: `static`, `onnx` or `sentence-transformers`.
    model_id: the model itself, or the one it was distilled from, such as `sentence-transformers/all-MiniLM-L6-v2`.
    dim: length of its vectors.
    max_tokens: longer texts are cropped to this many tokens, half from the head and half from the tail.
    sha256: hex digest over the encoder's files; vectors of different digests are never mixed.
    """

    kind: Annotated[str, known("a kind of encoder", ENCODER_KINDS)]
    model_id: Text
    dim: Annotated[int, whole(1, 8192)]
    max_tokens: Annotated[int, whole(1, 1 << 20)]
    sha256: Sha256


class Encoder(Protocol):
    """Readings to vectors. Deterministic, safe to call from several threads."""

    @property
    def spec(self) -> EncoderSpec:
        """Its identity."""
        ...

    @property
    def n_features(self) -> int:
        """Length of the vectors that `encode_readings` gives."""
        ...

    @property
    def n_tokens(self) -> int:
        """The number of token ids; every id is below it."""
        ...

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, cropped to `spec.max_tokens`, without special tokens."""
        ...

    @property
    def unknown_id(self) -> int:
        """The id of the tokenizer's unknown mark; -1 without one."""
        ...

    def token_text(self, token_id: int) -> str:
        """The text of a token id, as the vocabulary writes it."""
        ...

    def encode_readings(self, readings: Sequence[Reading]) -> FloatArray:
        """One row per reading: (n_readings, n_features) float32; each view's part has unit length or is zero."""
        ...


def known_ids(encoder: Encoder, texts: Sequence[str]) -> list[list[int]]:
    """What is known of each text's token ids: the input of the domain check."""
    return [known_of(encoder, ids) for ids in encoder.token_ids(texts)]


def known_of(encoder: Encoder, ids: Sequence[int]) -> list[int]:
    """The ids of one text without the unknown mark; none where else only beginnings of words were left (`WORD_MARK`).

    A script that the vocabulary lacks is cut into marks and unknowns: nothing of such a text is known.
    """
    known = [one for one in ids if one != encoder.unknown_id]
    if len(known) < len(ids) and all(encoder.token_text(one) == WORD_MARK for one in set(known)):
        return []
    return known


class TextEncoder(Protocol):
    """Single texts to vectors; a reading's two views, ask and window, are encoded one by one."""

    @property
    def spec(self) -> EncoderSpec:
        """Its identity."""
        ...

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """One row per text: (n_texts, dim) float32 of unit length; all zeros for a text without tokens."""
        ...


def encode_two_views(encoder: TextEncoder, readings: Sequence[Reading]) -> FloatArray:
    """Embeddings of ask and window side by side: (n, 2 * dim) float32; each half has unit length or is zero."""
    dim = encoder.spec.dim
    out = np.zeros((len(readings), 2 * dim), dtype=np.float32)
    out[:, :dim] = encoder.encode([reading.ask for reading in readings])
    with_window = [row for row, reading in enumerate(readings) if reading.window]
    if with_window:
        out[with_window, dim:] = encoder.encode([readings[row].window for row in with_window])
    return out
