"""Any sentence-transformers model as an encoder: for training, or for serving with the extra `train`.

The library (and torch with it) is imported when an encoder is created, not at import of this module.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from router.brain.encoders.base import EncoderSpec, encode_two_views
from router.errors import MissingExtra
from router.jsontext import replace_surrogates
from router.reading import Reading
from router.reading.crop import crop_middle
from router.types import FloatArray

LIMIT_CHARS = 8_000
"""Texts are cropped to this many characters, head and tail; the model then reads at most its own maximum of tokens."""

BATCH_SIZE = 64
"""Texts that the model reads at once."""


class SentenceTransformerEncoder:
    """A sentence-transformers model behind the Encoder protocol."""

    def __init__(self, model_path: str, *, model_id: str) -> None:
        """Load a model from a folder, or by its hub name.

        Raises MissingExtra when sentence-transformers is not installed.
        """
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as exc:
            raise MissingExtra(f"the encoder {model_id}", extra="train") from exc
        self._model: Any = SentenceTransformer(model_path, device="cpu")
        dim = self._model.get_embedding_dimension()
        self._spec = EncoderSpec(
            kind="sentence-transformers",
            model_id=model_id,
            dim=int(dim or 0),
            max_tokens=int(self._model.max_seq_length or 0),
            sha256=_weights_sha256(self._model),
        )

    @property
    def spec(self) -> EncoderSpec:
        """Its identity."""
        return self._spec

    @property
    def n_features(self) -> int:
        """Two views of `dim` numbers each."""
        return 2 * self.spec.dim

    def encode_readings(self, readings: Sequence[Reading]) -> FloatArray:
        """Ask and window side by side: (n_readings, 2 * dim) float32."""
        return encode_two_views(self, readings)

    @property
    def n_tokens(self) -> int:
        """The number of token ids."""
        return len(self._model.tokenizer)

    @property
    def unknown_id(self) -> int:
        """The id of the tokenizer's unknown mark; -1 without one."""
        found = self._model.tokenizer.unk_token_id
        return -1 if found is None else int(found)

    def token_text(self, token_id: int) -> str:
        """The text of a token id, as the vocabulary writes it."""
        return str(self._model.tokenizer.convert_ids_to_tokens(token_id))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, at most as many as the model reads, without special tokens."""
        if not texts:
            return []  # the tokenizer of transformers 5.24 raises IndexError for an empty batch
        out: list[list[int]] = self._model.tokenizer(
            [_prepare(text) for text in texts],
            add_special_tokens=False,
            truncation=True,
            max_length=self._spec.max_tokens,
        )["input_ids"]
        return out

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """One row per text: (n_texts, dim) float32 of unit length; all zeros for an empty text."""
        prepared = [_prepare(text) for text in texts]
        vectors = self._model.encode(
            prepared, batch_size=BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False
        )
        out: FloatArray = np.array(vectors, dtype=np.float32).reshape(len(texts), self._spec.dim)
        out[[not text.strip() for text in prepared]] = 0.0
        return out


def _prepare(text: str) -> str:
    return replace_surrogates(crop_middle(text, limit_chars=LIMIT_CHARS))


def _weights_sha256(model: Any) -> str:
    """Digest over the names and bytes of all weights: equal for the same model from any folder."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
