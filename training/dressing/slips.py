"""Typing slips, case, white space and end marks: changes of an ask's own letters that do not change what is asked.

Each takes the ask, its language ("" unknown) and the draws of this one ask. Fenced code keeps its letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

Slip = Callable[[str, str, np.random.Generator], str]
"""An ask to the same ask, changed."""

# --- Typing slips ----------------------------------------------------------------------------------------------------

WORDS_PER_TYPO = 12
_CJK_CHARS_PER_WORD = 1.7
_LEAST_LETTERS = 4

_SPACED_WORD = re.compile(
    r"""(?<!\S)[("'\u00ab\u00bf\u00a1]*([^\W\d_]{4,})[.,;:!?)"'\u00bb\u2026\u061f\u060c\u0964]*(?!\S)"""
)
"""A word of letters between blanks, but for punctuation: no part of a name, a path, an address or a call."""

_UNSPACED_PAIR = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\u0e01-\u0e2e]{2}")
_FENCE = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)
_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _typos(ask: str, lang: str, rng: np.random.Generator) -> str:
    """One slip in about WORDS_PER_TYPO words, and at least one where a word can take it; never in fenced code."""
    spans = _slip_spans(ask)
    if not spans:
        return ask
    n_words = len(ask.split()) + sum(end - start == 2 for start, end in spans) * 2 / _CJK_CHARS_PER_WORD
    n_slips = min(len(spans), max(1, round(n_words / WORDS_PER_TYPO)))
    for index in sorted(rng.choice(len(spans), size=n_slips, replace=False).tolist(), reverse=True):
        start, end = spans[index]
        ask = ask[:start] + _slip(ask[start:end], rng) + ask[end:]
    return ask


def _slip_spans(ask: str) -> list[tuple[int, int]]:
    """Start and end of what may take a slip: words, and in scripts without spaces pairs of characters."""
    spans: list[tuple[int, int]] = []
    offset = 0
    for number, part in enumerate(_FENCE.split(ask)):
        if number % 2 == 0:
            pairs = [match.span() for match in _UNSPACED_PAIR.finditer(part)]
            words = [match.span(1) for match in _SPACED_WORD.finditer(part) if not _UNSPACED_PAIR.search(match.group())]
            spans += [(offset + start, offset + end) for start, end in sorted(pairs + words)]
        offset += len(part)
    return spans


def _slip(word: str, rng: np.random.Generator) -> str:
    """Two letters swapped, one left out, one doubled, or a key next to the right one; the first letter stays."""
    if len(word) < _LEAST_LETTERS:
        return word[1] + word[0]
    at = int(rng.integers(1, len(word) - 1))
    match int(rng.integers(4)):
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 1:
            return word[:at] + word[at + 1 :]
        case 2:
            return word[:at] + word[at] + word[at:]
        case _:
            return word[:at] + _neighbour_key(word[at], rng) + word[at + 1 :]


def _neighbour_key(letter: str, rng: np.random.Generator) -> str:
    for keys in _KEY_ROWS:
        at = keys.find(letter.lower())
        if at >= 0:
            near = keys[max(0, at - 1) : at] + keys[at + 1 : at + 2]
            return near[int(rng.integers(len(near)))]
    return letter * 2  # a script without a table of keys: the letter is struck twice


# --- Case, white space, punctuation ----------------------------------------------------------------------------------

_DOTTED_I = ("tr", "az")


def _lower(ask: str, lang: str, rng: np.random.Generator) -> str:
    def lower(words: str) -> str:
        return (words.replace("I", "\u0131").replace("\u0130", "i") if lang in _DOTTED_I else words).lower()

    return _outside_code(ask, lower)


def _upper(ask: str, lang: str, rng: np.random.Generator) -> str:
    def upper(words: str) -> str:
        return (words.replace("i", "\u0130") if lang in _DOTTED_I else words).upper()

    return _outside_code(ask, upper)


def _outside_code(ask: str, change: Callable[[str], str]) -> str:
    """The ask changed everywhere but in fenced code."""
    return "".join(part if number % 2 else change(part) for number, part in enumerate(_FENCE.split(ask)))


def _spacing(ask: str, lang: str, rng: np.random.Generator) -> str:
    """Doubled blanks, doubled line ends, or neither: every run of blanks within a line one, and no empty lines.

    What indents a line stays: it is code.
    """
    match int(rng.integers(3)):
        case 0:
            return re.sub(r"(?<=\S) (?=\S)", "  ", ask)
        case 1 if "\n" in ask:
            return ask.replace("\n", "\n\n")
        case 1:
            return f"\n{ask}\n"
        case _:
            lines = [re.sub(r"(?<=\S)[ \t]+", " ", line).rstrip() for line in ask.strip().split("\n")]
            return "\n".join(line for line in lines if line)


_END_MARKS = ".!?\u3002\uff01\uff1f\u061f\u0964\u06d4\u2026;"
_FULL_STOPS = {"zh": "\u3002", "ja": "\u3002", "hi": "\u0964", "bn": "\u0964", "ur": "\u06d4", "th": ""}


def _punctuation(ask: str, lang: str, rng: np.random.Generator) -> str:
    """The end marks removed, or the last one once more; a full stop where there is none, but not after code."""
    text = ask.rstrip()
    bare = text.rstrip(_END_MARKS).rstrip()
    if bare and bare != text and rng.integers(2):
        return bare
    if text[-1:] in _END_MARKS:
        return text + text[-1:] * (1 + int(rng.integers(3)))
    return text + _FULL_STOPS.get(lang, ".") if text[-1:].isalnum() else ask


SLIPS: Mapping[str, Slip] = {
    "typos": _typos,
    "lower_case": _lower,
    "upper_case": _upper,
    "spacing": _spacing,
    "punctuation": _punctuation,
}
"""By kind, in the order of a report."""
