"""The token table: unit length, one text or many, bounded work, any Unicode."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.brain.encoders import known_ids
from router.brain.encoders.static import LIMIT_CHARS
from router.reading import read
from router.types import ChatRequest, Message
from tests.router.tiny_bundle import DIM, WORDS, tiny_encoder

any_text = st.text(st.characters(exclude_categories=()), max_size=80)
ENCODER = tiny_encoder()


@pytest.fixture(scope="module", params=["tiny", "shipped"])
def encoder(request, router):
    return ENCODER if request.param == "tiny" else router.bundle.brain.encoder


def test_a_text_is_the_weighted_mean_of_its_words_brought_to_unit_length():
    ids = [WORDS.index(word) for word in ("write", "a", "python", "function", "a")]
    summed = (ENCODER.weights[ids, None].astype(np.float64) * ENCODER.table[ids]).sum(axis=0)
    expected = summed / np.linalg.norm(summed)
    np.testing.assert_allclose(ENCODER.encode(["Write a python function a"])[0], expected, atol=1e-6)


@pytest.mark.parametrize("text", ["hi", "What is the capital of France?", "\u6f22\u5b57", "\U0001f600", "x" * 100_000])
def test_vectors_have_unit_length_and_the_stated_shape(encoder, text):
    found = encoder.encode([text, text])
    assert found.shape == (2, encoder.spec.dim)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_a_text_without_tokens_is_the_zero_vector(encoder, text):
    assert not encoder.encode([text]).any()
    assert not encoder.encode([text, "hi"])[0].any()


def test_no_texts_give_no_rows(encoder):
    assert encoder.encode([]).shape == (0, encoder.spec.dim)


@settings(max_examples=40)
@given(st.lists(any_text, min_size=2, max_size=6))
def test_many_texts_at_once_give_the_same_vectors_as_one_at_a_time(texts):
    single = np.concatenate([ENCODER.encode([text]) for text in texts])
    np.testing.assert_array_equal(ENCODER.encode(texts), single)


def test_more_texts_than_one_batch_keep_their_order(encoder):
    texts = [f"{word} {n}" for n in range(700) for word in ("hi", "write")]
    found = encoder.encode(texts)
    for row in (0, 511, 512, 1_023, 1_024, 1_399):
        np.testing.assert_array_equal(found[row], encoder.encode([texts[row]])[0])


@settings(max_examples=100)
@given(any_text)
def test_any_unicode_gives_a_finite_vector_of_unit_length_or_zero(router, text):
    for encoder in (ENCODER, router.bundle.brain.encoder):
        (vector,) = encoder.encode([text])
        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5) or not vector.any()


@pytest.mark.parametrize("max_tokens", [1, 4, 5])
def test_of_a_long_text_only_the_head_and_the_tail_count(max_tokens):
    encoder = tiny_encoder(max_tokens=max_tokens)
    words = "write a python function that prove square root".split()
    head, tail = (max_tokens + 1) // 2, max_tokens // 2
    kept = words[:head] + words[len(words) - tail :]
    names, _ = encoder.token_vectors(" ".join(words))
    assert names == kept
    np.testing.assert_array_equal(encoder.encode([" ".join(words)]), encoder.encode([" ".join(kept)]))


def test_characters_beyond_the_limit_are_never_tokenized():
    encoder = replace(ENCODER, spec=replace(ENCODER.spec, max_tokens=1 << 20))
    head, tail = "hi " * (LIMIT_CHARS // 6 + 2), " why" * (LIMIT_CHARS // 8 + 2)
    short, long = (head + " function " * n + tail for n in (1_000, 100_000))
    np.testing.assert_array_equal(encoder.encode([short]), encoder.encode([long]))
    assert "function" not in encoder.token_vectors(long)[0]


def test_of_a_megabyte_only_what_is_kept_of_it_reaches_the_tokenizer(router):
    encoder = router.bundle.brain.encoder
    seen = []

    class Recording:
        """The encoder's own tokenizer, with the lengths of what it gets."""

        def many(self, texts):
            seen.extend(map(len, texts))
            return encoder.tokens.many(texts)

    text = "why so " * 150_000
    vectors = replace(encoder, tokens=Recording()).encode([text])
    np.testing.assert_array_equal(vectors, encoder.encode([text]))
    assert len(seen) == 1 and seen[0] <= LIMIT_CHARS + 16, "head and tail, and the mark between them"


def test_token_vectors_sum_to_the_embedding(encoder):
    text = "Write a python function, and find the cause of this!"
    names, vectors = encoder.token_vectors(text)
    assert len(names) == len(vectors)
    np.testing.assert_allclose(vectors.sum(axis=0), encoder.encode([text])[0], atol=1e-14)


def test_no_tokens_have_no_vectors():
    names, vectors = ENCODER.token_vectors("")
    assert names == []
    assert vectors.shape == (0, DIM)


def test_known_ids_are_the_token_ids_without_the_unknown_mark():
    texts = ["find xyzzy the cause", "xyzzy", "", "why"]
    assert ENCODER.unknown_id == 0
    kept = [[one for one in ids if one != 0] for ids in ENCODER.token_ids(texts)]
    assert known_ids(ENCODER, texts) == kept
    assert [len(ids) for ids in kept] == [3, 0, 0, 1]


def test_a_reading_is_its_ask_and_its_window_side_by_side():
    turns = (Message("assistant", "this is why"), Message("user", "find the cause"))
    found = ENCODER.encode_readings([read(ChatRequest(turns)), read(ChatRequest(turns[1:]))])
    assert found.shape == (2, ENCODER.n_features) == (2, 2 * DIM)
    np.testing.assert_array_equal(found[0], ENCODER.encode(["find the cause", "this is why"]).reshape(-1))
    np.testing.assert_array_equal(found[1], np.append(found[0, :DIM], np.zeros(DIM, np.float32)))
    assert ENCODER.encode_readings([]).shape == (0, 2 * DIM)


def test_tokens_have_texts(encoder):
    (ids,) = encoder.token_ids(["find the cause"])
    assert [encoder.token_text(token) for token in ids] == ["find", "the", "cause"]
    assert all(0 <= token < encoder.n_tokens for token in ids)
    assert encoder.token_text(encoder.n_tokens) == ""
