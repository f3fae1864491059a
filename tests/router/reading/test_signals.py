"""Signals: one shape and order, finite for any text, and right on texts that one can count by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.signals import SIGNAL_NAMES, signals_of

ROOT = Path(__file__).resolve().parents[3]

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
        ("12 and 7", "ask_numbers_log", math.log1p(2)),
        ("```py\n1```", "ask_code_block", 1.0),
        ("Is it?", "ask_ends_with_question", 1.0),
        ("\u662f\u5417\uff1f", "ask_ends_with_question", 1.0),
        ("\u0647\u0644\u061f", "ask_ends_with_question", 1.0),
        ("Why? Say.", "ask_ends_with_question", 0.0),
        ("- a\n 2) b\n\u2022 c\nd - e", "ask_list_items_log", math.log1p(3)),
        ("a_b fooBar f() Foo", "ask_identifiers_log", math.log1p(3)),
        ("\u8c03\u7528getUser()\u5417", "ask_identifiers_log", math.log1p(1)),
        ("\u6f22" * 15, "ask_words_log", math.log1p(10)),
        ("\uff2f\uff2b \uff11", "ask_words_log", math.log1p(2)),
        ("don\u2019t it's", "ask_words_log", math.log1p(2)),
        ("don\u2019t 'it'", "ask_quotes_log", math.log1p(2)),
        ("e\u0301te\u0301", "ask_words_log", math.log1p(1)),
        ("\u092a\u094d\u0930\u0936\u094d\u0928 \u0939\u0948", "ask_words_log", math.log1p(2)),
        ("\u0661\u0662 \u0648 \u0663", "ask_numbers_log", math.log1p(2)),
        ("\u4e00\u3002\u4e8c\uff01\u4e09\uff1f", "ask_sentences_log", math.log1p(2)),
        ("\u0939\u0948\u0964", "ask_sentences_log", math.log1p(1)),
        ("\u0643\u060c \u0643\u061b \u3001", "ask_commas_log", math.log1p(3)),
        ("\u0e17\u0e33 \u0e41\u0e25\u0e49\u0e27", "ask_commas_log", math.log1p(1)),
        ("\u03b3\u03b9\u03b1\u03c4\u03af;", "ask_ends_with_question", 1.0),
        ("\u03b3\u03b9\u03b1\u03c4\u03af;", "ask_questions_log", math.log1p(1)),
        ("1\u3001a\n\uff08\uff12\uff09b\n\u30fbc\n\u4e8c\u3001d\n\u2014 e", "ask_list_items_log", math.log1p(5)),
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


@pytest.mark.parametrize(
    "lang", ["zh", "zh-Hant", "ja", "ko", "th", "ar", "he", "fa", "hi", "am", "ru", "el", "de", "tr"]
)
def test_twins_of_one_situation_have_about_the_same_length_in_every_language(lang):
    asks = _twins(lang)
    assert len(asks) >= 3
    for name in ("ask_words_log", "ask_chars_log"):
        of_english = np.mean([signals(english)[name] for english, _ in asks])
        of_other = np.mean([signals(other)[name] for _, other in asks])
        assert abs(of_other - of_english) < 0.65, name  # a Chinese ask counted by characters is 1.1 below


def _twins(lang):
    """(English, other) asks of each situation that has both."""
    lines = (ROOT / "data/traffic/twins.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row.get("trap") == "twin"]
    asks = {(row["pair"], row["lang"]): row["messages"][-1]["content"] for row in rows}
    return [(asks[pair, "en"], ask) for (pair, found), ask in asks.items() if found == lang and (pair, "en") in asks]
