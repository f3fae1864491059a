"""Embeddings through the service's own encoders, kept on disk by (encoder sha256, text hash)."""

from __future__ import annotations

import hashlib
import os
import pickle  # for the name of its error only
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np

from router.brain.encoders import Encoder, EncoderSpec, StaticEncoder
from router.brain.encoders.base import TextEncoder, encode_two_views
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.reading import Reading
from router.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CachedEncoder:
    """An encoder that computes each text once: looked up on disk first, written back after each call.

    One file an encoder, named by its sha256, so that vectors of different encoders never mix. The folder is the
    user's own cache: joblib files execute on load, so it is never read from anywhere else.
    """

    encoder: TextEncoder
    folder: Path

    @property
    def spec(self) -> EncoderSpec:
        """Who the encoder is."""
        return self.encoder.spec

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """As the encoder's own: (n_texts, dim) float32."""
        keys = [_text_key(text) for text in texts]
        vectors = self._load()
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if missing:
            computed = self.encoder.encode(list(missing.values()))
            vectors.update(zip(missing, computed, strict=True))
            self._save(vectors)
        out = np.zeros((len(texts), self.spec.dim), dtype=np.float32)
        for row, key in enumerate(keys):
            out[row] = vectors[key]
        return out

    def _path(self) -> Path:
        return self.folder / f"embeddings-{self.spec.sha256[:16]}.joblib"

    def _load(self) -> dict[bytes, FloatArray]:
        path = self._path()
        if not path.is_file():
            return {}
        try:
            keys, matrix = joblib.load(path)
            return dict(zip(keys, matrix, strict=True))
        except (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, pickle.UnpicklingError, zlib.error):
            return {}  # damaged: everything in it can be computed again

    def _save(self, vectors: dict[bytes, FloatArray]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path()
        partial = path.with_suffix(f".{os.getpid()}.partial")
        joblib.dump((list(vectors), np.stack(list(vectors.values()))), partial)
        partial.replace(path)


def embed(readings: Sequence[Reading], encoder: Encoder, *, cache: Path | None) -> FloatArray:
    """What the encoder makes of each reading: (n, n_features) float32; kept in the folder `cache` if one is given."""
    if cache is None or not isinstance(encoder, StaticEncoder | SentenceTransformerEncoder):
        return encoder.encode_readings(readings)
    return encode_two_views(CachedEncoder(encoder, cache), readings)


def _text_key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
