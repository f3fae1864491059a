"""Fixtures of the pipeline's tests: what is fitted once, and an encoder small enough to check by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from router.brain.bundle.write import BundleContents
from router.brain.encoders import EncoderSpec, StaticEncoder
from router.brain.encoders.base import encode_two_views
from router.reading import Reading
from router.types import FloatArray
from tests.training import fits
from training.labels.dataset import Dataset


class CountingEncoder:
    """A real, tiny encoder that remembers what it was asked: each text to a unit vector drawn from its hash."""

    def __init__(self, *, name: str = "counting", dim: int = 4) -> None:
        self.seen: list[str] = []
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        self.spec = EncoderSpec(kind="static", model_id=name, dim=dim, max_tokens=16, sha256=sha256)

    @property
    def n_features(self) -> int:
        return 2 * self.spec.dim

    @property
    def n_tokens(self) -> int:
        return 0x110000

    def token_text(self, token_id: int) -> str:
        return chr(token_id)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [[ord(character) for character in text] for text in texts]

    def encode(self, texts: Sequence[str]) -> FloatArray:
        self.seen += texts
        return np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(-1, self.spec.dim)

    def encode_readings(self, readings: Sequence[Reading]) -> FloatArray:
        return encode_two_views(self, readings)

    def _vector(self, text: str) -> FloatArray:
        seed = hashlib.sha256((self.spec.model_id + text).encode("utf-8", "surrogatepass")).digest()
        vector = np.random.default_rng(list(seed)).standard_normal(self.spec.dim)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@pytest.fixture
def counting_encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture(scope="session")
def shipped_encoder() -> StaticEncoder:
    return fits.shipped_encoder()


@pytest.fixture(scope="session")
def traffic() -> Dataset:
    return fits.traffic_data()


@pytest.fixture(scope="session")
def small_fit() -> BundleContents:
    return fits.fitted()


LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{x}" for x in LETTERS), "tier", "route"]


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory) -> Path:
    """A BERT of two layers and random weights, saved as such models are; from then on torch has one thread.

    So small a network only waits for a second one, and bytes are the same for the same number of threads.
    """
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    generator_state = torch.get_rng_state()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
    )
    BertModel(config).save_pretrained(folder)
    torch.set_rng_state(generator_state)
    BertTokenizerFast(vocab={token: n for n, token in enumerate(VOCABULARY)}).save_pretrained(folder)
    return folder
