"""Token counts: known ones, an upper bound that holds for any text, and a memory that forgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading import tokens
from router.reading.tokens import CHUNK_CHARS, MESSAGE_TOKENS, TokenCounter, count_tokens, upper_bound_tokens
from router.types import Message

any_text = st.text(st.characters(exclude_categories=()))


@pytest.fixture(scope="module")
def counter():
    return TokenCounter()


@pytest.mark.parametrize(
    ("text", "n_tokens"),
    [("", 0), ("hello world", 2), ("tiktoken is great!", 6), ("<|endoftext|>", 7), ("a\ud800b", 3)],
)
def test_counts_are_those_of_the_o200k_vocabulary(counter, text, n_tokens):
    assert counter.count(text) == n_tokens


@given(any_text)
def test_no_text_has_more_tokens_than_bytes(counter, text):
    assert counter.count(text) <= upper_bound_tokens(text)


def test_messages_count_with_their_separators(counter):
    messages = (Message("user", "hello world"), Message("assistant", ""))
    assert count_tokens(messages, counter=counter) == 2 + 2 * MESSAGE_TOKENS
    assert upper_bound_tokens(messages) == len("hello world") + 2 * MESSAGE_TOKENS
    assert count_tokens("hello world") == 2


def test_cutting_a_long_text_adds_at_most_a_little(counter):
    text = "The quick brown fox jumps over the lazy dog, and 12,345 more. " * 2_000
    import quicktok

    exact = quicktok.get_encoding("o200k_base").count(text)
    assert exact <= counter.count(text) <= exact + 2 * (len(text) // CHUNK_CHARS + 1)


class Countless:
    """Counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def count(self, text):
        self.asked += 1
        return len(text)


def watched():
    counter = TokenCounter()
    counter._encoding = Countless()
    return counter, counter._encoding


def test_a_prefix_that_came_before_is_not_counted_again():
    counter, encoding = watched()
    prompt = "p" * 50_000
    counter.count(prompt)
    before = encoding.asked
    counter.count(prompt + " and the newest words")
    assert encoding.asked == before + 1, "only the last chunk changed"


def test_the_memory_is_bounded_and_keeps_what_is_in_use(monkeypatch):
    monkeypatch.setattr(tokens, "CACHED_CHUNKS", 2)
    counter, encoding = watched()
    for text in ("one", "two", "one", "three", "one"):
        counter.count(text)
    assert encoding.asked == 3
    counter.count("two")
    assert encoding.asked == 4, "the oldest was forgotten"
    assert len(counter._known) == 2
