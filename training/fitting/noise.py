"""Texts that mean nothing, as a kind of foreign text: without them gibberish is like the rows for all the domain knows.

Half are letters of the rows' own asks in another order, so that every script of the rows has some; half are drawn from
one block of Unicode, or from the letters of dumps and keys.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np

N_NOISE = 1_000
SEED = 0

_SHUFFLED_CHARS = (60, 200, 800)
_DRAWN_CHARS = (20, 60, 200, 600)
_WORD_CHARS = (4, 8, 16, 60)

_BLOCK_SHARE = 0.5
_BLOCK = 64
_LEAST_LETTERS = 9
"""A block with fewer letters and symbols is left out."""

_NO_CHARACTERS = range(0xD800, 0xF900)
"""Surrogates and the private use area."""

_OF_DUMPS = (
    string.digits,
    "0123456789abcdef",
    string.ascii_lowercase,
    f"{string.ascii_letters}{string.digits}+/",
    f"{string.punctuation}{string.digits}",
)


def noise(asks: Sequence[str], n_texts: int = N_NOISE, *, seed: int = SEED) -> list[str]:
    """Texts without meaning, at most n_texts; the same for the same asks and seed, whatever their order.

    asks: of the rows. Half of the texts are their letters, shuffled; each ask is used once at most.
    """
    rng = np.random.default_rng(seed)
    known = sorted({ask for ask in asks if ask.strip()})
    chosen = rng.permutation(len(known))[: n_texts // 2].tolist()
    return [*(_shuffled(known[at], rng) for at in chosen), *(_drawn(rng) for _ in chosen)]


def _shuffled(ask: str, rng: np.random.Generator) -> str:
    letters = ask[: rng.choice(_SHUFFLED_CHARS)]
    return "".join(letters[at] for at in rng.permutation(len(letters)).tolist())


def _drawn(rng: np.random.Generator) -> str:
    alphabets = _blocks() if rng.random() < _BLOCK_SHARE else _OF_DUMPS
    alphabet = alphabets[int(rng.integers(len(alphabets)))]
    letters = "".join(alphabet[at] for at in rng.integers(len(alphabet), size=rng.choice(_DRAWN_CHARS)).tolist())
    length = int(rng.choice(_WORD_CHARS))
    return " ".join(letters[at : at + length] for at in range(0, len(letters), length))


@cache
def _blocks() -> tuple[str, ...]:
    """The letters, marks, digits and symbols of each block of 64 characters below U+10000."""
    blocks = (
        "".join(filter(_is_visible, map(chr, range(first, first + _BLOCK))))
        for first in range(0x20, 0x10000, _BLOCK)
        if first not in _NO_CHARACTERS
    )
    return tuple(block for block in blocks if len(block) >= _LEAST_LETTERS)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMNS"
