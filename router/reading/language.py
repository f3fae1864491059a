"""The language of a text, for rules that need it: by its script and words if they are enough, else by py3langid.

A word or two may be of any language of its script: then the answer is None, no language, and no rule on one holds.

py3langid (BSD-3, numpy only, its model inside the wheel, read without pickle) takes about a second to load, so it is
loaded once, at start, and only if a rule needs it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from router.reading.characters import MARKS, folded
from router.reading.language_words import ALIKE, LATIN_SURELY, LATIN_WORDS, SHARED, Shared

LANGUAGES = frozenset(
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk "
    "km kn ko "
    "ku ky lb lo lt lv mk ml mn mr ms mt my ne nl nn no or pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl "
    "tr uk ur "
    "uz vi xh zh zu".split()
)
"""ISO 639-1 codes that a rule may name."""

MIN_CONFIDENCE = 0.3
"""Below this, py3langid guesses ("fix the bug" is English with 0.14): None is better than a wrong language."""

LIMIT_CHARS = 2_000
"""More text does not change the answer."""

_KANA = re.compile(r"[\u3041-\u30fa\u30fd-\u30ff\uff66-\uff9d]")
_EAST_ASIAN = re.compile(r"[\u3041-\u30ff\uff66-\uff9d\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_ONE_LANGUAGE = (
    (re.compile(r"[\uac00-\ud7af\u1100-\u11ff\u3131-\u318e\uffa0-\uffdc]"), "ko"),
    (re.compile(r"[\u0e00-\u0e7f]"), "th"),
    (re.compile(r"[\u0590-\u05ff]"), "he"),
    (re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"), "el"),
    (re.compile(r"[\u10a0-\u10ff]"), "ka"),
    (re.compile(r"[\u0530-\u058f]"), "hy"),
    (re.compile(r"[\u0980-\u09ff]"), "bn"),
    (re.compile(r"[\u0b80-\u0bff]"), "ta"),
    (re.compile(r"[\u0c00-\u0c7f]"), "te"),
    (re.compile(r"[\u0a00-\u0a7f]"), "pa"),
    (re.compile(r"[\u0a80-\u0aff]"), "gu"),
    (re.compile(r"[\u0b00-\u0b7f]"), "or"),
    (re.compile(r"[\u0c80-\u0cff]"), "kn"),
    (re.compile(r"[\u0d00-\u0d7f]"), "ml"),
    (re.compile(r"[\u0d80-\u0dff]"), "si"),
    (re.compile(r"[\u0e80-\u0eff]"), "lo"),
    (re.compile(r"[\u1000-\u109f]"), "my"),
    (re.compile(r"[\u1200-\u137f]"), "am"),
    (re.compile(r"[\u1780-\u17ff]"), "km"),
)
"""Scripts of (nearly) one language of the list."""


SURE_CONFIDENCE = 0.9
"""Below this, py3langid is not trusted with a short text of a shared script. Of 866 stretches of 10 Cyrillic letters,
it was wrong on 18% at 0.3, on none at 0.9; of 281 in Devanagari on 22% and none. None is then the answer."""

SHORT_CHARS = 60
"""A text below this is short: from here on it was wrong on 1% at MIN_CONFIDENCE."""

_BETWEEN_WORDS = re.compile(rf"[^\w'\u2019{MARKS}]+")
_LETTER = re.compile(r"[^\W\d_]")
_MOSTLY = 0.3
"""Share of the letters that a script must have, so that one quoted word does not decide."""
_LETTERS_OF_AN_IDEOGRAPH = 3
"""A Chinese, Japanese or Korean character says about as much as three letters: "\u7528Python\u5199" is Chinese."""


_LATIN_LETTERS = 4
"""A Latin word of fewer letters is one of many languages: "ja" is German, Swedish, Finnish, Polish."""


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
    if text.isascii():
        return _of_latin(text, classify)
    n_east_asian = len(_EAST_ASIAN.findall(text))
    if n_east_asian and _is_mostly(n_east_asian, n_letters, worth=_LETTERS_OF_AN_IDEOGRAPH):
        return "ja" if _KANA.search(text) else "zh"
    for script, language in _ONE_LANGUAGE:
        worth = _LETTERS_OF_AN_IDEOGRAPH if language == "ko" else 1
        if _is_mostly(len(script.findall(text)), n_letters, worth=worth):
            return language
    for shared in SHARED:
        if _is_mostly(len(shared.script.findall(text)), n_letters, worth=1):
            return _of_shared(text, shared, classify)
    return _of_latin(text, classify)


def _is_mostly(n_found: int, n_letters: int, *, worth: int) -> bool:
    """Whether letters of a script are enough of all; worth: of how many letters one character is."""
    return n_found * worth >= _MOSTLY * (n_letters + n_found * (worth - 1)) and n_found > 0


def _of_shared(text: str, shared: Shared, classify: Callable[[str], tuple[str, float]]) -> str | None:
    """In a short text by letters of one language, its words, the model where it is sure, letters that leave one likely.

    A language that cannot write a letter of the text is never the answer.
    """
    language, confidence = classify(text)
    lower = folded(text)
    if len(text) >= SHORT_CHARS and confidence >= MIN_CONFIDENCE:
        return language
    if found := _by_letters(lower, shared.surely):
        return found
    possible = {name for name, never in shared.never.items() if not never.search(lower)}
    words = {name: known for name, known in shared.words.items() if name in possible or name not in shared.never}
    if found := _by_words(lower, words):
        return found
    if confidence >= SURE_CONFIDENCE and (language in possible or language not in shared.never):
        return language
    return _by_letters(lower, shared.otherwise)


def _of_latin(text: str, classify: Callable[[str], tuple[str, float]]) -> str | None:
    """By the model; in a short text by letters and words of one language alone first, as the model knows hardly any."""
    language, confidence = classify(text)
    if len(text) < SHORT_CHARS and len(_LETTER.findall(text)) >= _LATIN_LETTERS:
        lower = unicodedata.normalize("NFC", text.replace("\u0130", "i")).casefold()  # dotless i is Turkish
        if found := _by_letters(lower, LATIN_SURELY) or _by_words(lower, LATIN_WORDS, least=0.5):
            return found
        if any(language in alike for alike in ALIKE) and confidence < SURE_CONFIDENCE:
            return None
    return language if confidence >= MIN_CONFIDENCE else None


def _by_letters(lower: str, letters: tuple[tuple[re.Pattern[str], str], ...]) -> str | None:
    return next((language for letter, language in letters if letter.search(lower)), None)


def _by_words(lower: str, words: Mapping[str, frozenset[str]], *, least: float = 0.0) -> str | None:
    """The language with most of the text's words, if no other has as many; least: the share of the words it needs."""
    said = [word for word in _BETWEEN_WORDS.split(lower.replace("\u2019", "'")) if word]
    counts = sorted(((sum(word in known for word in said), name) for name, known in words.items()), reverse=True)
    if not counts or counts[0][0] < max(1.0, least * len(said)):
        return None
    return counts[0][1] if len(counts) == 1 or counts[0][0] > counts[1][0] else None
