"""Blocks by kind, and small readers that leave alone what they do not understand."""

from __future__ import annotations

import pytest

from router.dialects.shared.fields import flat_strings, inner, is_filled, whole_number
from router.dialects.shared.reader import kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("image_url", "image"),
        ("input_file", "document"),
        ("redacted_thinking", "thinking"),
        ("tool_use", "tool_call"),
        ("a_block_of_next_year", "a_block_of_next_year"),
        ("", "unknown"),
        (None, "unknown"),
        ([], "unknown"),
    ],
)
def test_a_blocks_kind_is_the_dialects_common_word_or_its_own(name, kind):
    assert kind_of(name) == kind


def test_of_several_names_the_first_with_a_whole_number_counts():
    body = {"a": 0, "b": True, "c": "5", "d": 7, "e": 8}
    assert whole_number(body, "a", "b", "c", "d", "e") == 7
    assert whole_number(body, "a") is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1), (64.0, 64), (1.5, None), (-1, None), (1 << 31, None), (float("inf"), None), (float("nan"), None)],
)
def test_a_whole_number_may_be_written_with_a_point(value, number):
    assert whole_number({"k": value}, "k") == number


@pytest.mark.parametrize("value", [None, 7, "x", [], [("a", "b")]])
def test_what_is_no_object_has_nothing_inside(value):
    assert inner(value, "a") is None
    assert flat_strings(value) == {}


@pytest.mark.parametrize(
    ("value", "filled"), [([1], True), ([], False), ({"a": 1}, False), ("x", False), (None, False)]
)
def test_only_an_array_with_something_in_it_is_filled(value, filled):
    assert is_filled(value) is filled
