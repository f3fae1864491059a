"""Surface features of a request, cheap and language-aware, in one fixed named order.

Left out: the size of the system prompt, the number of tools, the length of the history. Agents send those with every
request, hard or trivial, so they mislead as a measure of difficulty. Capital letters too: they added nothing to the
measured quality, and a request in capitals changed its tier.
"""

from __future__ import annotations

import math
import re

import numpy as np

from router.reading.characters import N_CLASSES, CharClass, char_classes
from router.types import FloatArray

SIGNAL_NAMES: tuple[str, ...] = (
    "ask_chars_log",
    "ask_words_log",
    "ask_words_log_squared",
    "ask_short",
    "ask_long",
    "ask_lines_log",
    "ask_sentences_log",
    "ask_questions_log",
    "ask_ends_with_question",
    "ask_commas_log",
    "ask_comma_share",
    "ask_code_log",
    "ask_code_share",
    "ask_code_block",
    "ask_identifiers_log",
    "ask_numbers_log",
    "ask_number_share",
    "ask_digit_share",
    "ask_parens_log",
    "ask_quotes_log",
    "ask_list_items_log",
    "ask_symbol_share",
    "ask_non_latin_share",
    "ask_cjk",
    "ask_word_length",
    "ask_distinct_words_share",
    "window_present",
    "window_short_ask",
    "window_code_share",
    "after_tool_result",
)
"""What `signals_of` returns, in order. `_log`: log(1 + count); `_share`: of all characters except spaces, in
[0, 1]; numbers and distinct words are shares of the words. Others are 0 or 1; word_length is in letters."""

SIGNALS_LIMIT_CHARS = 8_000
"""Signals are computed from at most this many characters of a text, head and tail."""

_CJK_CHARS_PER_WORD = 1.7
_LETTERS = (CharClass.LOWER, CharClass.UPPER, CharClass.LATIN, CharClass.LETTER)


def signals_of(ask: str, window: str, *, after_tool: bool) -> FloatArray:
    """The signals of a request: (n_signals,) float32, in SIGNAL_NAMES order, all finite.

    after_tool: whether a tool's result came after the ask.
    """
    classes = char_classes(ask)
    counts = np.bincount(np.frombuffer(classes, dtype=np.uint8), minlength=N_CLASSES).tolist()
    n_visible = max(1, len(ask) - counts[CharClass.SPACE] - counts[CharClass.NEWLINE])
    n_cjk = counts[CharClass.CJK]
    n_spaced_words = _count_runs(classes, _IS_WORD)
    n_words = n_spaced_words + n_cjk / _CJK_CHARS_PER_WORD
    n_letters = sum(counts[c] for c in _LETTERS)
    n_numbers, words_log = _count_runs(classes, _IS_DIGIT), math.log1p(n_words)
    is_short = n_words <= SHORT_ASK_WORDS
    split = ask.lower().split()
    return np.array(
        [
            math.log1p(len(ask)),
            words_log,
            words_log * words_log,
            _flag(is_short),
            _flag(n_words >= LONG_ASK_WORDS),
            math.log1p(counts[CharClass.NEWLINE]),
            math.log1p(counts[CharClass.STOP]),
            math.log1p(counts[CharClass.QUESTION]),
            _flag(ask.endswith(_QUESTION_MARKS)),
            math.log1p(counts[CharClass.COMMA]),
            counts[CharClass.COMMA] / n_visible,
            math.log1p(counts[CharClass.CODE]),
            counts[CharClass.CODE] / n_visible,
            _flag("```" in ask),
            math.log1p(_n_identifiers(ask, classes)),
            math.log1p(n_numbers),
            n_numbers / (n_words + 5.0),
            counts[CharClass.DIGIT] / n_visible,
            math.log1p(counts[CharClass.PAREN]),
            math.log1p(counts[CharClass.QUOTE]),
            math.log1p(len(_LIST_ITEM.findall(ask))),
            counts[CharClass.SYMBOL] / n_visible,
            (n_cjk + counts[CharClass.LETTER]) / n_visible,
            _flag(n_cjk > _A_FEW_CJK_CHARS),
            min(20.0, n_letters / max(1, n_spaced_words)),
            len(set(split)) / (len(split) + 1.0),
            _flag(window != ""),
            _flag(is_short and window != ""),
            _code_share(window),
            _flag(after_tool),
        ],
        dtype=np.float32,
    )


def _n_identifiers(text: str, classes: bytes) -> int:
    """The number of names_like_this, likeThis or this(); most texts have no sign of one, and the pattern is slow."""
    if "_" in text or "()" in text or _CAMEL in classes:
        return len(_IDENTIFIER.findall(text))
    return 0


_CAMEL = bytes((CharClass.LOWER, CharClass.UPPER))


def _flag(value: bool) -> float:
    return 1.0 if value else 0.0


SHORT_ASK_WORDS = 6
LONG_ASK_WORDS = 120
_A_FEW_CJK_CHARS = 3
_IDENTIFIER = re.compile(r"\b(?:[A-Za-z]+_\w+|[a-z]+[A-Z]\w+|\w+\(\))")
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*\u2022]|\d{1,3}[.)])[ \t]", re.MULTILINE)
_QUESTION_MARKS = ("?", "\uff1f", "\u061f", "\u037e")


def _is_one_of(*classes: CharClass) -> bytes:
    """A table for bytes.translate: 1 for these classes, 0 for the others."""
    return bytes(char_class in classes for char_class in range(256))


_IS_WORD = _is_one_of(*_LETTERS, CharClass.DIGIT)
_IS_DIGIT = _is_one_of(CharClass.DIGIT)


def _count_runs(classes: bytes, is_inside: bytes) -> int:
    """The number of maximal runs of characters of the classes."""
    inside = classes.translate(is_inside)
    return inside.count(b"\x00\x01") + inside.startswith(b"\x01")


def _code_share(text: str) -> float:
    return char_classes(text).count(CharClass.CODE) / len(text) if text else 0.0
