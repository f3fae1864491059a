"""Hashed n-grams: weights of words, pairs of words and letter sequences, learned from the rows.

Two blocks. `pieces`: single word pieces and pairs of neighbours, tagged with the role. `letters`: three to five
letters in a row, case folded, for inflections and for scripts that the vocabulary cuts into single letters. Each
block is a set of buckets; a text adds the mean-square-normalised sum of its known buckets' weights to the logits.
All before that is integer arithmetic, the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from router.brain.calibration import Float64Array
from router.reading import Reading
from router.reading.characters import folded
from router.reading.crop import crop_middle

BITS = 18
N_BUCKETS = 1 << BITS
BLOCKS = ("pieces", "letters")

LETTERS_LIMIT_CHARS = 3_000
"""Letter n-grams are taken from at most this many characters, divided evenly among the turns, head and tail of each:
cropped as one text, two long turns would displace the ask."""

LETTER_SIZES = (3, 4, 5)

Grams: TypeAlias = npt.NDArray[np.uint64]
Buckets: TypeAlias = npt.NDArray[np.int64]

_ROLE_TAGS = {"user": 1, "assistant": 2, "tool": 3, "function": 3}
_PAIR = np.uint64(1 << 50)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_POLYNOMIAL = np.uint64(1_000_003)


def piece_grams(turns: Sequence[tuple[str, Sequence[int]]]) -> Grams:
    """Word pieces and pairs of neighbours as numbers, turn by turn: the pieces of a turn, then its pairs.

    turns: (role, token ids) of each turn.
    """
    sizes = [len(ids) for _, ids in turns]
    # All turns at once: calling an array's methods costs more than their work on so few numbers.
    tags = np.array([_ROLE_TAGS.get(role, 1) << 40 for role, _ in turns], dtype=np.uint64).repeat(sizes)
    pieces = np.array([one for _, ids in turns for one in ids], dtype=np.uint64)
    pairs = (pieces[:-1] << np.uint64(16)) | pieces[1:]
    pairs += tags[1:]
    pairs += _PAIR
    pieces |= tags
    grams = [np.zeros(0, dtype=np.uint64)]
    start = 0
    for size in sizes:
        grams.append(pieces[start : start + size])
        grams.append(pairs[start : start + max(0, size - 1)])  # no pair across two turns
        start += size
    return np.concatenate(grams)


def letter_grams(text: str) -> Grams:
    """The text's letter sequences as numbers, size by size, each size in the order of the text."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    grams = [np.zeros(0, dtype=np.uint64)]
    rolling = letters
    for size in range(2, LETTER_SIZES[-1] + 1):
        rolling = rolling[:-1] * _POLYNOMIAL
        rolling += letters[size - 1 :]
        if size in LETTER_SIZES:
            grams.append(rolling * np.uint64(8) + np.uint64(size))
    return np.concatenate(grams)


def letters_of(reading: Reading) -> str:
    """The text whose letter sequences count: the turns, each cropped, with case folded, between two spaces."""
    limit_chars = LETTERS_LIMIT_CHARS // max(1, len(reading.turns))
    text = "\n".join(crop_middle(turn.text, limit_chars=limit_chars) for turn in reading.turns)
    return f" {folded(text)} "


def bucket_of(grams: Grams) -> Buckets:
    """The bucket of each number: a multiply-xorshift hash, the same on every machine."""
    mixed = grams >> np.uint64(31)
    mixed ^= grams
    mixed *= _MULTIPLIER
    mixed >>= np.uint64(64 - BITS)
    return mixed.view(np.int64)


def reading_grams(reading: Reading, turn_ids: Sequence[Sequence[int]]) -> tuple[Grams, ...]:
    """The n-grams of a reading, one array per block, in BLOCKS order; turn_ids: the token ids of each of its turns."""
    tagged = [(turn.role, ids) for turn, ids in zip(reading.turns, turn_ids, strict=True)]
    return piece_grams(tagged), letter_grams(letters_of(reading))


def reading_buckets(reading: Reading, turn_ids: Sequence[Sequence[int]]) -> tuple[Buckets, ...]:
    """The distinct buckets of a reading, ascending, one array per block, in BLOCKS order."""
    return tuple(_distinct(bucket_of(grams)) for grams in reading_grams(reading, turn_ids))


def _distinct(buckets: Buckets) -> Buckets:
    """Like np.unique, in a fifth of its time for so few numbers."""
    buckets.sort()
    is_new = np.ones(buckets.size, dtype=np.bool_)
    np.not_equal(buckets[1:], buckets[:-1], out=is_new[1:])
    return buckets[is_new]


def gram_names(reading: Reading, turn_pieces: Sequence[Sequence[str]]) -> tuple[list[str], ...]:
    """The text of each number of `reading_grams`, in the same order; turn_pieces: the pieces of each turn."""
    pieces: list[str] = []
    for names in turn_pieces:
        pieces += names
        pieces += [f"{left} {right}" for left, right in pairwise(names)]
    text = letters_of(reading)
    letters = [text[at : at + size] for size in LETTER_SIZES for at in range(len(text) - size + 1)]
    return pieces, letters


@dataclass(frozen=True, slots=True, eq=False)
class NgramTable:
    """The weights of the buckets.

    weights: for each block (N_BUCKETS, n_heads) int8.  steps: for each block (n_heads,) float64, the logit of weight 1.
    known: for each block (N_BUCKETS,) bool, whether the bucket was seen often enough to have a weight.
    normalise_all: whether unknown buckets count in the normalisation. With a few hundred training rows they must, or a
        text with two known buckets gets an extreme logit; with thousands of rows they only dilute.
    """

    weights: tuple[npt.NDArray[np.int8], ...]
    steps: tuple[Float64Array, ...]
    known: tuple[npt.NDArray[np.bool_], ...]
    normalise_all: bool = False

    def logits(self, buckets: Sequence[Buckets]) -> Float64Array:
        """What one reading's buckets (in BLOCKS order) add to the logits: (n_heads,).

        For each block: steps * sum over known buckets of weights / sqrt(number of buckets that count).
        """
        total = np.zeros(len(self.steps[0]))
        for block, found in enumerate(buckets):
            kept, scale = self._kept(block, found)
            rows = self.weights[block].take(kept, axis=0).astype(np.float32)
            # Whole numbers far below 2**24: float32 adds them exactly, in any order.
            total += (np.ones(kept.size, dtype=np.float32) @ rows) * scale
        return total

    def shares(self, block: int, found: Buckets) -> tuple[Buckets, Float64Array]:
        """The known buckets among a block's distinct ones, and what each adds: (n_known,), (n_known, n_heads)."""
        kept, scale = self._kept(block, found)
        return kept, self.weights[block][kept] * scale

    def _kept(self, block: int, found: Buckets) -> tuple[Buckets, Float64Array]:
        """The known buckets among a block's distinct ones, and the logit of weight 1: (n_heads,)."""
        kept = found.compress(self.known[block].take(found))
        n_counting = found.size if self.normalise_all else kept.size
        return kept, self.steps[block] / math.sqrt(max(1, n_counting))
