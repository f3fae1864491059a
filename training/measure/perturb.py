"""Small changes to a conversation's ask that do not change what is asked: typing slips, case, white space, politeness.

A decision should not turn on them. Each is named, pure and seeded: the same messages, name and seed give the same
messages, in any order of rows. Words that are added are in perturb_words.json, by language.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from router.reading.conversation import Conversation
from router.types import Message

__all__ = ["PERTURBATIONS", "Perturb", "perturb", "perturb_ask"]

_WORDS = Path(__file__).with_name("perturb_words.json")


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who types: the row's language ("" unknown) and the draws of this one ask."""

    lang: str
    rng: np.random.Generator


Perturb = Callable[[str, _Hand], str]
"""An ask to the same ask, changed."""


def perturb(messages: tuple[Message, ...], name: str, *, lang: str | None, seed: int) -> tuple[Message, ...]:
    """The conversation with its ask changed; the same messages where the change has nothing to change.

    The ask is where the service finds it: behind replies that only approve it, and never in a heartbeat.
    name: a key of PERTURBATIONS.  lang: the ask's language, such as `de` or `zh-TW`; None or "" unknown.
    """
    position = Conversation(messages, ()).ask().position
    if not messages or not messages[position].text.strip():
        return messages
    changed = perturb_ask(messages[position].text, name, lang=lang, seed=seed)
    return (*messages[:position], replace(messages[position], text=changed), *messages[position + 1 :])


def perturb_ask(ask: str, name: str, *, lang: str | None, seed: int) -> str:
    """The same for the ask's text alone."""
    digest = hashlib.sha256(f"{seed}:{name}:{ask}".encode("utf-8", "surrogatepass")).digest()
    base = re.split(r"[-_]", (lang or "").lower())[0]
    return PERTURBATIONS[name](ask, _Hand(lang=base, rng=np.random.default_rng(list(digest[:8]))))


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


def _typos(ask: str, hand: _Hand) -> str:
    """One slip in about WORDS_PER_TYPO words, and at least one where a word can take it; never in fenced code."""
    spans = _slip_spans(ask)
    if not spans:
        return ask
    n_words = len(ask.split()) + sum(end - start == 2 for start, end in spans) * 2 / _CJK_CHARS_PER_WORD
    n_slips = min(len(spans), max(1, round(n_words / WORDS_PER_TYPO)))
    for index in sorted(hand.rng.choice(len(spans), size=n_slips, replace=False).tolist(), reverse=True):
        start, end = spans[index]
        ask = ask[:start] + _slip(ask[start:end], hand.rng) + ask[end:]
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


def _lower(ask: str, hand: _Hand) -> str:
    if hand.lang in _DOTTED_I:
        ask = ask.replace("I", "\u0131").replace("\u0130", "i")
    return ask.lower()


def _upper(ask: str, hand: _Hand) -> str:
    if hand.lang in _DOTTED_I:
        ask = ask.replace("i", "\u0130")
    return ask.upper()


def _spaces_doubled(ask: str, hand: _Hand) -> str:
    return re.sub(r"(?<=\S) (?=\S)", "  ", ask)


def _newlines_doubled(ask: str, hand: _Hand) -> str:
    return ask.replace("\n", "\n\n")


def _spaces_trimmed(ask: str, hand: _Hand) -> str:
    """Runs of blanks within a line and blank lines become one and none; what indents a line stays: it is code."""
    lines = [re.sub(r"(?<=\S)[ \t]+", " ", line).rstrip() for line in ask.strip().split("\n")]
    return "\n".join(line for line in lines if line)


_END_MARKS = ".!?\u3002\uff01\uff1f\u061f\u0964\u06d4\u2026;"


def _punctuation_removed(ask: str, hand: _Hand) -> str:
    bare = ask.rstrip().rstrip(_END_MARKS).rstrip()
    return bare or ask


def _punctuation_added(ask: str, hand: _Hand) -> str:
    """The last mark once more, or the language's full stop where there is none; nothing after code and the like."""
    text = ask.rstrip()
    if text[-1:] in _END_MARKS:
        return text + text[-1:]
    return text + _words("full_stops", hand) if text[-1:].isalnum() else ask


# --- Words that ask nothing ------------------------------------------------------------------------------------------


def _greeting(ask: str, hand: _Hand) -> str:
    return f"{_words('greetings', hand)} {ask}"


def _polite(ask: str, hand: _Hand) -> str:
    joint = "\n" if ask.rstrip().endswith("```") else " "
    return f"{ask.rstrip()}{joint}{_words('thanks', hand)}"


def _preamble(ask: str, hand: _Hand) -> str:
    return f"{_words('preambles', hand)} {ask}"


def _words(kind: str, hand: _Hand) -> str:
    """Words of the kind in the row's language where the tables know it, else in English."""
    texts = _tables()[kind]
    return texts.get(hand.lang, texts["en"])


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    """Greetings, thanks, preambles and full stops, each by language."""
    tables: Mapping[str, Mapping[str, str]] = json.loads(_WORDS.read_text(encoding="utf-8"))
    return tables


PERTURBATIONS: Mapping[str, Perturb] = {
    "typos": _typos,
    "lower_case": _lower,
    "upper_case": _upper,
    "spaces_doubled": _spaces_doubled,
    "newlines_doubled": _newlines_doubled,
    "spaces_trimmed": _spaces_trimmed,
    "punctuation_removed": _punctuation_removed,
    "punctuation_added": _punctuation_added,
    "greeting_prefix": _greeting,
    "polite_suffix": _polite,
    "irrelevant_preamble": _preamble,
}
"""By name, in the order of a report."""
