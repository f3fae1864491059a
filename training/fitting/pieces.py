"""Kinds of pieces of a vocabulary: by length, place in the word and script. What is rare weighs what its kind does."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MOST_CHARS = 4
"""Longer pieces are of one kind."""

WORD_START, WORD_PART = "▁", "##"
"""How sentencepiece writes a piece that begins a word, and WordPiece one that does not."""


def piece_kinds(pieces: Sequence[str]) -> npt.NDArray[np.int64]:
    """The kind of each piece: (n,) numbers from 0 in the order in which kinds occur."""
    is_wordpiece = any(piece.startswith(WORD_PART) and len(piece) > len(WORD_PART) for piece in pieces)
    numbers: dict[tuple[int, bool, str], int] = {}
    return np.array([numbers.setdefault(_kind(piece, is_wordpiece), len(numbers)) for piece in pieces], dtype=np.int64)


def _kind(piece: str, is_wordpiece: bool) -> tuple[int, bool, str]:
    begins = not piece.startswith(WORD_PART) if is_wordpiece else piece.startswith(WORD_START)
    bare = piece.removeprefix(WORD_PART if is_wordpiece else WORD_START)
    return min(len(bare), MOST_CHARS), begins, script(bare[0]) if bare else ""


def script(character: str) -> str:
    """A character's alphabet by the first word of its Unicode name; DIGIT for digits, SYMBOL or OTHER for signs."""
    if character.isdigit():
        return "DIGIT"
    if not character.isalpha():
        return "SYMBOL" if character.isascii() else "OTHER"
    return unicodedata.name(character, "?").split(" ")[0].split("-")[0]
