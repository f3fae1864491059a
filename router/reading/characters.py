"""Character classes of Unicode text, counted with one table look-up per character, and case folding of any script.

Every code point below 0x10000 has a class; those above are emoji and rare scripts and count as `symbol`,
except for CJK extensions. The table holds ranges, not Unicode's full data: it must be right on average.
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt


class CharClass(IntEnum):
    """Classes that a signal may count."""

    OTHER = 0
    LOWER = 1
    """a to z"""
    UPPER = 2
    """A to Z"""
    DIGIT = 3
    SPACE = 4
    NEWLINE = 5
    QUESTION = 6
    """? and its forms in other scripts"""
    STOP = 7
    """ends of sentences: . ! and forms in other scripts"""
    COMMA = 8
    """, ; : and forms in other scripts"""
    CODE = 9
    """{ } [ ] < > = _ # $ \\ | & * ^ ~ ` @ + / %"""
    PAREN = 10
    QUOTE = 11
    """quotes and dashes"""
    LATIN = 12
    """Latin letters with marks, and marks written alone"""
    LETTER = 13
    """letters and vowel signs of scripts with spaces between words, other than Latin, and joiners"""
    HAN = 14
    """ideographs: two are about a word"""
    SYMBOL = 15
    """mathematical signs, arrows, currency, emoji"""
    KANA = 16
    HANGUL = 17
    UNSPACED = 18
    """alphabets without spaces between words: Thai, Lao, Khmer, Burmese"""
    ABJAD = 19
    """Hebrew, Arabic and their like: vowels are not written"""
    SYLLABLE = 20
    """Ethiopic: a character is a syllable"""
    APOSTROPHE = 21
    """' and \u2019: inside a word a part of it, else a quote"""


N_CLASSES = len(CharClass)

_RANGES: tuple[tuple[int, int, CharClass], ...] = (
    (0x00A1, 0x00BF, CharClass.SYMBOL),
    (0x00C0, 0x0250, CharClass.LATIN),
    (0x0250, 0x0300, CharClass.LETTER),
    (0x0300, 0x0370, CharClass.LATIN),
    (0x0370, 0x0590, CharClass.LETTER),
    (0x0590, 0x0780, CharClass.ABJAD),
    (0x0780, 0x08A0, CharClass.LETTER),
    (0x08A0, 0x0900, CharClass.ABJAD),
    (0x0900, 0x0E00, CharClass.LETTER),
    (0x0E00, 0x0F00, CharClass.UNSPACED),
    (0x0F00, 0x1000, CharClass.LETTER),
    (0x1000, 0x10A0, CharClass.UNSPACED),
    (0x10A0, 0x1100, CharClass.LETTER),
    (0x1100, 0x1200, CharClass.HANGUL),
    (0x1200, 0x13A0, CharClass.SYLLABLE),
    (0x13A0, 0x1780, CharClass.LETTER),
    (0x1780, 0x1800, CharClass.UNSPACED),
    (0x1800, 0x1E00, CharClass.LETTER),
    (0x1E00, 0x1F00, CharClass.LATIN),
    (0x1F00, 0x2000, CharClass.LETTER),
    (0x2000, 0x200C, CharClass.SPACE),
    (0x200C, 0x200E, CharClass.LETTER),  # Persian and Indic words are written with joiners inside
    (0x200E, 0x2010, CharClass.SPACE),
    (0x2010, 0x2030, CharClass.QUOTE),
    (0x2030, 0x2E80, CharClass.SYMBOL),
    (0x2E80, 0x3000, CharClass.HAN),
    (0x3005, 0x3008, CharClass.HAN),
    (0x3008, 0x3012, CharClass.QUOTE),
    (0x3012, 0x3020, CharClass.QUOTE),
    (0x3021, 0x3030, CharClass.HAN),
    (0x3030, 0x3041, CharClass.SYMBOL),
    (0x3041, 0x3130, CharClass.KANA),
    (0x3130, 0x3190, CharClass.HANGUL),
    (0x3190, 0x31F0, CharClass.HAN),
    (0x31F0, 0x3200, CharClass.KANA),
    (0x3200, 0x3400, CharClass.SYMBOL),
    (0x3400, 0xA4D0, CharClass.HAN),
    (0xA4D0, 0xAA60, CharClass.LETTER),
    (0xAA60, 0xAA80, CharClass.UNSPACED),
    (0xAA80, 0xAC00, CharClass.LETTER),
    (0xAC00, 0xD800, CharClass.HANGUL),
    (0xF900, 0xFB00, CharClass.HAN),
    (0xFB00, 0xFB07, CharClass.LATIN),
    (0xFB13, 0xFB1D, CharClass.LETTER),
    (0xFB1D, 0xFE00, CharClass.ABJAD),
    (0xFE70, 0xFEFF, CharClass.ABJAD),
    (0xFEFF, 0xFF00, CharClass.SPACE),
    (0xFF21, 0xFF3B, CharClass.UPPER),
    (0xFF41, 0xFF5B, CharClass.LOWER),
    (0xFF66, 0xFFA0, CharClass.KANA),
    (0xFFA0, 0xFFE0, CharClass.HANGUL),
)

_INDIC = range(0x0900, 0x0E00, 0x80)
"""The blocks of the Indian scripts, which have their marks at the same places."""

_ZEROS = (
    "0\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u0de6\u0e50\u0ed0\u0f20\u1040\u1090\u17e0"
    "\u1810\u1946\u19d0\u1a80\u1a90\u1b50\u1bb0\u1c40\u1c50\ua620\ua8d0\ua900\ua9d0\ua9f0\uaa50\uabf0\uff10"
)
"""The digit 0 of each script; 1 to 9 come after it."""

_CHARS: tuple[tuple[str, CharClass], ...] = (
    ("abcdefghijklmnopqrstuvwxyz", CharClass.LOWER),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", CharClass.UPPER),
    (" \t\r\u00a0\u00ad\u0f0b\u1361\u1680\u3000", CharClass.SPACE),
    ("\n", CharClass.NEWLINE),
    ("?\uff1f\u061f\u037e\u00bf\u055e\u1367\u2047\u2048\u2049\u203d", CharClass.QUESTION),
    (
        ".!\u3002\uff01\uff0e\uff61\u00a1\u0589\u055c\u05c3\u06d4\u0964\u0965\u104b\u1362\u1368\u17d4\u17d5\u0f0d\u203c",
        CharClass.STOP,
    ),
    (",;:\uff0c\u3001\uff64\uff1b\uff1a\u060c\u061b\u055d\u0387\u104a\u1363\u1364\u1365\u1366\u17d6", CharClass.COMMA),
    ("{}[]<>=_#$\\|&*^~`@+/%\u066a\uff05\uff0b\uff0f\uff1d\uff1c\uff1e\uff3b\uff3d\uff5b\uff5d\uff5e", CharClass.CODE),
    ("\uff03\uff04\uff06\uff0a\uff20\uff3c\uff3e\uff3f\uff40\uff5c", CharClass.CODE),
    ("()\uff08\uff09", CharClass.PAREN),
    ('"-\u00ab\u00bb\u05be\u301c\uff02\uff0d\uff62\uff63', CharClass.QUOTE),
    ("'\u2019\uff07", CharClass.APOSTROPHE),
    ("\u00aa\u00b5\u00ba", CharClass.LATIN),
    ("\u30fb\uff65\u3003\u3004\u00d7\u00f7\u0e3f\u0609\u060a\u0606\u0607\u060b\u0af1\u0bf9", CharClass.SYMBOL),
)


@cache
def _table() -> npt.NDArray[np.uint8]:
    table = np.zeros(0x10000, dtype=np.uint8)
    for low, high, char_class in _RANGES:
        table[low:high] = char_class
    for chars, char_class in _CHARS:
        table[[ord(char) for char in chars]] = char_class
    for zero in _ZEROS:
        table[ord(zero) : ord(zero) + 10] = CharClass.DIGIT
    table.setflags(write=False)
    return table


_ASCII = _table()[:128].tobytes() + bytes(128)


def char_classes(text: str) -> bytes:
    """The class of each code point, one byte each. Lone surrogates are OTHER."""
    if text.isascii():  # a byte string's own methods take a tenth of the time of an array's
        return text.encode("ascii").translate(_ASCII)
    code_points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if int(code_points.max(initial=0)) < 0x10000:
        return _table().take(code_points).tobytes()
    classes = _table()[np.minimum(code_points, 0xFFFF)]
    above = code_points >= 0x10000
    classes[above] = np.where((code_points[above] >= 0x20000), CharClass.HAN, CharClass.SYMBOL)
    return classes.tobytes()


MARKS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    + "".join(
        rf"\u{b:04x}-\u{b + 3:04x}\u{b + 0x3A:04x}-\u{b + 0x3C:04x}\u{b + 0x3E:04x}-\u{b + 0x4F:04x}" for b in _INDIC
    )
    + r"\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3\u200c\u200d"
)
"""For brackets in a pattern: marks on letters, and joiners. Python's `\\w` leaves them out, its `\\b` stops there."""


_SHOUTED_CHARS = 16
"""A shorter text in capitals may be a name or an abbreviation."""


def spoken(text: str) -> str:
    """A text that is all in capitals, in small letters; any other as it is.

    Shouting asks nothing else, and an encoder that knows case takes it for another text.
    """
    return text.lower() if len(text) >= _SHOUTED_CHARS and text.isupper() else text


def folded(text: str) -> str:
    """The text without the differences that no reader hears: case, full-width and compatibility forms, joined marks.

    As `str.lower()` on ASCII. Else Unicode's case folding of NFKC: German \u00df is ss, Greek final sigma is sigma,
    full-width letters are ASCII's, a letter and its mark are one. Turkish dotted and dotless i are both i, as their
    capitals are the same as English ones. The length may change.
    """
    if text.isascii():
        return text.lower()
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text.replace("\u0130", "i").replace("\u0131", "i").casefold()
