r"""RE2 patterns whose `\b`, `\w`, `\d`, `\s` mean letters of every script, as in other engines.

RE2's own are ASCII only: `\bübersetze\b` never matches. A pattern is translated once, when it is read. Classes become
Unicode's. A boundary, for which RE2 has no lookaround to write it with, becomes a MARK around each word of
the text, and every other part of the pattern skips marks. Ideographs, kana, Thai, Lao, Khmer and Burmese have no spaces
between words, so there each character counts as a word: `\b翻译\b` finds 请翻译这段话.
"""

from __future__ import annotations

import re
from itertools import pairwise

MARK = "\x1f"
"""ASCII's unit separator, which is taken out of texts before; one or more are at each end of a word."""

LETTERS = r"\p{L}\p{M}\p{N}_"
r"""What `\w` holds: letters, the marks on them, numbers, the underscore."""

SINGLES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts in which each character counts as a word."""

_CLASSES = {"d": r"\p{Nd}", "w": LETTERS, "s": r"\s\v\x{85}\p{Z}"}
_POSIX = {
    "[:alpha:]": r"\p{L}\p{M}",
    "[:alnum:]": r"\p{L}\p{M}\p{N}",
    "[:word:]": LETTERS,
    "[:digit:]": _CLASSES["d"],
    "[:space:]": _CLASSES["s"],
    "[:upper:]": r"\p{Lu}",
    "[:lower:]": r"\p{Ll}",
    "[:punct:]": r"\p{P}\p{S}",
    "[:blank:]": r"\t\p{Zs}",
    "[:graph:]": r"\p{L}\p{M}\p{N}\p{P}\p{S}",
    "[:print:]": r"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}",
}
_IDIOMS = {
    r"[^\W_]": r"[\p{L}\p{M}\p{N}]",
    r"[^\W\d_]": r"[\p{L}\p{M}]",
    r"[^\W\d]": r"[\p{L}\p{M}_]",
    r"[^\S\n]": r"[\t\f\r\v\p{Z}]",
    r"[^\S\r\n]": r"[\t\f\v\p{Z}]",
}
"""Usual forms that hold a complement in brackets, for which there is no general translation."""

_PART = re.compile(
    r"(?P<quoted>\\Q(?s:.*?)(?:\\E|$))"
    r"|(?P<flags>\(\?(?P<on>[imsU]*)(?:-(?P<off>[imsU]+))?(?P<end>[:)]))"
    r"|(?P<open>\(\?P?<[^>]*>|\()"
    r"|(?P<close>\))"
    r"|(?P<bracket>\[\^?\]?(?:\[:\^?\w+:\]|\\(?s:.)|[^\]\\])*\])"
    r"|(?P<code>\\[pP](?:\{[^}]*\}|.)|\\x\{[0-9a-fA-F]+\}|\\x[0-9a-fA-F]{2}|\\[0-7]{1,3})"
    r"|(?P<escape>\\(?s:.))"
    r"|(?P<times>[*+?]\??|\{\d+(?:,\d*)?\}\??)"
    r"|(?P<char>(?s:.))"
)
_IN_BRACKET = re.compile(r"\[:\^?\w+:\]|\\[pP](?:\{[^}]*\}|.)|\\x\{[0-9a-fA-F]+\}|\\(?s:.)|(?s:.)")
_COMPLEMENT = re.compile(r"\\P|\\p\{\^|\[:\^")


_BEYOND_ANCHORS = {(r"\b", "^"), (r"\b", r"\A"), ("$", r"\b"), (r"\z", r"\b")}


class Untranslatable(Exception):
    """A part of a pattern that has no translation; its text says what to write instead."""


def translated(source: str) -> tuple[str, bool]:
    """A valid RE2 pattern with Unicode's classes, and whether it is for texts with a MARK around each word.

    Raises Untranslatable.
    """
    parts = [(match.lastgroup or "", match) for match in _PART.finditer(source)]
    is_marked = any(name == "escape" and match[0] == r"\b" for name, match in parts)
    writer = _Writer(is_marked=is_marked)
    for (_, one), (_, other) in pairwise(parts):
        if (one[0], other[0]) in _BEYOND_ANCHORS:
            raise Untranslatable(f"`{one[0]}{other[0]}`: put `\\b` between the anchor and the word")
    for at, (name, match) in enumerate(parts):
        writer.is_repeated = at + 1 < len(parts) and parts[at + 1][0] == "times"
        writer.add(name, match)
    return "".join(writer.out), is_marked


class _Writer:
    """Writes the parts of a pattern one after the other.

    is_repeated: whether a quantifier follows the part.
    """

    def __init__(self, *, is_marked: bool) -> None:
        self.out: list[str] = []
        self.is_repeated = False
        self._mark = MARK if is_marked else ""
        self._skip = MARK + "*" if is_marked else ""
        self._dot_is_all = [False]
        self._after_letter = False

    def add(self, name: str, match: re.Match[str]) -> None:
        text, after_letter, self._after_letter = match[0], self._after_letter, False
        match name:
            case "quoted":
                self._quoted(text.removeprefix(r"\Q").removesuffix(r"\E"))
            case "flags":
                self._flags(match)
            case "open":
                self._dot_is_all.append(self._dot_is_all[-1])
                self.out.append(text)
            case "close":
                self._dot_is_all.pop()
                self.out.append(text)
            case "bracket":
                self._atom(_IDIOMS.get(text) or self._bracket(text))
            case "code":
                self._atom(f"[^{text.replace('P', 'p', 1)}{self._mark}]" if text[1] == "P" else text)
            case "escape":
                self._escape(text)
            case "char":
                self._char(text, after_letter=after_letter)
            case _:
                self.out.append(text)

    def _atom(self, text: str) -> None:
        self.out.append(f"(?:{self._skip}{text})" if self._skip and self.is_repeated else self._skip + text)

    def _char(self, char: str, *, after_letter: bool) -> None:
        if char in "|^":
            self.out.append(char)
        elif char == "$":
            self.out.append(f"(?:{self._skip}$)" if self._skip else char)
        elif char == ".":
            self._atom(f"[^{'' if self._dot_is_all[-1] else chr(92) + 'n'}{self._mark}]" if self._skip else char)
        else:
            self._letter(char, after_letter=after_letter)

    def _letter(self, char: str, *, after_letter: bool) -> None:
        """One character, itself; there are no marks between two letters of one word."""
        is_letter = bool(self._skip) and char.isascii() and char.isalnum() and not self.is_repeated
        if is_letter and after_letter:
            self.out.append(char)
        else:
            self._atom(char)
        self._after_letter = is_letter

    def _quoted(self, chars: str) -> None:
        r"""`\Q...\E`: a quantifier after it repeats its last character."""
        is_repeated = self.is_repeated
        for at, char in enumerate(chars):
            self.is_repeated = is_repeated and at + 1 == len(chars)
            self._atom(char if char.isalnum() or not char.isascii() else "\\" + char if char != "\n" else r"\n")

    def _flags(self, match: re.Match[str]) -> None:
        is_all = "s" not in (match["off"] or "") and ("s" in match["on"] or self._dot_is_all[-1])
        if match["end"] == ":":
            self._dot_is_all.append(is_all)
        else:
            self._dot_is_all[-1] = is_all
        self.out.append(match[0])

    def _escape(self, text: str) -> None:
        letter = text[1]
        if letter == "B":
            raise Untranslatable(
                r"`\B` is known for ASCII letters only. Name the character that may be there, as in `[\p{L}]`"
            )
        if letter == "b":
            self.out.append(MARK if not self.out or self.out[-1] != MARK else "")
        elif letter == "z":
            self.out.append(self._skip + text)
        elif letter == "A":
            self.out.append(text)
        elif letter in _CLASSES:
            self._atom(f"[{_CLASSES[letter]}]")
        elif letter.lower() in _CLASSES:
            self._atom(f"[^{_CLASSES[letter.lower()]}{self._mark}]")
        elif letter != "E":
            self._atom(text)

    def _bracket(self, text: str) -> str:
        is_negated = text.startswith("[^")
        items = _IN_BRACKET.findall(text[2:-1] if is_negated else text[1:-1])
        if not is_negated and any(rf"\{letter}" in items and rf"\{letter.upper()}" in items for letter in _CLASSES):
            return f"[^{self._mark}]" if self._mark else "(?s:.)"
        body = "".join(self._item(item, text, is_negated=is_negated) for item in items)
        return f"[^{body}{self._mark}]" if is_negated else f"[{body}]"

    def _item(self, item: str, bracket: str, *, is_negated: bool) -> str:
        if item in (r"\W", r"\S"):
            raise Untranslatable(
                f"`{item}` in the brackets `{bracket}` is ASCII only. Write it outside them, as in `(?:{item}|-)`"
            )
        if item.startswith("[:^") and item.replace("^", "") in _POSIX:
            raise Untranslatable(f"`{item}` is ASCII only. Write `[^{item.replace('^', '')}]`")
        if self._mark and not is_negated and (item == r"\D" or _COMPLEMENT.match(item)):
            raise Untranslatable(f"`{item}` in the brackets `{bracket}` cannot be in one pattern with `\\b`")
        if item == r"\D":
            return r"\P{Nd}"
        if item == "]":
            return r"\]"
        return _POSIX.get(item) or (_CLASSES.get(item[1:], item) if item.startswith("\\") and len(item) == 2 else item)
