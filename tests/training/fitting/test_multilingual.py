"""The multilingual table: fewer pieces of a unigram model, packed, with another vocabulary for n-grams."""

from __future__ import annotations

import json

import numpy as np
import pytest

from router.brain.bundle import layout
from tests.router.tiny_bundle import WORDS, tiny_tokenizer
from tests.training.packaged_file import MARK_COUNT, PIECES, packaged_file
from training.fitting import encoders, multilingual
from training.fitting.distil import load_encoder, save_encoder
from training.fitting.multilingual import kept_pieces, token_table
from training.fitting.packaged_weights import read_packaged

DIM = 8
N_WORDS = len(PIECES) - MARK_COUNT


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("packaged") / "tiny.bin"
    path.write_bytes(packaged_file().raw)
    return read_packaged(path)


@pytest.fixture(scope="module")
def encoder(model):
    return token_table(model, tiny_tokenizer(), n_pieces=N_WORDS, dim=DIM, width=2)


def test_the_likeliest_pieces_are_kept_and_no_mark(model):
    kept = [model.pieces[at] for at in kept_pieces(model, [], n_pieces=3)]
    assert kept == ["\u2581", "\u2581tier", "\u2581route"]
    assert {model.pieces[at] for at in kept_pieces(model, [], n_pieces=10_000)} == {
        one for one in PIECES if not one.startswith("<")
    }


def test_pieces_that_the_texts_use_come_first_whatever_the_order_of_the_texts(model):
    texts = ["\u6f22 tier", "e\u0301"]
    kept = [model.pieces[at] for at in kept_pieces(model, texts, n_pieces=5)]
    assert kept == ["\u2581", "\u2581tier", "\u6f22", "\u00e9", "\u2581route"]
    assert kept == [model.pieces[at] for at in kept_pieces(model, texts[::-1], n_pieces=5)]


def test_a_piece_that_went_is_cut_into_shorter_ones(model, encoder):
    assert encoder.token_vectors("tier")[0] == ["\u2581tier"]
    few = token_table(model, None, n_pieces=N_WORDS - 3, dim=DIM, width=2)
    assert encoder.token_vectors("rx")[0] == ["\u2581r", "x"]
    assert few.token_vectors("rx")[0] == ["\u2581", "r", "x"]
    assert few.n_tokens == N_WORDS - 2


def test_probabilities_of_the_kept_pieces_add_up_to_1(model):
    found = json.loads(token_table(model, None, n_pieces=10, dim=DIM, width=2).tokens.tokenizer.to_str())
    scores = [score for piece, score in found["model"]["vocab"] if piece != "<unk>"]
    assert np.exp(scores).sum() == pytest.approx(1.0)


def test_vectors_are_those_of_the_model_as_far_as_the_codes_go(model):
    table = token_table(model, None, n_pieces=N_WORDS, dim=32, width=1)
    kept = kept_pieces(model, [], n_pieces=N_WORDS)
    exact = model.token_vectors[kept] - model.token_vectors[kept].mean(axis=0)
    found = table.table[1:].astype(np.float64) * table.weights[1:, None]
    # With all its axes the table is the model's own but for a rotation, which leaves products as they are.
    np.testing.assert_allclose(found @ found.T, exact @ exact.T, atol=0.02 * np.abs(exact @ exact.T).max())


def test_what_is_unknown_adds_nothing(encoder):
    *known, unknown = encoder.tokens.one("tier \U0001f600")
    assert unknown == encoder.tokens.unknown_id == 0
    summed = encoder.weights[known] @ encoder.table[known].astype(np.float32)
    np.testing.assert_allclose(encoder.encode(["tier \U0001f600"])[0], summed / np.linalg.norm(summed), atol=1e-6)


def test_ngrams_and_domain_have_the_other_vocabulary(encoder):
    assert encoder.token_ids(["find the cause"]) == [[WORDS.index(word) for word in "find the cause".split()]]
    assert encoder.n_tokens == len(WORDS)
    assert encoder.unknown_id == 0
    assert encoder.token_text(1) == WORDS[1]


def test_a_table_that_is_written_reads_back_the_same(encoder, tmp_path):
    save_encoder(encoder, tmp_path)
    loaded = load_encoder(tmp_path)
    assert loaded.spec == encoder.spec
    texts = ["tier route", "\u6f22 \u00e9", ""]
    assert loaded.encode(texts).tobytes() == encoder.encode(texts).tobytes()
    assert loaded.token_ids(["hi thanks"]) == encoder.token_ids(["hi thanks"])
    save_encoder(loaded, tmp_path / "again")
    for name in (layout.TABLE, layout.TOKENIZER, layout.PIECES):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_table_without_its_own_pieces_replaces_one_with_them(model, encoder, tmp_path):
    save_encoder(encoder, tmp_path)
    save_encoder(token_table(model, None, n_pieces=10, dim=DIM, width=2), tmp_path)
    assert load_encoder(tmp_path).pieces is None


def test_the_same_model_gives_the_same_table(model, encoder):
    assert token_table(model, tiny_tokenizer(), n_pieces=N_WORDS, dim=DIM, width=2).spec == encoder.spec


def test_the_command_line_names_it(encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "multilingual", lambda texts: encoder)
    assert encoders.open_encoder("multilingual", shipped=tmp_path) is encoder


def test_texts_that_say_the_same_in_two_languages_are_nearer_than_others():
    table = multilingual.multilingual(n_pieces=20_000)
    cook, kochen, tax = table.encode(["How do I cook rice?", "Wie koche ich Reis?", "the tax return of a company"])
    assert cook @ kochen > cook @ tax
