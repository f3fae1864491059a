"""Signals: one shape and order, finite for any text, and right on texts that one can count by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.signals import SIGNAL_NAMES, signals_of

any_text = st.text(st.characters(exclude_categories=()))


def signals(ask, window="", *, after_tool=False):
    return dict(zip(SIGNAL_NAMES, signals_of(ask, window, after_tool=after_tool).tolist(), strict=True))


def test_the_shipped_bundle_was_fitted_on_these_names_in_this_order(shipped):
    assert json.loads((shipped / "manifest.json").read_bytes())["signals"] == list(SIGNAL_NAMES)
    assert len(set(SIGNAL_NAMES)) == len(SIGNAL_NAMES)


@given(any_text, any_text, st.booleans())
def test_signals_of_any_text_are_finite_in_one_shape_and_shares_are_shares(ask, window, after_tool):
    found = signals_of(ask, window, after_tool=after_tool)
    assert found.shape == (len(SIGNAL_NAMES),)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    for name, value in zip(SIGNAL_NAMES, found.tolist(), strict=True):
        assert value >= 0.0, name
        if name.endswith("_share"):
            assert value <= 1.0, name


@pytest.mark.parametrize(
    ("ask", "name", "expected"),
    [
        ("one two three", "ask_words_log", math.log1p(3)),
        ("one two three", "ask_words_log_squared", math.log1p(3) ** 2),
        ("", "ask_words_log", 0.0),
        ("a\nb\nc", "ask_lines_log", math.log1p(2)),
        ("One. Two! Three?", "ask_sentences_log", math.log1p(2)),
        ("Why? How?", "ask_questions_log", math.log1p(2)),
        ("ab 12", "ask_digit_share", 0.5),
        ("ab, cd", "ask_comma_share", 0.2),
        ("{a}b", "ask_code_share", 0.5),
        ("\U0001f600\U0001f600ab", "ask_symbol_share", 0.5),
        ("\u6f22\u5b57ab", "ask_non_latin_share", 0.5),
        ("\u0645\u0631\u062d\u0628\u0627", "ask_non_latin_share", 1.0),
        ("\u0645\u0631\u062d\u0628\u0627 \u0645\u0631\u062d\u0628\u0627", "ask_words_log", math.log1p(2)),
        ("\u6f22" * 17, "ask_words_log", math.log1p(10)),
        ("ab abcd", "ask_word_length", 3.0),
        ("x" * 100, "ask_word_length", 20.0),
        ("12 and 7", "ask_numbers_log", math.log1p(2)),
        ("```py\n1```", "ask_code_block", 1.0),
        ("Is it?", "ask_ends_with_question", 1.0),
        ("\u662f\u5417\uff1f", "ask_ends_with_question", 1.0),
        ("\u0647\u0644\u061f", "ask_ends_with_question", 1.0),
        ("Why? Say.", "ask_ends_with_question", 0.0),
        ("a b a a", "ask_distinct_words_share", 2 / 5),
        ("A a", "ask_distinct_words_share", 1 / 3),
        ("- a\n 2) b\n\u2022 c\nd - e", "ask_list_items_log", math.log1p(3)),
        ("a_b fooBar f() Foo", "ask_identifiers_log", math.log1p(3)),
    ],
    ids=ascii,
)
def test_signals_count_what_their_names_say(ask, name, expected):
    assert signals(ask)[name] == pytest.approx(expected, rel=1e-6)


@given(any_text, any_text, st.booleans())
def test_capital_letters_change_no_signal(ask, window, after_tool):
    ascii_ask, ascii_window = (text.encode("ascii", "ignore").decode().replace("_", "") for text in (ask, window))
    ordinary = signals(ascii_ask.lower(), ascii_window.lower(), after_tool=after_tool)
    capitals = signals(ascii_ask.upper(), ascii_window.upper(), after_tool=after_tool)
    ordinary.pop("ask_identifiers_log")  # camelCase is spelled with capitals
    capitals.pop("ask_identifiers_log")
    assert capitals == ordinary


def test_the_window_shows_in_its_own_signals_only():
    without, with_window = signals("go on"), signals("go on", "{a}b")
    changed = {name for name in SIGNAL_NAMES if without[name] != with_window[name]}
    assert changed == {"window_present", "window_short_ask", "window_code_share"}
    assert with_window["window_code_share"] == 0.5
    assert signals("one two three four five six seven", "x")["window_short_ask"] == 0.0


def test_a_tools_result_after_the_ask_shows_in_one_signal():
    before, after = signals("go on"), signals("go on", after_tool=True)
    assert [name for name in SIGNAL_NAMES if before[name] != after[name]] == ["after_tool_result"]


def test_no_signal_measures_the_system_prompt_the_number_of_tools_or_the_length_of_the_history():
    assert not [name for name in SIGNAL_NAMES if any(word in name for word in ("system", "tools", "turns", "history"))]
