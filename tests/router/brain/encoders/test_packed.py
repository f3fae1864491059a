"""Packed tables: what they unpack to, what is refused, and a bundle that holds one."""

from __future__ import annotations

import numpy as np
import pytest

from router.brain.bundle import load_bundle
from router.brain.bundle.layout import PIECES, TABLE
from router.brain.encoders import PackedTable, known_ids
from router.errors import BundleCorrupt, BundleMissing
from tests.router.tiny_bundle import (
    DIM,
    UNIGRAM_PIECES,
    WORDS,
    edit_tensors,
    replace_file,
    tiny_brain,
    tiny_encoder,
    tiny_packed_encoder,
    write_tiny_bundle,
)

ENCODER = tiny_packed_encoder()
N_ROWS = len(UNIGRAM_PIECES) + 1
CODES, BOOKS = ENCODER.packed.codes, ENCODER.packed.codebooks
TEXTS = ["find the cause", "\u6f22 why?", "", "\U0001f600", "What is the capital of France?"]


@pytest.fixture
def folder(tmp_path):
    return write_tiny_bundle(tmp_path / "packed", brain=tiny_brain(encoder=ENCODER))


# --- The table ------------------------------------------------------------------------------------------------------


def test_a_row_is_what_its_codes_stand_for_side_by_side():
    for row, codes in zip(ENCODER.packed.unpacked(), CODES, strict=True):
        assert row.tolist() == [x for part, code in enumerate(codes) for x in BOOKS[part, code]]
    assert ENCODER.packed.unpacked().shape == (N_ROWS, DIM)
    assert ENCODER.packed.unpacked().dtype == np.int8


@pytest.mark.parametrize(
    ("codes", "codebooks", "says"),
    [
        (CODES[:-1], BOOKS, r"codes: expected uint8 \(38, a divisor of 8\), found uint8 \(37, 4\)"),
        (CODES[:, :3], BOOKS, "codes: expected"),
        (CODES[:, :0], BOOKS, "codes: expected"),
        (CODES[0], BOOKS, "codes: expected"),
        (CODES.astype(np.int16), BOOKS, "codes: expected uint8"),
        (CODES, None, "codebooks is missing"),
        (CODES, BOOKS[:3], "codebooks: expected int8"),
        (CODES, BOOKS[:, :, :1], "codebooks: expected"),
        (CODES, BOOKS[:, :0], "codebooks: expected"),
        (CODES, np.repeat(BOOKS, 60, axis=1), "codebooks: expected"),
        (CODES, BOOKS.astype(np.float32), "codebooks: expected int8"),
        (CODES, BOOKS[:, :4], "codes: expected numbers below 4, found 4"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(codes, codebooks, says):
    with pytest.raises(ValueError, match=says):
        PackedTable.of(codes, codebooks, shape=(N_ROWS, DIM))


def test_a_table_too_large_to_unpack_is_refused():
    codes = np.zeros((100_000, 1), dtype=np.uint8)
    with pytest.raises(ValueError, match="unpacked they are 819,200,000 bytes"):
        PackedTable.of(codes, np.zeros((1, 1, 8_192), dtype=np.int8), shape=(100_000, 8_192))


# --- The encoder ----------------------------------------------------------------------------------------------------


def test_vectors_come_from_the_tables_pieces_and_ngrams_from_the_words():
    names, vectors = ENCODER.token_vectors("find the")
    assert names == ["\u2581find", "\u2581the"]
    np.testing.assert_allclose(vectors.sum(axis=0), ENCODER.encode(["find the"])[0], atol=1e-14)
    assert ENCODER.token_ids(["find the"]) == tiny_encoder().token_ids(["find the"])
    assert ENCODER.n_tokens == len(WORDS)
    assert ENCODER.token_text(WORDS.index("cause")) == "cause"
    assert known_ids(ENCODER, ["find xyzzy"]) == [[WORDS.index("find")]]


# --- The bundle -----------------------------------------------------------------------------------------------------


def test_a_bundle_with_a_packed_table_reads_back_the_same_and_is_written_packed(folder, tmp_path):
    loaded = load_bundle(folder).brain.encoder
    assert loaded.spec == ENCODER.spec
    assert loaded.encode(TEXTS).tobytes() == ENCODER.encode(TEXTS).tobytes()
    assert loaded.token_ids(TEXTS) == ENCODER.token_ids(TEXTS)
    again = write_tiny_bundle(tmp_path / "again", brain=tiny_brain(encoder=loaded))
    for name in (TABLE, PIECES):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_codes_beyond_the_codebook_are_refused_with_the_files_name(folder):
    def damage(tensors):
        tensors["codes"] = np.where(tensors["codes"] == 4, np.uint8(200), tensors["codes"])

    edit_tensors(folder, TABLE, damage)
    with pytest.raises(BundleCorrupt, match=r"table\.safetensors: codes: expected numbers below 5, found 200"):
        load_bundle(folder)


def test_a_weight_that_is_no_number_is_refused(folder):
    def damage(tensors):
        tensors["weights"] = np.full_like(tensors["weights"], np.nan)

    edit_tensors(folder, TABLE, damage)
    with pytest.raises(BundleCorrupt, match="weights: holds NaN"):
        load_bundle(folder)


def test_pieces_that_are_no_tokenizer_are_refused_with_the_files_name(folder):
    replace_file(folder, PIECES, b"{}")
    with pytest.raises(BundleCorrupt, match=r"pieces\.json: not a tokenizer"):
        load_bundle(folder)


def test_missing_pieces_are_named(folder):
    (folder / PIECES).unlink()
    with pytest.raises(BundleMissing, match=r"pieces\.json: cannot be read"):
        load_bundle(folder)
