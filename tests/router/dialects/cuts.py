"""Bytes, cut as a network may cut them."""

from __future__ import annotations

from itertools import pairwise


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    """The bytes, cut at the given places (modulo their number)."""
    return [raw[start:end] for start, end in pairwise([0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)])]
