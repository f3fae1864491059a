"""How a sentence is found to ask nothing: all its words are of one closed class, and one of them says which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_MARKED = r"\w'\u2019\u0900-\u0963\u0966-\u0dff\u0e00-\u0e7f\u200c"
WORD = re.compile(rf"(?:[{_MARKED}]|-(?=\w))+")
"""A word with its vowel signs, which `\\w` leaves out."""

_NUMBER = re.compile(r"\d{1,4}(?:[ap]m|h)?")
_LEAST_WORDS = 2
_LEAST_CHARS = 6


class Bag(NamedTuple):
    """A closed class of words: one of `keys`, and the rest of either; `first`, if any: which a sentence begins with."""

    keys: str
    others: str
    first: str = ""


class Idle:
    """Bags of words as one table: a bit for each bag, so that one look at each word settles a sentence."""

    def __init__(self, bags: Iterable[Bag]) -> None:
        self._words: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._first: dict[str, int] = {}
        parts = set()
        for index, bag in enumerate(bags):
            keys, others = bag.keys.split(), bag.others.split()
            for table, words in (
                (self._keys, keys),
                (self._words, [*keys, *others]),
                (self._first, bag.first.split() or [*keys, *others]),
            ):
                for word in words:
                    table[word] = table.get(word, 0) | 1 << index
            parts |= {word for word in (*keys, *others) if is_unspaced(word)}
        longest_first = sorted(parts, key=len, reverse=True)
        self._parts = re.compile("|".join(longest_first))
        self.first_words = frozenset(word for word in self._first if not is_unspaced(word))
        self.last_words = frozenset(word for word in self._words if not is_unspaced(word))

    def words_of(self, text: str) -> list[str]:
        """The words in lower case, a number as "#"; of Chinese and Japanese the known parts, or one unknown."""
        words = [word.casefold().replace("\u2019", "'") for word in WORD.findall(text)]
        if any(is_unspaced(word) for word in words):
            joined = "".join(words)
            parts = self._parts.findall(joined)
            return parts if sum(map(len, parts)) == len(joined) else ["?"]
        return ["#" if _NUMBER.fullmatch(word) else word for word in words]

    def holds(self, words: list[str]) -> bool:
        """Whether the words are all of one bag, with a key and a first word of it."""
        bags = self._first.get(words[0], 0) if words else 0
        key = 0
        for word in words:
            bags &= self._words.get(word, 0)
            if not bags:
                return False
            key |= self._keys.get(word, 0)
        return bool(bags & key)


def is_unspaced(word: str) -> bool:
    """Whether a word begins in a script that writes no blanks between words: Chinese and Japanese."""
    return "\u3040" <= word[:1] <= "\u9fff"


def is_ask(text: str) -> bool:
    """Whether enough is left to be an ask."""
    return len(text) >= _LEAST_CHARS and (len(WORD.findall(text, 0, 200)) >= _LEAST_WORDS or not text.isascii())
