"""Which text is the ask, which turns are the window, and what never matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading import read
from router.reading.crop import ELLIPSIS
from router.reading.read import ASK_LIMIT_CHARS, WINDOW_MESSAGE_LIMIT_CHARS, WINDOW_MESSAGES
from router.types import ChatRequest, Message


def seen(*messages):
    return read(ChatRequest(messages=tuple(Message(*message) for message in messages)))


@pytest.mark.parametrize(
    ("messages", "ask"),
    [
        ([("user", "a")], "a"),
        ([("user", "  a\n")], "a"),
        ([("user", "a"), ("assistant", "b"), ("user", "c")], "c"),
        ([("user", "a"), ("assistant", "b")], "a"),
        ([("user", "a"), ("assistant", ""), ("tool", "result")], "a"),
        ([("user", "a"), ("user", "  ")], "a"),
        ([("user", "a"), ("user", "", ("image_url",))], "a"),
        ([("system", "s"), ("assistant", "b")], "b"),
        ([("system", "s")], "s"),
        ([("user", "")], ""),
        ([("user", " ", ("image_url",)), ("assistant", "")], ""),
    ],
)
def test_the_ask_is_the_last_user_message_with_text_or_else_the_last_message(messages, ask):
    assert seen(*messages).ask == ask


def test_the_window_holds_the_turns_before_the_ask_oldest_first_without_system_prompts_and_tools():
    reading = seen(
        ("system", "s"), ("user", "one"), ("assistant", "two"), ("tool", "t"), ("developer", "d"), ("user", "ask")
    )
    assert reading.window == "one\ntwo"
    assert reading.turn == "user"


def test_a_first_turn_has_no_window():
    assert seen(("system", "s"), ("user", "ask"), ("assistant", "later")).window == ""


def test_the_window_stops_at_its_number_of_messages_and_skips_empty_ones():
    turns = [("user" if n % 2 else "assistant", f"turn {n}") for n in range(10)]
    reading = seen(*turns, ("assistant", " "), ("user", "ask"))
    assert reading.window.split("\n") == [f"turn {n}" for n in range(10 - WINDOW_MESSAGES, 10)]


def test_each_turn_of_the_window_is_cropped():
    reading = seen(("assistant", "h" * 5_000 + "t" * 5_000), ("user", "ask"))
    half = WINDOW_MESSAGE_LIMIT_CHARS // 2
    assert reading.window == "h" * half + ELLIPSIS + "t" * half


def test_the_ask_is_cropped_head_and_tail():
    reading = seen(("user", "h" * 50_000 + "t" * 50_000))
    half = ASK_LIMIT_CHARS // 2
    assert reading.ask == "h" * half + ELLIPSIS + "t" * half


turn = st.tuples(
    st.sampled_from(["user", "assistant"]), st.text(st.characters(codec="utf-8"), min_size=1).map("x".__add__)
)


def messages_of(*roles):
    return st.lists(st.tuples(st.sampled_from(roles), st.text(max_size=300)), max_size=3)


@given(
    st.lists(turn, max_size=4),
    st.text(min_size=1).map("x".__add__),
    messages_of("system", "developer", "tool", "function", "critic"),
    messages_of("system", "developer", "critic"),
    st.integers(0, 4),
)
def test_system_prompts_and_earlier_tool_results_change_nothing_that_is_scored(turns, ask, before, anywhere, position):
    plain = seen(*turns, ("user", ask))
    mixed = seen(*before, *turns[:position], *anywhere, *turns[position:], ("user", ask), *anywhere)
    assert (mixed.ask, mixed.window) == (plain.ask, plain.window)
    np.testing.assert_array_equal(mixed.signals, plain.signals)


@given(st.lists(st.just(("tool", "a")) | st.just(("assistant", "")), min_size=1, max_size=50), st.text(max_size=300))
def test_after_the_ask_it_matters_whether_a_tool_answered_but_neither_how_often_nor_what(later, result):
    once = seen(("user", "ask"), ("tool", result))
    often = seen(("user", "ask"), *later, ("tool", "b"))
    assert (often.ask, often.window) == (once.ask, once.window)
    np.testing.assert_array_equal(often.signals, once.signals)


@given(st.lists(turn, min_size=WINDOW_MESSAGES, max_size=WINDOW_MESSAGES), st.lists(turn, max_size=8))
def test_turns_beyond_the_window_change_nothing_that_is_scored(recent, older):
    short = seen(*recent, ("user", "ask"))
    long = seen(*older, *recent, ("user", "ask"))
    assert (long.ask, long.window) == (short.ask, short.window)
    np.testing.assert_array_equal(long.signals, short.signals)
