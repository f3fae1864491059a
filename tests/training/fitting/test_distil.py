"""Token tables: distilled from a tiny real transformer, quantised, written, read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from router.brain.bundle import layout
from router.errors import BundleError
from training.fitting.distil import distil, load_encoder, model_path, quantised, save_encoder

DIM = 16


def tokenizer_of(n_tokens: int) -> Tokenizer:
    """Words w0, w1, ... each a token."""
    tokenizer = Tokenizer(WordLevel({f"w{n}": n for n in range(n_tokens)}, unk_token="w0"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


vector_tables = st.tuples(st.integers(1, 6), st.integers(1, 5)).flatmap(
    lambda shape: arrays(
        np.float32, shape, elements=st.floats(-1e3, 1e3, width=32).filter(lambda x: x == 0 or abs(x) > 1e-6)
    )
)


@given(vector_tables)
def test_quantisation_moves_no_entry_by_more_than_half_a_step_of_its_row(vectors):
    encoder = quantised(vectors, tokenizer_of(len(vectors)), model_id="made-up")
    restored = encoder.weights[:, None] * encoder.table
    step = np.abs(vectors).max(axis=1, keepdims=True) / 127
    assert (np.abs(restored - vectors) <= 0.5001 * step + 1e-12).all()
    assert np.isfinite(encoder.weights).all()
    assert (encoder.weights > 0).all()
    assert encoder.table.dtype == np.int8
    assert np.abs(encoder.table.astype(int)).max(axis=1).tolist() == [127 if row.any() else 0 for row in vectors]


def test_a_token_without_a_vector_adds_nothing():
    vectors = np.array([[0, 0], [3, 4], [0, 0]], dtype=np.float32)
    encoder = quantised(vectors, tokenizer_of(3), model_id="made-up")
    assert encoder.encode(["w0", "w0 w2", ""]).tolist() == [[0, 0]] * 3
    np.testing.assert_allclose(encoder.encode(["w1", "w1 w2 w1"]), [[0.6, 0.8]] * 2, atol=5e-3)


def test_an_encoder_is_named_by_its_content():
    vectors = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    one, same = (quantised(vectors, tokenizer_of(5), model_id=name) for name in ("one", "other name"))
    changed = quantised(2 * vectors, tokenizer_of(5), model_id="one")
    assert one.spec.sha256 == same.spec.sha256 != changed.spec.sha256
    assert (one.spec.dim, one.spec.kind, one.spec.model_id) == (4, "static", "one")


def test_an_encoder_that_is_written_reads_back_the_same(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    encoder = quantised(vectors, tokenizer_of(9), model_id="made-up/model")
    save_encoder(encoder, tmp_path)
    loaded = load_encoder(tmp_path)
    texts = ["w1 w2", "w8", "nothing known", ""]
    assert loaded.spec == encoder.spec
    assert loaded.encode(texts).tobytes() == encoder.encode(texts).tobytes()
    save_encoder(loaded, tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(tmp_path)


def test_a_damaged_table_is_refused(tmp_path):
    save_encoder(quantised(np.ones((3, 2), dtype=np.float32), tokenizer_of(3), model_id="made-up"), tmp_path)
    (tmp_path / layout.TOKENIZER).write_text("{}")
    with pytest.raises(BundleError, match="not a tokenizer"):
        load_encoder(tmp_path)


def test_a_model_that_no_package_carries_is_loaded_by_its_name():
    assert model_path("somebody/some-model") == "somebody/some-model"


def files_of(folder: Path) -> dict[str, bytes]:
    names = (layout.TABLE, layout.TOKENIZER, "encoder/model_id.txt")
    return {name: (folder / name).read_bytes() for name in names}


def test_distilling_a_transformer_gives_a_table_of_unit_vectors_and_twice_the_same_bytes(tiny_bert, tmp_path):
    encoder = distil(str(tiny_bert), dim=DIM)
    assert encoder.spec.dim == DIM
    assert encoder.table.shape == (encoder.tokens.tokenizer.get_vocab_size(), DIM)
    vectors = encoder.encode(["tier", "route a tier", "tier " * 3_000, ""])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(vectors[2], vectors[0], atol=1e-5)
    assert vectors[0] @ vectors[1] < 0.999

    save_encoder(encoder, tmp_path / "one")
    save_encoder(distil(str(tiny_bert), dim=DIM), tmp_path / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
