"""Surface features of a request, cheap and language-aware, in one fixed named order.

A signal means the same in every script, as far as a count can: words, letters and marks of other scripts are counted in
English ones (`_SCRIPTS`), so that the twins of data/traffic/twins.jsonl, one situation asked in several languages, get
about the same numbers.

Left out: the size of the system prompt, the number of tools, the length of the history. Agents send those with every
request, hard or trivial, so they mislead as a measure of difficulty. Capital letters too: they added nothing to the
measured quality, and a request in capitals changed its tier. And the script, the length of words, the share of distinct
ones: they tell languages apart, as words with endings are long and seldom repeat. Without those four the 26
others ranked the twins' other languages better (AUC not-budget .663 -> .679; English .680 -> .666, all .727 -> .725).
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
    "window_present",
    "window_short_ask",
    "window_code_share",
    "after_tool_result",
)
"""What `signals_of` returns, in order. `_log`: log(1 + count); `_share`: of all characters except spaces, in
[0, 1]; numbers are a share of the words. Others are 0 or 1."""

SIGNALS_LIMIT_CHARS = 8_000
"""Signals are computed from at most this many characters of a text, head and tail."""

_SCRIPTS: tuple[tuple[CharClass, float, float], ...] = (
    (CharClass.HAN, 2.9, 1 / 1.5),
    (CharClass.KANA, 1.9, 1 / 2.0),
    (CharClass.HANGUL, 2.4, 1 / 1.6),
    (CharClass.UNSPACED, 1.4, 1 / 3.3),
    (CharClass.ABJAD, 1.35, 0.07),
    (CharClass.SYLLABLE, 2.1, 0.22),
)
"""What one character of a script is in English letters and in words, added to the words that spaces separate. Rounded
from the sums of 180 pairs of an ask in English and in another language; a script has one, not each language."""

_SPACED = (CharClass.LOWER, CharClass.UPPER, CharClass.LATIN, CharClass.LETTER, CharClass.ABJAD, CharClass.SYLLABLE)


def signals_of(ask: str, window: str, *, after_tool: bool) -> FloatArray:
    """The signals of a request: (n_signals,) float32, in SIGNAL_NAMES order, all finite.

    after_tool: whether a tool's result came after the ask.
    """
    classes, is_ascii = char_classes(ask), ask.isascii()
    counts = np.bincount(np.frombuffer(classes, dtype=np.uint8), minlength=N_CLASSES).tolist()
    extra_letters, extra_words = (0.0, 0.0) if is_ascii else _extras(counts)
    n_chars = len(ask) + extra_letters
    n_visible = max(1.0, n_chars - counts[CharClass.SPACE] - counts[CharClass.NEWLINE])
    n_words = _count_runs(classes, _IS_WORD) + extra_words
    n_numbers, words_log = _count_runs(classes, _IS_DIGIT), math.log1p(n_words)
    is_short = n_words <= SHORT_ASK_WORDS
    n_stops, n_commas, n_questions, ends_with_question = _marks(ask, classes, counts)
    return np.array(
        [
            math.log1p(n_chars),
            words_log,
            words_log * words_log,
            _flag(is_short),
            _flag(n_words >= LONG_ASK_WORDS),
            math.log1p(counts[CharClass.NEWLINE]),
            math.log1p(n_stops),
            math.log1p(n_questions),
            _flag(ends_with_question),
            math.log1p(n_commas),
            n_commas / n_visible,
            math.log1p(counts[CharClass.CODE]),
            counts[CharClass.CODE] / n_visible,
            _flag("```" in ask),
            math.log1p(_n_identifiers(ask, classes)),
            math.log1p(n_numbers),
            n_numbers / (n_words + 5.0),
            counts[CharClass.DIGIT] / n_visible,
            math.log1p(counts[CharClass.PAREN]),
            math.log1p(_n_quotes(ask, counts)),
            math.log1p(len((_ASCII_ITEM if is_ascii else _LIST_ITEM).findall(ask))),
            counts[CharClass.SYMBOL] / n_visible,
            _flag(window != ""),
            _flag(is_short and window != ""),
            _code_share(window),
            _flag(after_tool),
        ],
        dtype=np.float32,
    )


def _extras(counts: list[int]) -> tuple[float, float]:
    """What the characters of other scripts count more than one letter each, in letters and in words."""
    letters = sum(counts[char_class] * (worth - 1.0) for char_class, worth, _ in _SCRIPTS)
    return letters, sum(counts[char_class] * words for char_class, _, words in _SCRIPTS)


def _marks(ask: str, classes: bytes, counts: list[int]) -> tuple[int, int, int, bool]:
    """The numbers of full stops, commas and questions, and whether the ask ends in a question.

    Greek asks with a semicolon; Thai, Lao, Khmer and Burmese put a space where others put a comma.
    """
    n_commas, n_questions = counts[CharClass.COMMA], counts[CharClass.QUESTION]
    if not ask.isascii():
        n_greek = len(_GREEK_QUESTION.findall(ask)) if ";" in ask else 0
        n_commas += len(_CLAUSE_SPACE.findall(ask)) if counts[CharClass.UNSPACED] else 0
        n_commas, n_questions = n_commas - n_greek, n_questions + n_greek
        ends = bool(n_questions) and (classes.endswith(_QUESTION_END) or (n_greek > 0 and ask.endswith(";")))
        return counts[CharClass.STOP], n_commas, n_questions, ends
    return counts[CharClass.STOP], n_commas, n_questions, ask.endswith("?")


def _n_quotes(ask: str, counts: list[int]) -> int:
    """Quotes and dashes; an apostrophe inside a word is none."""
    n_apostrophes = counts[CharClass.APOSTROPHE]
    inside = len(_INSIDE_A_WORD.findall(ask)) if n_apostrophes else 0
    return int(counts[CharClass.QUOTE] + n_apostrophes - inside)


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
_IDENTIFIER = re.compile(r"\b(?:[A-Za-z]+_\w+|[a-z]+[A-Z]\w+|\w+\(\))", re.ASCII)  # a name may touch a Han character
_ASCII_ITEM = re.compile(r"^[ \t]*(?:[-*]|\d{1,3}[.)])[ \t]", re.MULTILINE | re.ASCII)
_LIST_ITEM = re.compile(
    r"^[ \t\u3000]*(?:(?:[-*\u2022\u2013\u2014\u25cf\u25e6\u2023]|\d{1,3}[.)])[ \t\u3000]"
    r"|[\u30fb\u2460-\u2473]|\d{1,3}[\u3001\uff0e\uff09]|[\uff08(]\d{1,2}[)\uff09]"
    r"|[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341]{1,3}[\u3001\uff0e]"
    r"|\d{1,2}\.(?=[\u3040-\ud7ff]))",
    re.MULTILINE,
)
_INSIDE_A_WORD = re.compile(r"[^\W\d_](?:['\u2019][^\W\d_])")
_GREEK_QUESTION = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff];")
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_CLAUSE_SPACE = re.compile(rf"(?<=[{_UNSPACED}]) +(?=[{_UNSPACED}])")
_QUESTION_END = bytes((CharClass.QUESTION,))


def _is_one_of(*classes: CharClass) -> bytes:
    """A table for bytes.translate: 1 for these classes, 0 for the others."""
    return bytes(char_class in classes for char_class in range(256))


_IS_WORD = _is_one_of(*_SPACED, CharClass.DIGIT, CharClass.APOSTROPHE)
_IS_DIGIT = _is_one_of(CharClass.DIGIT)


def _count_runs(classes: bytes, is_inside: bytes) -> int:
    """The number of maximal runs of characters of the classes."""
    inside = classes.translate(is_inside)
    return inside.count(b"\x00\x01") + inside.startswith(b"\x01")


def _code_share(text: str) -> float:
    return char_classes(text).count(CharClass.CODE) / len(text) if text else 0.0
