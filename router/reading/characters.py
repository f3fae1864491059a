"""Character classes of Unicode text, counted with one table look-up per character.

Every code point below 0x10000 has a class; those above are emoji and rare scripts and count as `symbol`,
except for CJK extensions. The table holds ranges, not Unicode's full data: it must be right on average.
"""

from __future__ import annotations

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
    """quotes, apostrophes and dashes"""
    LATIN = 12
    """Latin letters with marks"""
    LETTER = 13
    """letters of scripts with spaces between words, other than Latin"""
    CJK = 14
    """ideographs, kana, hangul, Thai, Lao, Khmer, Burmese: one character carries more, words have no spaces"""
    SYMBOL = 15
    """mathematical signs, arrows, currency, emoji"""


N_CLASSES = len(CharClass)

_RANGES: tuple[tuple[int, int, CharClass], ...] = (
    (0x00A1, 0x00BF, CharClass.SYMBOL),
    (0x00C0, 0x024F, CharClass.LATIN),
    (0x0250, 0x02FF, CharClass.LETTER),
    (0x0370, 0x0E00, CharClass.LETTER),
    (0x0E00, 0x0F00, CharClass.CJK),
    (0x0F00, 0x1000, CharClass.LETTER),
    (0x1000, 0x10A0, CharClass.CJK),
    (0x10A0, 0x1100, CharClass.LETTER),
    (0x1100, 0x1200, CharClass.CJK),
    (0x1200, 0x1780, CharClass.LETTER),
    (0x1780, 0x1800, CharClass.CJK),
    (0x1800, 0x1E00, CharClass.LETTER),
    (0x1E00, 0x1F00, CharClass.LATIN),
    (0x1F00, 0x2000, CharClass.LETTER),
    (0x2000, 0x2010, CharClass.SPACE),
    (0x2010, 0x2030, CharClass.QUOTE),
    (0x2030, 0x2E80, CharClass.SYMBOL),
    (0x2E80, 0x3000, CharClass.CJK),
    (0x3003, 0xA4D0, CharClass.CJK),
    (0xAC00, 0xD7B0, CharClass.CJK),
    (0xF900, 0xFB00, CharClass.CJK),
    (0xFB1D, 0xFE00, CharClass.LETTER),
    (0xFE70, 0xFF00, CharClass.LETTER),
    (0xFF66, 0xFFA0, CharClass.CJK),
)

_CHARS: tuple[tuple[str, CharClass], ...] = (
    ("abcdefghijklmnopqrstuvwxyz", CharClass.LOWER),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", CharClass.UPPER),
    ("0123456789\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19", CharClass.DIGIT),
    (" \t\r\u00a0\u3000", CharClass.SPACE),
    ("\n", CharClass.NEWLINE),
    ("?\uff1f\u061f\u037e\u00bf", CharClass.QUESTION),
    (".!\u3002\uff01\u0964\u06d4\uff0e\u00a1", CharClass.STOP),
    (",;:\uff0c\u3001\uff1b\uff1a\u060c\u061b", CharClass.COMMA),
    ("{}[]<>=_#$\\|&*^~`@+/%", CharClass.CODE),
    ("()\uff08\uff09", CharClass.PAREN),
    ("\"'-\u00ab\u00bb\u300c\u300d\u300e\u300f", CharClass.QUOTE),
    ("\u00d7\u00f7", CharClass.SYMBOL),
)


@cache
def _table() -> npt.NDArray[np.uint8]:
    table = np.zeros(0x10000, dtype=np.uint8)
    for low, high, char_class in _RANGES:
        table[low:high] = char_class
    for chars, char_class in _CHARS:
        table[[ord(char) for char in chars]] = char_class
    table.setflags(write=False)
    return table


_ASCII = _table()[:128].tobytes() + bytes(128)


def char_classes(text: str) -> bytes:
    """The class of each code point, one byte each. Lone surrogates are OTHER."""
    if text.isascii():  # a byte string's own methods take a tenth of the time of an array's
        return text.encode("ascii").translate(_ASCII)
    code_points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if int(code_points.max(initial=0)) < 0x10000:
        return _table()[code_points].tobytes()
    classes = _table()[np.minimum(code_points, 0xFFFF)]
    above = code_points >= 0x10000
    classes[above] = np.where((code_points[above] >= 0x20000), CharClass.CJK, CharClass.SYMBOL)
    return classes.tobytes()
