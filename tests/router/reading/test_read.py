"""Which text is the ask, which turns are the window, and what never matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading import Turn, read
from router.reading.conversation import ASK_LIMIT_CHARS
from router.reading.crop import ELLIPSIS
from router.reading.read import TURN_LIMIT_CHARS, WINDOW_TURNS
from router.reading.signals import SIGNAL_NAMES
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


def said(reading):
    return [(turn.role, turn.text) for turn in reading.turns]


def test_the_window_holds_the_turns_around_the_ask_oldest_first_without_system_prompts():
    reading = seen(
        ("system", "s"), ("user", "one"), ("assistant", "two"), ("developer", "d"), ("critic", "c"), ("user", "ask")
    )
    assert reading.window == "one\ntwo"
    assert said(reading) == [("user", "one"), ("assistant", "two"), ("user", "ask")]
    assert reading.turn == "user"


def test_a_first_turn_has_no_window_and_is_the_only_turn():
    reading = seen(("system", "s"), ("user", "ask"))
    assert reading.window == ""
    assert reading.turns == (Turn("user", "ask"),)


def test_turns_after_the_ask_go_before_those_that_were_before_it():
    before = [("user", "one"), ("assistant", "two")]
    reading = seen(*before, ("user", "ask"), ("assistant", ""), ("tool", "result"))
    assert said(reading) == [("assistant", "two"), ("user", "ask"), ("tool", "result")]
    assert reading.window == "two\nresult"
    reading = seen(*before, ("user", "ask"), ("assistant", "calling"), ("function", "result"))
    assert said(reading) == [("user", "ask"), ("assistant", "calling"), ("function", "result")]
    assert reading.window == "calling\nresult"


@pytest.mark.parametrize("n_results", [1, 2, 3, 4, 50])
def test_of_many_tool_results_the_last_are_shown_and_the_ask_stays(n_results):
    results = [("tool", f"result {n}") for n in range(n_results)]
    reading = seen(("user", "one"), ("assistant", "two"), ("user", "ask"), *results)
    shown = results[-(WINDOW_TURNS - 1) :]
    assert said(reading) == [*[("assistant", "two")][: WINDOW_TURNS - 1 - len(shown)], ("user", "ask"), *shown]
    assert reading.ask == "ask"


@pytest.mark.parametrize("role", ["tool", "function"])
def test_a_tool_result_after_the_ask_shows_in_the_signal_under_either_name(role):
    after, before = (
        dict(zip(SIGNAL_NAMES, reading.signals.tolist(), strict=True))["after_tool_result"]
        for reading in (seen(("user", "ask"), (role, "r")), seen((role, "r"), ("user", "ask")))
    )
    assert (after, before) == (1.0, 0.0)


def test_the_window_stops_at_its_number_of_turns_and_skips_empty_ones():
    turns = [("user" if n % 2 else "assistant", f"turn {n}") for n in range(10)]
    reading = seen(*turns, ("assistant", " "), ("user", "ask"))
    assert reading.window.split("\n") == [f"turn {n}" for n in range(10 - (WINDOW_TURNS - 1), 10)]


@pytest.mark.parametrize("position", [0, 1], ids=["after the ask", "before it"])
def test_each_turn_of_the_window_is_cropped(position):
    messages = [("user", "ask")]
    messages.insert(1 - position, ("assistant", "h" * 5_000 + "t" * 5_000))
    half = TURN_LIMIT_CHARS // 2
    assert seen(*messages).window == "h" * half + ELLIPSIS + "t" * half


def test_where_no_user_spoke_the_ask_is_a_turn_of_its_own_role():
    assert said(seen(("user", " "), ("tool", "one"), ("assistant", "two"))) == [("tool", "one"), ("assistant", "two")]


def test_the_ask_is_cropped_head_and_tail():
    reading = seen(("user", "h" * 50_000 + "t" * 50_000))
    half = ASK_LIMIT_CHARS // 2
    assert reading.ask == "h" * half + ELLIPSIS + "t" * half


turn = st.tuples(
    st.sampled_from(["user", "assistant"]), st.text(st.characters(codec="utf-8"), min_size=1).map("x".__add__)
)


def messages_of(*roles):
    return st.lists(st.tuples(st.sampled_from(roles), st.text(max_size=300)), max_size=3)


def assert_same(one, other):
    assert (one.ask, one.window, one.turns) == (other.ask, other.window, other.turns)
    np.testing.assert_array_equal(one.signals, other.signals)


@given(
    st.lists(turn, max_size=4),
    st.text(min_size=1).map("x".__add__),
    messages_of("system", "developer", "critic"),
    st.integers(0, 4),
)
def test_system_prompts_change_nothing_that_is_scored(turns, ask, anywhere, position):
    plain = seen(*turns, ("user", ask))
    mixed = seen(*anywhere, *turns[:position], *anywhere, *turns[position:], ("user", ask), *anywhere)
    assert_same(mixed, plain)


@given(
    st.lists(turn, min_size=WINDOW_TURNS - 1, max_size=WINDOW_TURNS - 1),
    st.lists(turn | st.tuples(st.just("tool"), st.text(max_size=9)), max_size=8),
)
def test_turns_beyond_the_window_change_nothing_that_is_scored(recent, older):
    assert_same(seen(*older, *recent, ("user", "ask")), seen(*recent, ("user", "ask")))


@given(st.lists(st.tuples(st.sampled_from(["tool", "assistant"]), st.text(max_size=9)), max_size=8))
def test_of_what_came_after_the_ask_only_the_last_turns_are_scored(older):
    recent = [("tool", "one"), ("tool", "two")]
    long, short = seen(("user", "ask"), *older, *recent), seen(("user", "ask"), *recent)
    assert (long.ask, long.window, long.turns) == (short.ask, short.window, short.turns)
    np.testing.assert_array_equal(long.signals, short.signals)


any_message = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool", "function", "developer", ""]) | st.text(max_size=5),
    text=st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(["", " \n", "x" * 20_000]),
    block_types=st.lists(st.just("image_url"), max_size=2).map(tuple),
)


@given(st.lists(any_message, max_size=8))
def test_any_conversation_can_be_read(messages):
    reading = read(ChatRequest(messages=tuple(messages)))
    assert len(reading.turns) <= WINDOW_TURNS
    assert all(turn.text for turn in reading.turns)
    assert np.isfinite(reading.signals).all()
    shown = [turn.text for turn in reading.turns]
    if reading.ask:
        own = [at for at, text in enumerate(shown) if text == reading.ask]
        windows = ["\n".join(shown[:at] + shown[at + 1 :]) for at in own]
    else:
        windows = ["\n".join(shown)]
    assert reading.window in windows, "the window is all turns but the ask, and the ask is among them"
