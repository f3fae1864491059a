"""Cropping keeps head and tail, and bounds the length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.crop import ELLIPSIS, crop_middle


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 4, ""),
        ("abcd", 4, "abcd"),
        ("abcde", 4, f"ab{ELLIPSIS}de"),
        ("abcdefg", 5, f"abc{ELLIPSIS}fg"),
        ("abcd", 1, f"a{ELLIPSIS}"),
    ],
)
def test_head_and_tail_stay(text, limit, expected):
    assert crop_middle(text, limit_chars=limit) == expected


@given(st.text(), st.integers(1, 40))
def test_the_length_is_bounded_and_short_texts_are_untouched(text, limit):
    cropped = crop_middle(text, limit_chars=limit)
    assert len(cropped) <= limit + len(ELLIPSIS)
    if len(text) <= limit:
        assert cropped == text
    else:
        head, tail = (limit + 1) // 2, limit // 2
        assert cropped.startswith(text[:head])
        assert cropped.endswith(text[len(text) - tail :])
