"""Character classes across scripts, and one class for every code point there is."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.reading.characters import MARKS, CharClass, char_classes, folded

any_text = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "char_class"),
    [
        ("az", CharClass.LOWER),
        ("AZ", CharClass.UPPER),
        ("09\uff10\uff19\u0660\u06f9\u0966\u09ef\u0e50", CharClass.DIGIT),
        (" \t\r\u00a0\u3000\u2003\u200b", CharClass.SPACE),
        ("\n", CharClass.NEWLINE),
        ("?\uff1f\u061f\u037e\u00bf\u055e\u1367", CharClass.QUESTION),
        (".!\u3002\uff01\u0964\u06d4\u0589\u1362\u17d4\u104b", CharClass.STOP),
        (",;:\uff0c\u3001\u060c\u061b", CharClass.COMMA),
        ("{}[]<>=_#$\\|&*^~`@+/%", CharClass.CODE),
        ("()\uff08\uff09", CharClass.PAREN),
        ('"-\u201c\u2014\u00ab\u300c', CharClass.QUOTE),
        ("'\u2019", CharClass.APOSTROPHE),
        ("\u00e9\u00f1\u0142\u1e9e\u0301", CharClass.LATIN),
        ("\u03b1\u0436\u0915\u093e\u094d\u200d\u10d0", CharClass.LETTER),
        ("\u05d0\u0645\u064b\ufe8e", CharClass.ABJAD),
        ("\u12a0", CharClass.SYLLABLE),
        ("\u3042\u30ab\u30fc\uff76", CharClass.KANA),
        ("\ud55c\u314b\u1100", CharClass.HANGUL),
        ("\u0e01\u0e49\u1780\u17d2\u1000\u0eb1", CharClass.UNSPACED),
        ("\u6f22\u3005\U00020000", CharClass.HAN),
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


_WORD_CLASSES = frozenset(
    set(CharClass)
    & {CharClass.LATIN, CharClass.LETTER, CharClass.ABJAD, CharClass.SYLLABLE, CharClass.HAN, CharClass.KANA}
    | {CharClass.HANGUL, CharClass.UNSPACED, CharClass.LOWER, CharClass.UPPER}
)


def _of_living_scripts():
    """The letters, marks and digits from Latin with marks to Hangul, but for letters of mathematics."""
    return [chr(point) for point in (*range(0xC0, 0x2000), *range(0x3041, 0xD7FC), *range(0xFB1D, 0xFDFC))]


def test_every_letter_and_mark_of_unicode_is_a_part_of_a_word():
    letters = [char for char in _of_living_scripts() if unicodedata.category(char)[0] in "LM"]
    stray = [char for char in letters if CharClass(char_classes(char)[0]) not in _WORD_CLASSES]
    assert {unicodedata.category(char) for char in stray} <= {"Me"}, stray
    assert len(letters) > 30_000


def test_every_digit_of_unicode_is_a_digit():
    digits = [char for char in _of_living_scripts() if unicodedata.category(char) == "Nd"]
    assert set(char_classes("".join(digits))) == {CharClass.DIGIT}
    assert len(digits) > 300


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Abc", "abc"),
        ("STRASSE", "stra\u00dfe"),
        ("\u039f\u03a3", "\u03bf\u03c2"),
        ("\u0130zmir", "izmir"),
        ("HAYIR", "hay\u0131r"),
        ("\uff21\uff22\uff11", "ab1"),
        ("\uff76\uff9e", "\u30ac"),
        ("e\u0301", "\u00e9"),
        ("\u041f\u0420\u0418", "\u043f\u0440\u0438"),
        ("\ufb01x", "fix"),
    ],
    ids=ascii,
)
def test_texts_that_read_the_same_fold_to_the_same(text, plain):
    assert folded(text) == folded(plain)


@given(any_text)
def test_folding_twice_changes_nothing_more_than_folding_once(text):
    once = folded(text)
    assert folded(once) in (once, unicodedata.normalize("NFKC", once).casefold())


@pytest.mark.parametrize(
    "word",
    ["\u0926\u0942\u0938\u0930\u093e", "\u0e17\u0e35\u0e48", "cafe\u0301", "\u0645\u0631\u062d\u0628\u064b\u0627"],
    ids=ascii,
)
def test_a_word_with_marks_is_one_word(word):
    assert re.fullmatch(rf"[\w{MARKS}]+", word)
