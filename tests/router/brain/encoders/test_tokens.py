"""Remembered chunks give the ids that the tokenizer gives for the whole text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from router.brain.encoders import TokenIds, tokens
from tests.router.tiny_bundle import UNIGRAM_PIECES, tiny_tokenizer, unigram_tokenizer

utf8 = st.characters(codec="utf-8")
spaces = st.sampled_from(" \n\t\r\u00a0\u2003\u3000\u200b\u0085\x00\ufeff")
odd = st.sampled_from(
    ["[UNK]", "[CLS]", "[MASK]", "##ing", "\u0301", "e\u0301", "\u6f22", "\u00ad", "\u200d", "\ufffd", "I\u0307"]
)
texts = st.lists(st.text(utf8, max_size=8) | spaces | odd | st.sampled_from(["the", "Why?", "a_b"]), max_size=12).map(
    "".join
)


def whole(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


@pytest.fixture(scope="module")
def shipped_tokenizer(router):
    return router.bundle.brain.encoder.tokens.tokenizer


@pytest.fixture(scope="module")
def shipped_ids(shipped_tokenizer):
    return TokenIds.of(shipped_tokenizer)


@settings(max_examples=400)
@given(text=texts)
@example(text="[CLS] [SEP]x [MASK] [PAD] [UNK]")
@example(text="a \u0301b\n\u0301 c")
@example(text="x" * 300 + " " + "y" * 300)
def test_the_shipped_tokenizers_ids_are_those_of_the_whole_text(shipped_tokenizer, shipped_ids, text):
    expected = whole(shipped_tokenizer, text)
    shipped_ids._seen.clear()
    assert shipped_ids.one(text) == expected
    assert shipped_ids.one(text) == expected, "the second time, from memory"
    assert shipped_ids.many([text, "", text]) == [expected, [], expected]


UNIGRAM = unigram_tokenizer([("<unk>", 0.0), *((piece, -2.0 - n / 8) for n, piece in enumerate(UNIGRAM_PIECES))])
UNIGRAM_IDS = TokenIds.of(UNIGRAM)


@settings(max_examples=400)
@given(text=texts)
@example(text="\u2581the \u2581 the\nfind")
@example(text="a \u0301b\n\u0301 c \u1100 \u1161")
@example(text="in" * 300 + " " + "er" * 300)
def test_a_unigram_tokenizers_ids_are_those_of_the_whole_text(text):
    expected = whole(UNIGRAM, text)
    UNIGRAM_IDS._seen.clear()
    assert UNIGRAM_IDS.one(text) == expected
    assert UNIGRAM_IDS.one(text) == expected, "the second time, from memory"
    assert UNIGRAM_IDS.many([text, "", text]) == [expected, [], expected]


def test_a_unigram_tokenizers_words_are_remembered_and_its_unknown_mark_is_known():
    ids = TokenIds.of(UNIGRAM)
    ids.one("find the")
    assert set(ids._seen) == {"find", "the"}
    assert ids.unknown_id == 0


@pytest.mark.parametrize("scheme", ["first", "never"])
def test_a_unigram_tokenizer_that_marks_not_every_word_is_asked_for_the_whole_text(scheme):
    tokenizer = Tokenizer.from_str(
        UNIGRAM.to_str().replace('"prepend_scheme":"always"', f'"prepend_scheme":"{scheme}"')
    )
    ids = TokenIds.of(tokenizer)
    assert ids.one("find the find") == whole(tokenizer, "find the find")
    assert not ids._seen


@given(texts)
def test_a_tokenizer_of_another_kind_is_asked_for_the_whole_text(text):
    tokenizer = tiny_tokenizer()
    ids = TokenIds.of(tokenizer)
    assert ids.one(text) == whole(tokenizer, text)
    assert ids.many([text, "why"]) == [whole(tokenizer, text), whole(tokenizer, "why")]


def test_what_comes_out_is_the_callers_own(shipped_tokenizer):
    ids = TokenIds.of(shipped_tokenizer)
    expected = list(ids.one("why"))
    ids.one("why").clear()
    ids.many(["why"])[0].append(7)
    assert ids.one("why") == expected


def test_the_memory_is_bounded(shipped_tokenizer, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_REMEMBERED_CHUNKS", 50)
    ids = TokenIds.of(shipped_tokenizer)
    for number in range(500):
        ids.one(f"w{number} {'x' * 60}{number}")
        assert len(ids._seen) <= 50
        assert max(map(len, ids._seen)) <= tokens.MAX_REMEMBERED_CHARS
    assert ids.one("w1 w2") == whole(shipped_tokenizer, "w1 w2")


def test_threads_share_one_memory(shipped_tokenizer, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_REMEMBERED_CHUNKS", 20)
    ids = TokenIds.of(shipped_tokenizer)
    asked = [f"w{number % 60} and w{number % 7}" for number in range(600)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert list(pool.map(ids.one, asked)) == [whole(shipped_tokenizer, text) for text in asked]


def test_the_unknown_marks_id_is_known_and_minus_1_where_there_is_none(shipped_ids, shipped_tokenizer):
    assert shipped_tokenizer.id_to_token(shipped_ids.unknown_id) == "<unk>"
    assert TokenIds.of(Tokenizer(WordLevel({"a": 0}, unk_token="a"))).unknown_id == -1
