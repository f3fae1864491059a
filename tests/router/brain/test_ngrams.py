"""Hashed n-grams: the same buckets on every machine, names for each, and weights that add up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from router.brain.ngrams import (
    BITS,
    BLOCKS,
    LETTER_SIZES,
    LETTERS_LIMIT_CHARS,
    N_BUCKETS,
    NgramTable,
    bucket_of,
    gram_names,
    letter_grams,
    letters_of,
    piece_grams,
    reading_buckets,
    reading_grams,
)
from router.reading import Reading, Turn, read
from router.reading.characters import folded
from router.reading.crop import ELLIPSIS
from router.types import ChatRequest, Message
from tests.router.tiny_bundle import tiny_encoder, tiny_ngrams

any_text = st.text(st.characters(exclude_categories=()), max_size=60)
token_ids = st.lists(st.integers(0, 300_000), max_size=12)
roles = st.sampled_from(["user", "assistant", "tool", "function"])
ENCODER = tiny_encoder()


def reading(*turns):
    return read(ChatRequest(tuple(Message(role, text) for role, text in turns)))


def letters_only(text):
    """A reading with one turn of exactly this text."""
    return Reading(ask=text, window="", turns=(Turn("user", text),), turn="user", signals=np.zeros(0, np.float32))


def buckets(one):
    return reading_buckets(one, ENCODER.token_ids([turn.text for turn in one.turns]))


# --- The hash -------------------------------------------------------------------------------------------------------

MASK = (1 << 64) - 1


def hashed(gram):
    """The bucket of a number, in Python's own integers."""
    return ((gram ^ (gram >> 31)) * 0x9E3779B97F4A7C15 & MASK) >> (64 - BITS)


def test_the_buckets_are_those_that_bundles_were_fitted_with():
    # Frozen: with any other numbers here, every bundle there is reads other weights than it was fitted with.
    pieces = bucket_of(piece_grams([("user", [7592, 2088, 999]), ("assistant", [7592]), ("tool", [7592, 7592])]))
    assert pieces.tolist() == [219781, 47009, 71698, 54877, 58891, 217356, 145098, 145098, 152966]
    assert bucket_of(letter_grams(" hi you ")).tolist() == [
        69354,
        128186,
        217896,
        19735,
        197529,
        13217,
        36660,
        78410,
        130825,
        176630,
        31098,
        10087,
        199314,
        176907,
        242283,
    ]
    assert bucket_of(letter_grams("\u6f22\u5b57\U0001f600")).tolist() == [110150]


@given(st.lists(st.integers(0, MASK), max_size=20))
def test_the_hash_is_a_multiply_xorshift_of_64_bits(grams):
    found = bucket_of(np.array(grams, dtype=np.uint64))
    assert found.tolist() == [hashed(gram) for gram in grams]
    assert all(0 <= bucket < N_BUCKETS for bucket in found.tolist())


def test_hashing_leaves_its_input_alone():
    grams = np.arange(10, dtype=np.uint64)
    bucket_of(grams)
    np.testing.assert_array_equal(grams, np.arange(10))


def test_the_hash_spreads_words_and_letters_evenly():
    words = bucket_of(piece_grams([("user", range(30_000))]))
    assert np.unique(words[:30_000]).size > 28_000
    rng = np.random.default_rng(3)
    text = "".join(chr(97 + letter) for letter in rng.integers(0, 26, size=20_000))
    distinct = len({text[at : at + 5] for at in range(len(text) - 4)})
    fives = bucket_of(letter_grams(text))[-(len(text) - 4) :]
    assert np.unique(fives).size > 0.95 * distinct


# --- Numbers of pieces and letters ----------------------------------------------------------------------------------


def test_a_turn_has_its_pieces_then_its_pairs_and_pairs_do_not_cross_turns():
    assert piece_grams([("user", [1, 2, 3])]).size == 5
    assert piece_grams([("user", [1, 2]), ("user", [3])]).size == 4
    assert piece_grams([("user", [])]).size == 0
    assert piece_grams([]).size == 0
    assert piece_grams([]).dtype == np.uint64


def test_who_spoke_tells_pieces_and_pairs_apart_and_tools_are_one_under_either_name():
    user, assistant, tool, function = (
        set(piece_grams([(role, [5, 6])]).tolist()) for role in ("user", "assistant", "tool", "function")
    )
    assert not (user & assistant or user & tool or assistant & tool)
    assert tool == function
    assert set(piece_grams([("", [5, 6])]).tolist()) == user, "whoever else spoke counts as the user"


def test_pieces_and_pairs_are_never_the_same_number():
    grams = piece_grams([(role, range(2_000)) for role in ("user", "assistant", "tool")])
    assert np.unique(grams).size == grams.size


def test_the_order_of_words_shows_in_the_pairs_only():
    one, other = (piece_grams([("user", ids)]).tolist() for ids in ([1, 2, 3], [3, 2, 1]))
    assert sorted(one[:3]) == sorted(other[:3])
    assert not set(one[3:]) & set(other[3:])


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "abcd", "abcdef", "\u6f22\u5b57\u6f22", "\U0001f600\ud800x"])
def test_letters_are_all_sequences_of_each_size_as_python_counts_them(text):
    expected = []
    for size in LETTER_SIZES:
        for at in range(len(text) - size + 1):
            rolling = 0
            for letter in text[at : at + size]:
                rolling = (rolling * 1_000_003 + ord(letter)) & MASK
            expected.append((rolling * 8 + size) & MASK)
    assert letter_grams(text).tolist() == expected


@given(any_text, any_text)
def test_the_sequences_of_a_text_hold_those_of_its_parts(left, right):
    whole = set(letter_grams(left + right).tolist())
    assert set(letter_grams(left).tolist()) | set(letter_grams(right).tolist()) <= whole


def test_letters_are_lower_case_between_two_spaces_in_any_script():
    assert letters_of(reading(("user", "Hi \u0416\u0418"))) == " hi \u0436\u0438 "
    assert letters_of(reading(("assistant", "One"), ("user", "TWO"))) == " one\ntwo "
    assert letters_of(reading(("user", ""))) == "  "


def test_long_turns_around_it_do_not_push_the_ask_out():
    text = letters_of(reading(("assistant", "a" * 9_000), ("user", "the ask"), ("tool", "b" * 9_000)))
    assert "\nthe ask\n" in text
    assert len(text) <= LETTERS_LIMIT_CHARS + 3 * len(ELLIPSIS) + 2 * len("\n") + 2


def test_letters_are_read_off_the_head_and_the_tail_of_a_long_conversation():
    half = LETTERS_LIMIT_CHARS // 2
    text = letters_of(letters_only("h" * 4_000 + "t" * 4_000))
    assert text == " " + "h" * half + folded(ELLIPSIS) + "t" * half + " "
    short = "h" * half + "t" * half
    assert letters_of(letters_only(short)) == f" {short} "
    assert buckets(letters_only("h" * 4_000 + "xyz" + "t" * 4_000))[1].tolist() == (
        buckets(letters_only("h" * 2_000 + "t" * 9_000))[1].tolist()
    )


# --- Buckets of a reading -------------------------------------------------------------------------------------------


def test_a_reading_is_a_set_of_buckets():
    once, twice = reading(("user", "why why")), reading(("user", "why why why why"))
    np.testing.assert_array_equal(buckets(once)[0], buckets(twice)[0])
    for found in buckets(twice):
        assert (np.diff(found) > 0).all()


@given(st.lists(st.tuples(roles, token_ids), max_size=4), st.randoms())
def test_the_order_of_turns_does_not_matter(turns, random):
    shuffled = turns.copy()
    random.shuffle(shuffled)
    np.testing.assert_array_equal(np.unique(bucket_of(piece_grams(turns))), np.unique(bucket_of(piece_grams(shuffled))))


def test_an_empty_request_has_no_pieces_and_no_letters():
    assert [found.size for found in buckets(reading(("user", "")))] == [0, 0]


@settings(max_examples=60)
@given(st.lists(st.tuples(roles, any_text), min_size=1, max_size=5))
def test_every_gram_has_its_name(turns):
    one = reading(*turns)
    ids = ENCODER.token_ids([turn.text for turn in one.turns])
    texts = [[ENCODER.token_text(token) for token in turn] for turn in ids]
    names, grams = gram_names(one, texts), reading_grams(one, ids)
    assert [len(block) for block in names] == [block.size for block in grams]
    for name, gram in zip(names[1], grams[1].tolist(), strict=True):
        assert gram in letter_grams(name).tolist(), "the name of a letter sequence is the sequence"
        assert len(name) in LETTER_SIZES
    for found, block in zip(buckets(one), grams, strict=True):
        assert set(found.tolist()) == set(bucket_of(block).tolist())


def test_names_of_pieces_stand_in_the_order_of_their_numbers():
    one = reading(("assistant", "why"), ("user", "find the cause"))
    ids = ENCODER.token_ids([turn.text for turn in one.turns])
    names = gram_names(one, [["why"], ["find", "the", "cause"]])[0]
    assert names == ["why", "find", "the", "cause", "find the", "the cause"]
    alone = piece_grams([("user", ids[1])]).tolist()
    assert dict(zip(names, reading_grams(one, ids)[0].tolist(), strict=True))["the cause"] == alone[-1]


# --- Weights --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table():
    return tiny_ngrams(ENCODER)


def test_the_logits_are_the_formula_written_out(table):
    found = buckets(reading(("assistant", "why"), ("user", "find the cause and more")))
    expected = [0.0, 0.0, 0.0]
    for block in range(len(BLOCKS)):
        known = [bucket for bucket in found[block].tolist() if table.known[block][bucket]]
        assert 0 < len(known) < len(found[block])
        for head in range(3):
            total = sum(int(table.weights[block][bucket, head]) for bucket in known)
            expected[head] += table.steps[block][head] * total / math.sqrt(len(known))
    np.testing.assert_allclose(table.logits(found), expected, atol=1e-12)


def test_with_normalise_all_unknown_buckets_dilute_and_without_they_do_not(table):
    found = buckets(reading(("user", "find the cause")))
    more = tuple(
        np.union1d(block, np.flatnonzero(~known)[:50]) for block, known in zip(found, table.known, strict=True)
    )
    np.testing.assert_array_equal(table.logits(more), table.logits(found))
    diluting = replace(table, normalise_all=True)
    for block, (one, other) in enumerate(zip(found, more, strict=True)):
        kept, share = diluting.shares(block, one)
        again, diluted = diluting.shares(block, other)
        np.testing.assert_array_equal(kept, again)
        np.testing.assert_allclose(diluted, share * math.sqrt(one.size / other.size), atol=1e-12)


@pytest.mark.parametrize("normalise_all", [False, True])
def test_a_text_of_unknown_buckets_adds_nothing(table, normalise_all):
    one = replace(table, normalise_all=normalise_all)
    nothing = np.zeros(0, dtype=np.int64)
    unknown = tuple(np.flatnonzero(~known)[:20] for known in table.known)
    for found in (unknown, (nothing, nothing)):
        np.testing.assert_array_equal(one.logits(found), [0.0, 0.0, 0.0])
        kept, shares = one.shares(0, found[0])
        assert (kept.size, shares.shape) == (0, (0, 3))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(roles, any_text), min_size=1, max_size=4),
    st.booleans(),
    stnp.arrays(np.int8, 64),
    st.lists(st.floats(0.0, 10.0), min_size=2, max_size=2),
)
def test_shares_add_up_to_the_logits_whatever_the_weights(turns, normalise_all, drawn, steps):
    found = buckets(reading(*turns))
    known = [np.zeros(N_BUCKETS, dtype=np.bool_) for _ in BLOCKS]
    for seen, block in zip(known, found, strict=True):
        seen[block[::2]] = True
    weights = np.resize(drawn, (N_BUCKETS, 2))
    both = tuple(np.full(2, step) for step in steps)
    table = NgramTable((weights, weights), both, tuple(known), normalise_all=normalise_all)
    shares = np.concatenate([table.shares(block, part)[1] for block, part in enumerate(found)])
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(table.logits(found), shares.sum(axis=0), rtol=1e-12, atol=1e-9)
    for block, part in enumerate(found):
        kept, share = table.shares(block, part)
        assert set(kept.tolist()) <= set(part.tolist())
        # However long the text, a block's length is bounded: the largest weight times the root of their number.
        limit = 128 * steps[block] * math.sqrt(max(1, kept.size))
        assert (np.abs(share.sum(axis=0)) <= limit + 1e-9).all()
