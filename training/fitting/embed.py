"""Embeddings through the service's own encoders, kept on disk by (encoder sha256, text hash)."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from router.brain.encoders import Encoder, EncoderSpec, StaticEncoder
from router.brain.encoders.base import TextEncoder, encode_two_views
from router.brain.encoders.sentence_transformer import SentenceTransformerEncoder
from router.errors import DataError
from router.reading import Reading
from router.types import FloatArray

KEY_BYTES = 16
"""Of the hash of a text."""


@dataclass(frozen=True, slots=True, eq=False)
class CachedEncoder:
    """An encoder that computes each text once: looked up on disk first, written back after each call.

    One file per encoder, named by its sha256, so that vectors of different encoders never mix. It holds arrays, which
    execute nothing when they are loaded, and is read and written only where no other user can write it.
    """

    encoder: TextEncoder
    folder: Path

    @property
    def spec(self) -> EncoderSpec:
        """The encoder's identity."""
        return self.encoder.spec

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """As the encoder's own: (n_texts, dim) float32."""
        with self.held() as held:
            return held.encode(texts)

    @contextmanager
    def held(self) -> Iterator[_Held]:
        """The same encoder for many calls: the file is read once before them and, if need be, written once after."""
        held = _Held(self.encoder, self._load())
        n_known = len(held.vectors)
        yield held
        if len(held.vectors) > n_known:
            self._save(held.vectors)

    def _path(self) -> Path:
        return self.folder / f"embeddings-{self.spec.sha256[:16]}.safetensors"

    def _load(self) -> dict[bytes, FloatArray]:
        path = self._path()
        if not path.is_file():
            return {}
        check_owner(self.folder)
        check_owner(path)
        try:
            tensors = load_file(path)
            keys, matrix = tensors["keys"], tensors["vectors"]
        except (OSError, KeyError, SafetensorError):
            return {}  # damaged: everything in it can be computed again
        is_whole = keys.dtype == np.uint8 and matrix.dtype == np.float32 and matrix.ndim == keys.ndim == 2
        if not is_whole or keys.shape != (len(matrix), KEY_BYTES) or matrix.shape[1] != self.spec.dim:
            return {}
        return dict(zip(map(bytes, keys), matrix, strict=True))

    def _save(self, vectors: dict[bytes, FloatArray]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_owner(self.folder)
        path = self._path()
        partial = path.with_suffix(f".{os.getpid()}.partial")
        keys = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(-1, KEY_BYTES)
        save_file({"keys": keys, "vectors": np.stack(list(vectors.values()))}, partial)
        partial.replace(path)


def check_owner(path: Path) -> None:
    """Raise DataError where others can write: what they put there would be taken for vectors of the encoder."""
    if not hasattr(os, "getuid"):
        return  # Windows: a user's folders are the user's own
    found = path.stat()
    if found.st_uid != os.getuid():
        raise DataError(
            "expected a cache of your own, found another user's; name a folder with --cache", where=str(path)
        )
    if found.st_mode & stat.S_IWOTH:
        message = "expected a cache that only you can write, found one that all users can; chmod go-w, or name another"
        raise DataError(f"{message} with --cache", where=str(path))


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """An encoder with the vectors that are known, by the key of their text; it adds to them."""

    encoder: TextEncoder
    vectors: dict[bytes, FloatArray]

    @property
    def spec(self) -> EncoderSpec:
        return self.encoder.spec

    def encode(self, texts: Sequence[str]) -> FloatArray:
        keys = [_text_key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self.vectors}
        if missing:
            self.vectors.update(zip(missing, self.encoder.encode(list(missing.values())), strict=True))
        return np.array([self.vectors[key] for key in keys], dtype=np.float32).reshape(-1, self.spec.dim)


@contextmanager
def embedder(encoder: Encoder, *, cache: Path | None) -> Iterator[Callable[[Sequence[Reading]], FloatArray]]:
    """What makes (n, n_features) float32 embeddings of readings; kept in the folder `cache` if one is given."""
    if cache is None or not isinstance(encoder, StaticEncoder | SentenceTransformerEncoder):
        yield encoder.encode_readings
        return
    with CachedEncoder(encoder, cache).held() as held:
        yield partial(encode_two_views, held)


def embed(readings: Sequence[Reading], encoder: Encoder, *, cache: Path | None) -> FloatArray:
    """The embeddings of all readings at once, as `embedder` makes them."""
    with embedder(encoder, cache=cache) as encode:
        return encode(readings)


def _text_key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()
