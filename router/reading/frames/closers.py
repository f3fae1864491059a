"""Sentences behind an ask that ask nothing: "Over to you.", "Take your time.", "Go ahead.".

They are found by the closed classes of words in `closer_words`, behind the end of a sentence or a line. A text that
the user brings keeps its last sentence.
"""

from __future__ import annotations

import re
from itertools import pairwise

from router.reading.frames.asides import LAST_IN_ASIDES, is_idle_aside
from router.reading.frames.closer_words import CLOSERS, LAST_ALONE, THOUGHT
from router.reading.frames.courtesy_words import DEAR
from router.reading.frames.idle import WORD, Idle, is_ask, is_unspaced
from router.reading.frames.introductions import is_idle_remark

_IDLE = Idle(CLOSERS)
_TAIL_CHARS = 110
_MOST_WORDS = 14
_BREAK = re.compile(
    r".*(?:[.!?\u2026)\"\u201d](?=\s)|```(?=[ \t])|[\u3002\uff01\uff1f\u061f\u0964]|\n"
    r"|(?<=[^\x00-\x7f])[ ](?=[\u3040-\u9fff]))\s*(?=\S)",
    re.DOTALL,
)
_END_MARKS = " \t\n.!\u3002\uff01\u2026\u0964~"
_THIS_ONE = re.compile(r"\s*(?:<-+|\u2190|\^+) ?this(?: one)?$", re.IGNORECASE)

_ON_TEXT = re.compile(
    r"\b(?:translat\w*|rephras\w*|rewrit\w*|proofread\w*|correct|paraphras\w*|summari[sz]e|quote|continue|polish"
    r"|shorten"
    r"|edit|grammar|story|dialogue|lyrics|transcript|\u00fcbersetz\w*|traduc\w*|tradui\w*|vertaal"
    r"|t\u0142umacz\w*|przet\w*"
    r"|\u043f\u0435\u0440\u0435\u0432\u0435\u0434\w*|\u00e7evir\w*)\b|\u7ffb\u8bd1|\u7ffb\u8b6f|\u7ffb\u8a33"
    r"|\u8a33\u3057\u3066|\ubc88\uc5ed",
    re.IGNORECASE,
)
"""Orders about a text that the user brings: its end is not the user's own."""

_APPROVAL = frozenset(
    "yes yeah yep ok okay sure sounds looks that good great perfect fine agreed approved done no".split()
)
_LEAST_WORDS = 4
_QUESTIONS = (["what", "do", "you", "say"], ["what", "do", "you", "think"], ["any", "ideas"], ["any", "thoughts"])
_LAST_OF_QUESTIONS = frozenset(words[-1] for words in _QUESTIONS)
_LAST_WORDS = _IDLE.last_words | LAST_IN_ASIDES | _LAST_OF_QUESTIONS
_REMARK_LAST = frozenset(("way", "btw", "incidentally"))
_LAST_CHARS = 40
_MANY_WORDS = 5


def without_closer(text: str) -> str:
    """The text without a last sentence that asks nothing; the text itself where there is none."""
    if text[-1:] == ")":
        return _without_aside(text)
    place = max(0, len(text) - _TAIL_CHARS)
    tail = text[place:].rstrip(_END_MARKS + "?\uff1f")
    lasts = [word.strip("(,.!?:\"'").casefold().replace("\u2019", "'") for word in tail[-_LAST_CHARS:].split()[-2:]]
    if not lasts:
        return text
    if lasts[-1] in ("one", "this") and (mark := _THIS_ONE.search(tail)) and is_ask(text[: place + mark.start()]):
        return text[: place + mark.start()]
    is_question = text[-1] in "?\uff1f"
    if is_question and lasts[-1] not in _LAST_OF_QUESTIONS and lasts[-1].isascii():
        return text
    is_known = all(word in _LAST_WORDS or word.isdigit() for word in lasts)
    may_be_remark = lasts[-1] in _REMARK_LAST or tail[tail.rfind(" ") + 1 :][:1].isupper()
    if not is_known and not may_be_remark and tail[-1:].isascii():
        return text
    found = _BREAK.match(tail)
    start = found.end() if found else 0
    if 0 < start < len(tail):
        ask = text[: place + start].rstrip()
        if _is_closer(tail[start:], ask, is_question=is_question):
            return ask
    if is_known and not is_question and text[-1:] in ".!":
        for start in _capitals(tail):
            ask = text[: place + start].rstrip()
            if len(ask.split(None, _MANY_WORDS)) > _MANY_WORDS and _is_closer(tail[start:], ask):
                return ask
    return text


def _capitals(tail: str) -> list[int]:
    """Where the last words with a capital begin, the last first, but for names and what the ask is about."""
    found = list(WORD.finditer(tail, max(0, len(tail) - _CLOSER_CHARS)))
    return [
        word.start()
        for before, word in reversed(list(pairwise(found)))
        if word[0][0].isupper() and tail[before.end() : word.start()] == " " and not _is_name(before[0])
    ][:_MOST_CAPITALS]


def _is_name(word: str) -> bool:
    """Whether a word before one with a capital makes it part of a name, or what the ask is about."""
    return (word[0].isupper() and not word.isupper()) or word.casefold() in _SPOKEN_OF


_CLOSER_CHARS = 70
_MOST_CAPITALS = 3
_SPOKEN_OF = frozenset(
    (
        "the a an of say says said line word words phrase sentence title song called named with and or in to is "
        "are sing sings "
        "read reads as for my your der die das den dem ein eine le la les un une el los il lo o os het de"
    ).split()
)
"""Before a word with a capital that the ask is about."""


def _is_closer(sentence: str, ask: str, *, is_question: bool = False) -> bool:
    words = _IDLE.words_of(sentence)
    if not 0 < len(words) <= _MOST_WORDS or (len(words) == 1 and not _may_be_alone(words[0])):
        return False
    if is_question:
        is_idle = words in _QUESTIONS and ask.endswith("?")
    else:
        is_idle = (_IDLE.holds(words) and not _is_order(words)) or is_idle_remark(sentence, ask)
        is_idle = is_idle or is_idle_aside(sentence, ask)
    return is_idle and _keeps_ask(ask, is_thought=any(word in THOUGHT for word in words))


def _may_be_alone(word: str) -> bool:
    return is_unspaced(word) or word in LAST_ALONE


def _is_order(words: list[str]) -> bool:
    """Whether it orders a proof of the ask or a way to write it: "Explain it step by step"."""
    if "explain" in words:
        return "briefly" not in words or not ("thinking" in words or "reasoning" in words)
    return "check" in words and "your" not in words


def _keeps_ask(ask: str, *, is_thought: bool = False) -> bool:
    """Whether what is left is an ask of its own, and no text that the user brings.

    is_thought: whether the sentence is about how to think, which no letter ends with.
    """
    words = WORD.findall(ask, 0, 200)
    if not is_ask(ask) or ask.endswith((":", "\uff1a", ",")) or (words and words[0].casefold() in _APPROVAL):
        return False
    if len(words) < _LEAST_WORDS and ask.isascii() and not ask.endswith("?"):
        return False
    if _ON_TEXT.search(ask[:300]) and _BRINGS.search(ask):
        return False
    start = ask.rfind("\n") + 1
    is_spoken = start > 0 and bool(_SPEAKER.match(ask, start))
    is_spoken = is_spoken or bool(_SPEAKER_INSIDE.search(ask, max(0, len(ask) - _TALK_CHARS)))
    return is_thought or not (is_spoken or _is_quoting(ask[start:]) or _LETTER.search(ask))


def _is_quoting(line: str) -> bool:
    """Whether the last line brings what a person says or writes: then its last sentence may be part of that."""
    is_open = line.count('"') % 2 == 1 or line.count("\u201c") > line.count("\u201d")
    return is_open or bool(_SPEECH.search(line))


_TALK_CHARS = 400
_SPEAKER_INSIDE = re.compile(r"[.!?\"] (?:[A-Z]\w{1,14}(?: [A-Z]\w{1,14})?): ")
"""A name before what is said, in the middle of a line: a record of a talk."""
_SPEAKER = re.compile(r"[A-Z\u00c0-\u00de]\w{0,14}(?: [A-Z]\w{0,14})?[:\uff1a]\s|[a-z]{2,10}: ")
_SPEECH = re.compile(
    r"\b(?:lines?|song|says?|said|reads?|wrote|writes|reply|replied|message|mail|e-?mail|post|tweet|comment|note"
    r"|text|sign"
    r"|caption|slogan|phrase|sentence|nachricht|satz|mensaje|frase|message|phrase|messaggio|mensagem"
    r"|zin)\b[^:]{0,40}:\s",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"(?:^|[\n:] ?)(?:hi|hello|hey|" + DEAR + r"|hallo|liebe[rs]?|bonjour|hola|ciao|ol\u00e1)\b[^\n]{0,30},",
    re.IGNORECASE,
)
_BRINGS = re.compile(r"\n|: |\"|\u201c|[.!?] \S|\uff1a|\u3002.")


def _without_aside(text: str) -> str:
    """Without a last remark in parentheses that asks nothing: `(by the way, it rains here)`."""
    start = text.rfind("(", max(0, len(text) - _TAIL_CHARS))
    if start <= 0 or not text[start - 1].isspace():
        return text
    inner, ask = text[start + 1 : -1].strip(_END_MARKS), text[:start].rstrip()
    is_idle = is_idle_aside(inner, ask) or _IDLE.holds(_IDLE.words_of(inner.replace(":", "")))
    return ask if is_idle and _keeps_ask(ask) else text


def without_repeats(text: str) -> str:
    """With one last question or exclamation mark of several."""
    last = text[-1:]
    if last not in _REPEATED or text[-2:] != last * 2:
        return text
    bare = text.rstrip(last)
    word = bare[bare.rfind(" ") + 1 :]
    is_named = word + last * 2 in bare or last * 2 + word in bare
    return bare + last if bare[-1:].isalpha() and not is_named else text


_REPEATED = "?!\uff1f\uff01"


def without_quotes(text: str) -> str:
    """The inside of a text that is in quotation marks as a whole."""
    close = _QUOTES.get(text[:1])
    if close is None or text[-1:] not in close:
        return text
    inner = text[1:-1]
    if text[0] in "'\u2018":
        is_whole = not _LOOSE_QUOTE.search(inner)
    else:
        is_whole = not any(mark in inner for mark in (text[0], *close))
    return inner.strip() if is_whole and (len(WORD.findall(inner, 0, 300)) > _LEAST_WORDS or _is_long(inner)) else text


def _is_long(inner: str) -> bool:
    return is_unspaced(inner.lstrip()) and len(inner) > _LEAST_UNSPACED


_LEAST_UNSPACED = 8
_LOOSE_QUOTE = re.compile(r"(?<!\w)['\u2018\u2019]|['\u2018\u2019](?!\w)")
_QUOTES = {
    "'": "'",
    "\u2018": "\u2019",
    '"': '"',
    "\u201c": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u00ab": "\u00bb",
    "\u300c": "\u300d",
}
