"""Surface facts of a request, cheap and language-aware, in one fixed named order.

Never among them: the size of the system prompt, the number of tools, the length of the history. Agents send
those with every request, hard or trivial, so as a measure of difficulty they only mislead.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from router.reading.characters import N_CLASSES, CharClass, char_classes
from router.types import FloatArray

SIGNAL_NAMES: tuple[str, ...] = (
    "ask_words_log",
    "ask_words_log_squared",
    "ask_lines_log",
    "ask_sentences_log",
    "ask_questions_log",
    "ask_digit_share",
    "ask_upper_share",
    "ask_comma_share",
    "ask_code_share",
    "ask_paren_share",
    "ask_symbol_share",
    "ask_non_latin_share",
    "ask_word_length",
    "ask_numbers_log",
    "ask_code_block",
    "ask_ends_with_question",
    "ask_starts_lower",
    "window_present",
    "window_short_ask",
    "window_code_share",
)
"""What `signals_of` returns, in order. `_log`: log(1 + count); `_share`: of all characters but spaces, in [0, 1]."""

SIGNALS_LIMIT_CHARS = 8_000
"""Signals are read off at most this many characters of a text, head and tail."""

_CJK_CHARS_PER_WORD = 1.7
_LETTERS = (CharClass.LOWER, CharClass.UPPER, CharClass.LATIN, CharClass.LETTER)


def signals_of(ask: str, window: str) -> FloatArray:
    """The signals of a request: (n_signals,) float32, in SIGNAL_NAMES order, all finite."""
    classes = char_classes(ask)
    counts = np.bincount(classes, minlength=N_CLASSES).tolist()
    n_spaces = counts[CharClass.SPACE] + counts[CharClass.NEWLINE]
    n_visible = max(1, len(ask) - n_spaces)
    n_cjk = counts[CharClass.CJK]
    n_spaced_words = _count_runs(classes, _WORD_CLASSES)
    n_words = n_spaced_words + n_cjk / _CJK_CHARS_PER_WORD
    n_letters = sum(counts[c] for c in _LETTERS)
    words_log = math.log1p(n_words)
    short = 1.0 if n_words <= 6 else 0.0
    has_window = 1.0 if window else 0.0
    stripped = ask.strip()
    return np.array(
        [
            words_log,
            words_log * words_log,
            math.log1p(counts[CharClass.NEWLINE]),
            math.log1p(counts[CharClass.STOP]),
            math.log1p(counts[CharClass.QUESTION]),
            counts[CharClass.DIGIT] / n_visible,
            counts[CharClass.UPPER] / n_visible,
            counts[CharClass.COMMA] / n_visible,
            counts[CharClass.CODE] / n_visible,
            counts[CharClass.PAREN] / n_visible,
            counts[CharClass.SYMBOL] / n_visible,
            (n_cjk + counts[CharClass.LETTER]) / n_visible,
            min(20.0, n_letters / max(1, n_spaced_words)),
            math.log1p(_count_runs(classes, _DIGIT_CLASS)),
            1.0 if "```" in ask else 0.0,
            1.0 if stripped.endswith(_QUESTION_MARKS) else 0.0,
            1.0 if stripped[:1].islower() else 0.0,
            has_window,
            has_window * short,
            _code_share(window),
        ],
        dtype=np.float32,
    )


_QUESTION_MARKS = ("?", "\uff1f", "\u061f", "\u037e")


def _class_mask(*classes: CharClass) -> npt.NDArray[np.bool_]:
    mask = np.zeros(N_CLASSES, dtype=np.bool_)
    mask[list(classes)] = True
    return mask


_WORD_CLASSES = _class_mask(*_LETTERS, CharClass.DIGIT)
_DIGIT_CLASS = _class_mask(CharClass.DIGIT)


def _count_runs(classes: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> int:
    """How many maximal runs of characters of the masked classes there are."""
    inside = mask[classes]
    if inside.size == 0:
        return 0
    return int(inside[0]) + int(np.count_nonzero(inside[1:] & ~inside[:-1]))


def _code_share(text: str) -> float:
    if not text:
        return 0.0
    return float(np.count_nonzero(char_classes(text) == CharClass.CODE)) / len(text)
