"""What an encoder is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from router.types import FloatArray


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """An encoder's identity, as a bundle's manifest names it.

    kind: `static` or `sentence-transformers`.
    model_id: the model it is or was distilled from, such as `sentence-transformers/all-MiniLM-L6-v2`.
    dim: length of its vectors.
    max_tokens: longer texts are cropped to this many tokens, half from the head and half from the tail.
    sha256: hex digest over the encoder's files; vectors of different digests are never mixed.
    """

    kind: str
    model_id: str
    dim: int
    max_tokens: int
    sha256: str


class Encoder(Protocol):
    """Text to vectors. Deterministic, safe to call from several threads."""

    @property
    def spec(self) -> EncoderSpec:
        """Who this encoder is."""
        ...

    @property
    def n_tokens(self) -> int:
        """How many token ids there are; every id is below it."""
        ...

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, cropped as `encode` crops it, without special tokens."""
        ...

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """One row a text: (n_texts, dim) float32 of unit length; all zeros for a text without tokens."""
        ...
