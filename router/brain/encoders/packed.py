"""A token table in few bytes: every row is a list of codes, and every code means a few numbers in a row.

A table of 60,000 tokens and 256 numbers takes 7.7 MB in the bundle with two numbers a code, and 15 MB in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_CODES = 256
"""Of a part: a code is one byte."""

MOST_BYTES = 512 << 20
"""Of an unpacked table."""


@dataclass(frozen=True, slots=True, eq=False)
class PackedTable:
    """A table by product quantisation (Jegou et al. 2011).

    codes: (n_tokens, n_parts) uint8, each below the number of codes.
    codebooks: (n_parts, n_codes, width) int8, what each code of each part means; n_codes is at most 256.
    """

    codes: npt.NDArray[np.uint8]
    codebooks: npt.NDArray[np.int8]

    @classmethod
    def of(cls, codes: npt.NDArray[Any], codebooks: npt.NDArray[Any] | None, *, shape: tuple[int, int]) -> PackedTable:
        """The arrays of a file, which must unpack to `shape` (tokens, numbers). Raises ValueError, naming the array."""
        n_tokens, dim = shape
        n_parts = codes.shape[1] if codes.ndim == 2 else 0
        if not n_parts or dim % n_parts or codes.shape[0] != n_tokens or codes.dtype != np.uint8:
            expected = f"expected uint8 ({n_tokens}, a divisor of {dim})"
            raise ValueError(f"codes: {expected}, found {codes.dtype} {codes.shape}.")
        if codebooks is None:
            raise ValueError("the array codebooks is missing.")
        n_codes = codebooks.shape[1] if codebooks.ndim == 3 else 0
        whole = (n_parts, n_codes, dim // n_parts)
        if codebooks.shape != whole or not 0 < n_codes <= MOST_CODES or codebooks.dtype != np.int8:
            expected = f"expected int8 ({n_parts}, 1 to {MOST_CODES}, {dim // n_parts})"
            raise ValueError(f"codebooks: {expected}, found {codebooks.dtype} {codebooks.shape}.")
        if int(codes.max(initial=0)) >= n_codes:
            raise ValueError(f"codes: expected numbers below {n_codes}, found {codes.max()}.")
        if n_tokens * dim > MOST_BYTES:
            raise ValueError(f"codes: unpacked they are {n_tokens * dim:,} bytes, expected at most {MOST_BYTES:,}.")
        return cls(codes, codebooks)

    def unpacked(self) -> npt.NDArray[np.int8]:
        """The table: (n_tokens, n_parts * width) int8."""
        n_parts, _, width = self.codebooks.shape
        table = np.empty((len(self.codes), n_parts, width), dtype=np.int8)
        for part, book in enumerate(self.codebooks):
            table[:, part] = book.take(self.codes[:, part], axis=0)
        return table.reshape(len(self.codes), n_parts * width)
