"""Character classes across scripts, and one class for every code point there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.characters import CharClass, char_classes

any_text = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "char_class"),
    [
        ("az", CharClass.LOWER),
        ("AZ", CharClass.UPPER),
        ("09\uff10\uff19", CharClass.DIGIT),
        (" \t\r\u00a0\u3000\u2003", CharClass.SPACE),
        ("\n", CharClass.NEWLINE),
        ("?\uff1f\u061f\u037e\u00bf", CharClass.QUESTION),
        (".!\u3002\uff01\u0964\u06d4", CharClass.STOP),
        (",;:\uff0c\u3001\u060c\u061b", CharClass.COMMA),
        ("{}[]<>=_#$\\|&*^~`@+/%", CharClass.CODE),
        ("()\uff08\uff09", CharClass.PAREN),
        ("\"'-\u201c\u2019\u2014\u00ab\u300c", CharClass.QUOTE),
        ("\u00e9\u00f1\u0142\u1e9e", CharClass.LATIN),
        ("\u03b1\u0436\u05d0\u0645\u0915\u10d0", CharClass.LETTER),
        ("\u6f22\u3042\u30ab\ud55c\u0e01\u1780\u1000\U00020000", CharClass.CJK),
        ("\u2192\u20ac\u2211\u00d7\u00a9\U0001f600\U0001f9d1", CharClass.SYMBOL),
        ("\x00\x07\ud800\udfff", CharClass.OTHER),
    ],
    ids=lambda value: value.name if isinstance(value, CharClass) else None,
)
def test_each_script_has_its_class(text, char_class):
    assert [CharClass(found) for found in char_classes(text)] == [char_class] * len(text)


def test_empty_text_has_no_classes():
    assert char_classes("") == b""


@given(any_text)
def test_every_code_point_has_one_class(text):
    classes = char_classes(text)
    assert len(classes) == len(text)
    assert all(found in set(CharClass) for found in classes)


@given(any_text, any_text)
def test_a_characters_class_does_not_depend_on_its_neighbours(left, right):
    assert char_classes(left + right) == char_classes(left) + char_classes(right)
