"""The language of a text, for rules that need it: by its script if that is enough, else by py3langid.

py3langid (BSD-3, numpy only, its model inside the wheel, read without pickle) takes about a second to load, so it is
loaded once, at start, and only if a rule needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

LANGUAGES = frozenset(
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko "
    "ku ky lb lo lt lv mk ml mn mr ms mt my ne nl nn no or pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur "
    "uz vi xh zh zu".split()
)
"""ISO 639-1 codes that a rule may name."""

MIN_CONFIDENCE = 0.3
"""Below this, py3langid guesses ("fix the bug" is English with 0.14): None is better than a wrong language."""

LIMIT_CHARS = 2_000
"""More text does not change the answer."""

_ONE_LANGUAGE = (
    (re.compile(r"[\u3040-\u30ff]"), "ja"),  # kana: before Han, which Japanese uses too
    (re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"), "ko"),
    (re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]"), "zh"),
    (re.compile(r"[\u0e00-\u0e7f]"), "th"),
    (re.compile(r"[\u0590-\u05ff]"), "he"),
    (re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"), "el"),
    (re.compile(r"[\u10a0-\u10ff]"), "ka"),
    (re.compile(r"[\u0530-\u058f]"), "hy"),
    (re.compile(r"[\u0980-\u09ff]"), "bn"),
    (re.compile(r"[\u0b80-\u0bff]"), "ta"),
    (re.compile(r"[\u0c00-\u0c7f]"), "te"),
)
"""Scripts of (nearly) one language of the list."""

_SHARED = (
    (re.compile(r"[\u0400-\u04ff]"), "ru"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
    (re.compile(r"[\u0900-\u097f]"), "hi"),
)
"""Scripts of several languages, with the most common one: the answer for a word or two."""

_LETTER = re.compile(r"[^\W\d_]")
_MOSTLY = 0.3
"""Share of the letters that a script must have, so that one quoted word does not decide."""


def language_detector() -> Callable[[str], str | None]:
    """A function from a text to its ISO 639-1 code; None when it is unsure. Loads the model: about a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(LANGUAGES))

    def detect(text: str) -> str | None:
        return _detect(text[:LIMIT_CHARS], identifier.classify)

    return detect


def _detect(text: str, classify: Callable[[str], tuple[str, float]]) -> str | None:
    n_letters = len(_LETTER.findall(text))
    if not n_letters:
        return None
    for script, language in _ONE_LANGUAGE:
        if len(script.findall(text)) >= _MOSTLY * n_letters:
            return language
    language, confidence = classify(text)
    if confidence >= MIN_CONFIDENCE:
        return language
    return next((name for script, name in _SHARED if len(script.findall(text)) >= _MOSTLY * n_letters), None)
