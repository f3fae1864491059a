r"""`\b`, `\w`, `\d` and `\s` of a rule mean letters of every script, or the rule is refused with the cure."""

# ruff: noqa: RUF001 - letters of other scripts are the point
from __future__ import annotations

import random
import re

import pytest
from pydantic_core import PydanticCustomError

from router.settings import regex


def finds(pattern: str, text: str) -> bool:
    return regex._compiled(pattern).found(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?i)\bübersetze\b", "Bitte ÜBERSETZE das"),
        (r"\b(?:größe|maß)e?n?\b", "alle größen"),
        (r"(?i)\bпереведи\b", "ПЕРЕВЕДИ это"),
        (r"\bμετάφρασε\b", "μετάφρασε αυτό"),
        (r"(?i)\bçevir\b", "Lütfen Çevir."),
        (r"\bअनुवाद\b", "यह अनुवाद करो"),
        (r"\bकरो\b", "अनुवाद करो।"),
        (r"\b翻译\b", "请翻译这段话"),
        (r"\b訳して\b", "これを訳してください"),
        (r"\bPython\b", "用Python写"),
        (r"\bfoo\b.*\bbär\b", "foo und bär"),
        (r"^\w+$", "über"),
        (r"\d+", "Raum ٣٤"),
        (r"a\s+b", "a\u3000b"),
        (r"[\w-]+@x", "übër-x@x é"),
        (r"[^\W\d_]+7", "ñé7"),
        (r"[[:alpha:]]{3}7", "ñéü7"),
        (r"[\s\S]é\b", "ñé"),
        (r"^[[:punct:]]+$", "。¿—"),
        (r"a[[:blank:]]b", "a\u3000b"),
        (r"^[[:graph:]]+$", "é字。"),
        (r"^[[:print:]]+$", "é 字"),
        (r"(?i)\bστρασ\b|ÇEVİR", "çevİr"),
        (r"(?i)[à-ö]{2}x", "ÉÀX"),
        (r"\Qa.b\E\b", "ü a.b"),
        (r"\b(?:x)?\bé", "é"),
        (r"(?s)\bé.x\b", "é\nx"),
        (r"é\b", "é\x1f"),
        (r"\bé\b", "\ud800 é"),
    ],
)
def test_boundaries_and_classes_know_letters_of_every_script(pattern, text):
    assert finds(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bna\b", "naïve"),
        (r"\bübersetze\b", "übersetzen"),
        (r"\bкот\b", "который скот"),
        (r"\bअनुवा\b", "अनुवाद"),
        (r"\bcat\b", "çcat"),
        (r"(?:\bé\b){2}", "éé"),
        (r"\bé.x\b", "é\nx"),
        (r"\bx\D+y\b", "xy é"),
        (r"\bQ\b", "étude"),
    ],
)
def test_a_part_of_a_word_is_no_word(pattern, text):
    assert not finds(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "cure"),
    [
        (r"a\Bb", r"Name the character that may be there, as in `[\p{L}]`"),
        (r"[\W,]x", r"Write it outside them, as in `(?:\W|-)`"),
        (r"[[:^alpha:]]x", "Write `[^[:alpha:]]`"),
        (r"[\D,]\b", r"cannot be in one pattern with `\b`"),
        (r"x$\b", r"put `\b` between the anchor and the word"),
    ],
)
def test_what_cannot_be_translated_is_refused_with_the_cure(pattern, cure):
    with pytest.raises(PydanticCustomError, match=re.escape(cure)):
        regex._compiled(pattern)


PIECES = [
    *(
        "ß",
        "Ж",
        "[а-я]",
        "[^а-я]",
        "(?i:ж)",
        "(?i:É)",
        "(?:\\W|-)",
        "|",
        "(?s:.)",
        r"\w+\b",
        r"\bп",
        r"[\d.]",
        r"[^\s,]",
    ),
    *(r"\.", r"\A", "(?m:^)", "(?m:$)"),
    *("a", "é", "п", " ", ".", "x?", "é*", "п+", "-", "1", "(?:aé|п)", "(a|б)", "[aé]", "[^aп]"),
    *(r"\w", r"\W", r"\d", r"\s", r"\S", r"\D", r"[\w,]", r"[^\d ]", r"\b", r"\b", "^", "$"),
]


def test_patterns_agree_with_pythons_own_unicode_engine():
    draw = random.Random(1)
    n_compared = 0
    for _ in range(6_000):
        pattern = "".join(draw.choice(PIECES) + draw.choice(["", "", "", "?", "{1,2}"]) for _ in range(5))
        text = "".join(draw.choice("aéпбßЖ x-1,٣\n\u00a0") for _ in range(8)) + "é"
        try:
            expected = re.search(pattern, text)
            found = finds(pattern, text)
        except (re.error, PydanticCustomError):
            continue  # RE2 or Python does not know it, or it is refused
        if not re.search(r"(?:\$|m:\$\)).*\\b|\\b.*(?:\^|\\A)", pattern):  # a boundary beyond an anchor
            n_compared += 1
            assert found == (expected is not None), (pattern, text)
    assert n_compared > 1_000
