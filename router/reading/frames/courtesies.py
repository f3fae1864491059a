"""Courtesies around an ask: greetings, urgency, thanks, closings with a name, emoji. They ask nothing.

They come off by the closed classes of words that they are made of, clause by clause from both ends. A text that is
nothing else stays whole, and so does a letter: a greeting to another person is content.
"""

from __future__ import annotations

import re

from router.reading.frames.brought import is_brought, is_content_emoji, is_letter, is_title, speaks_of_first
from router.reading.frames.closers import without_closer, without_quotes, without_repeats
from router.reading.frames.courtesy_words import (
    ADDRESSEES,
    AFTER_BARE_GREETING,
    BARE_GREETINGS,
    BESIDE_THANKS,
    BESIDE_URGENT,
    DEAR,
    GREETINGS,
    LAST_WORDS,
    PLEASE,
    SMALL_TALK,
    THANKS,
    URGENT,
)
from router.reading.frames.idle import is_ask
from router.reading.frames.leads import without_lead
from router.reading.frames.points import is_bare_order, orders_reply

_FIRST_CLAUSE = re.compile(
    r"(?P<words>[^\n!.,:;?\u2026\u3001\u3002\uff0c\uff01\uff1f\uff1a\u060c\u061f()\[\]{}<>\"`]{1,60}?)"
    r"(?P<end>[ \t]*(?:[!.,:;?\u2026]+(?=\s|$)|[\u3001\u3002\uff0c\uff01\uff1f\uff1a\u060c\u061f]+"
    r"|\n|[ \t][-\u2013\u2014][ \t])\s*)"
)
_LAST_BREAK = re.compile(
    r".*(?:[!.?;\u2026](?=[ \t\n])|```(?=[ \t])|[\u3002\uff01\uff1f\uff0c]|(?P<soft>[,\n]"
    r"|[ \t][-\u2013\u2014](?=[ \t])))\s*(?=\S)",
    re.DOTALL,
)
_WORD = re.compile(r"[\w'\u2019-]+")
_EMOJI = r"(?:[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55]|\ufe0f|\u200d|[:;]-?[)DP(](?![\w(])|\^\^|<3|xD\b)"
_EMOJI_FIRST = re.compile(rf"(?:{_EMOJI}\s*)+(?=\S)")
_EMOJI_LAST = re.compile(rf"(?<=\S)(?:\s*{_EMOJI})+\s*$")
_EMOJI_CHARS = 40
_TAIL_CHARS = 90
_MOST_WORDS = 9
_MOST_ROUNDS = 5
_LEAST_WORDS = 2
_MARKS = 4

_LETTER = re.compile(
    r"(?:\W{0,3}(?:dea[r]|sehr|liebe[rs]?|cher|ch\u00e8re|madame|monsieur|estimad[oa]s?|querid[oa]s?|gentile"
    r"|egregi[oa]|car[oa]|prezad[oa]s?"
    r"|beste|geachte|szanown[ya]|\u0443\u0432\u0430\u0436\u0430\u0435\u043c\w+|\u0434\u043e\u0440\u043e\u0433\w+)\b)",
    re.IGNORECASE,
)
"""How a letter to a person begins: then its closing is part of it."""

_MAIL_HEAD = re.compile(r"^(?:from|von|de|da|subject|betreff|objet|asunto): ", re.IGNORECASE | re.MULTILINE)

_NAME = r"(?-i:[A-Z\u00c0-\u00de\u0391-\u03a9\u0410-\u042f])[\w.'\u2019-]{0,24}"
_CLOSINGS = (
    r"(?:(?:best|kind|warm|warmest|many|with(?: best| kind)?)? ?(?:regards|wi[s]hes)|best|cheers|sincerely"
    r"|yours(?: \w+)?|all the best|greetings|br|kr|xo|xoxo|love|take care"
    r"|(?:viele|beste|liebe|sch\u00f6ne|mit freundlichen|freundliche|herzliche) gr\u00fc(?:\u00df|ss)en?"
    r"|gru\u00df|gr\u00fc\u00dfe|mfg|lg|vg|(?:un )?saludos?(?: \w+){0,2}|un abrazo|atentamente|abra\u00e7os?"
    r"|atenciosamente|cordialement|bien \u00e0 (?:vous|toi)|bises|amicalement|cordiali saluti|un saluto|saluti"
    r"|(?:met vriendelijke )?groet(?:en|jes)?|mvh|h\u00e4lsningar|(?:med )?venn?lig hilsen|terveisin"
    r"|pozdrawiam|s pozdravem|sayg\u0131lar(?:\u0131mla)?"
    r"|\u0441 \u0443\u0432\u0430\u0436\u0435\u043d\u0438\u0435\u043c"
    r"|\u0437 \u043f\u043e\u0432\u0430\u0433\u043e\u044e|salam hormat|tr\u00e2n tr\u1ecdng)"
)
_SIGNED = re.compile(
    rf"\n[ \t]*(?:{_CLOSINGS}[ \t]*[,.!\u2013\u2014-]*[ \t]*(?:\n[ \t]*|(?= ))[ \t]*{_NAME}(?: {_NAME}){{0,2}}"
    rf"|[-\u2013\u2014/~][ \t]?{_NAME}(?: {_NAME})?)[ \t]*(?P<contact>(?:\n[^\n?]{{0,80}}){{0,4}})$",
    re.IGNORECASE,
)
_SIGNED_INLINE = re.compile(
    rf"(?:(?<=[.!?\u2026)])[ \t]+(?:{_CLOSINGS}[,.]?|[-\u2013\u2014])"
    rf"|(?<=\S)[ \t]+(?:{_CLOSINGS},|xo|lg|vg|mfg|mvh))[ \t]*{_NAME}(?: {_NAME})?$",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"[@|\d]|www\.|https?:|[A-Z\u00c0-\u00de]\w+")
_SENT = re.compile(
    r"(?:\n|(?<=[.!?]) | (?=\(?get outlook )| (?=\(sent )|(?<=\w) (?=(?-i:Sent|Von|Gesendet|Envoy\u00e9|Enviado"
    r"|Inviato"
    r"|Verstuurd|Verzonden|Skickat|Wys\u0142ano|\u041e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043e) )"
    r"|(?<=[\u3002\uff1f\uff01?]) ?)[ \t]*\(?(?:[-\u2013\u2014_]{2,}[ \t]*\n[ \t]*)?"
    r"(?:(?:(?:sent|written|typed|dictated|posted) (?:from|via|with|using|on|by) |get outlook for |von meinem "
    r"|gesendet (?:von|mit|\u00fcber) |envoy\u00e9 (?:de|depuis|avec) |enviado (?:desde|de|do|con) "
    r"|inviato (?:da|con) |(?:verzonden|verstuurd) (?:vanaf|met|via) |skickat fr\u00e5n |sendt fra |wys\u0142ano z "
    r"|\u043e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043e (?:\u0441|\u0438\u0437) "
    r"|\u53d1\u81ea\u6211\u7684|\u50b3\u9001\u81ea)[^\n?]{2,50}"
    r"|via (?:voice|speech|dictation)(?: input| typing| to text)?\.?|iphone\S{0,4} g\u00f6nderildi"
    r"|\S{1,10}\u304b\u3089\u9001\u4fe1|\ub098\uc758 \S{1,10}\uc5d0\uc11c \ubcf4\ub0c4)$",
    re.IGNORECASE,
)


def without_courtesies(text: str) -> str:
    """The text without the courtesies at its ends; the text itself where there are none, or nothing else."""
    said = text
    for _ in range(_MOST_ROUNDS):
        shorter = _without_last(_without_first(said))
        shorter = without_repeats(without_quotes(_without_closer(without_lead(shorter)))) if shorter else shorter
        if shorter == said:
            break
        said = shorter
    return said


def _without_closer(text: str) -> str:
    shorter = without_closer(text)
    return shorter if shorter == text or not is_brought(shorter, text[len(shorter) :]) else text


def _without_first(text: str) -> str:
    if text[:1] > "\u203b" and (emoji := _EMOJI_FIRST.match(text, 0, _EMOJI_CHARS)) and is_ask(text[emoji.end() :]):
        text = text if is_content_emoji(emoji[0], text[emoji.end() :]) else text[emoji.end() :]
    first = _WORD.match(text, len(text[:_MARKS]) - len(text[:_MARKS].lstrip("\u00a1!*")))
    if first is None or first[0].casefold() not in _FIRST_WORDS:
        return text
    clause = _FIRST_CLAUSE.match(text)
    if clause is None or not (words := _words(clause["words"])) or len(words) > _MOST_WORDS:
        return _without_bare_greeting(text)
    end = clause.end()
    if _is_greeting(words, clause["words"], clause["end"]):
        talk = _FIRST_CLAUSE.match(text, end)
        if talk and " ".join(_words(talk["words"])) in SMALL_TALK:
            end = talk.end()
    elif not _is_urgent(words) or "?" in clause["end"]:
        return _without_bare_greeting(text)
    elif (please := _FIRST_CLAUSE.match(text, end)) and all(word in PLEASE for word in _words(please["words"])):
        end = please.end()
    ask = text[end:]
    is_own = not is_ask(ask) or speaks_of_first(ask) or _is_title(words, clause["end"], ask)
    return text if is_own or is_letter(text) else ask


def _is_title(words: list[str], end: str, ask: str) -> bool:
    """Whether the first words are part of a title or a list, and no lead follows them."""
    if "\n" in end or end.strip() not in _SOFT or words[-1] in ADDRESSEES:
        return False
    return is_title(ask, PLEASE if words[0] in URGENT else _IDLE_AFTER) and without_lead(ask) == ask


_SOFT = frozenset((",", ".", ""))
_IDLE_AFTER = URGENT | BESIDE_URGENT | BESIDE_THANKS
_FIRST_WORDS = {phrase.split()[0] for phrase in GREETINGS} | URGENT | BESIDE_URGENT | {DEAR}
"""The first words of all that comes off: most texts are settled by them."""


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _is_greeting(words: list[str], written: str, end: str) -> bool:
    """A greeting, then at most two names or words for all."""
    if words[0] == DEAR and len(words) == 2 and words[1] in _MACHINES:
        return True
    for n_words in (3, 2, 1):
        if " ".join(words[:n_words]) in GREETINGS and len(words) >= n_words:
            rest = _WORD.findall(written)[n_words:]
            is_named = ":" not in end and "?" not in end
            return len(rest) <= 2 and all(
                word.casefold() in ADDRESSEES or (is_named and word[0].isupper()) for word in rest
            )
    return False


_MACHINES = frozenset("assistant ai chatgpt gpt claude copilot bot robot computer".split())


def _is_urgent(words: list[str]) -> bool:
    is_named = any(word in URGENT for word in words) or ("need" in words and "now" in words)
    is_named = is_named or words in (["high", "priority"], ["top", "priority"])
    return is_named and all(word in URGENT or word in BESIDE_URGENT for word in words)


def _without_bare_greeting(text: str) -> str:
    """`hey can you ...`: a greeting without a comma, before a word that begins an ask."""
    first, _, rest = text.partition(" ")
    if first.casefold() not in BARE_GREETINGS or not (word := _WORD.match(rest)):
        return text
    is_call = first.casefold() in _CALLS and word[0].islower()
    return rest if (is_call or word[0].casefold() in AFTER_BARE_GREETING) and is_ask(rest) else text


_CALLS = ("hey", "hiya", "yo")
"""Begin no name of a thing, as `hello world` does."""


def _without_last(text: str) -> str:
    shorter = _without_last_clause(text)
    if shorter == text and (not text[-1:].isascii() or text[-1:] in ")DP(3^"):
        emoji = _EMOJI_LAST.search(text, max(0, len(text) - _EMOJI_CHARS))
        if emoji:
            ask = text[: emoji.start()]
            return ask if is_ask(ask) and not is_content_emoji(emoji[0], ask) else text
    shorter = _without_signature(text) if shorter == text else shorter
    return shorter if shorter == text or not is_brought(shorter, text[len(shorter) :]) else text


_SPOKEN_OF = (":", '"', "'", " say", " of", " a", " the", " with", " word", " for", " and", " or", " in", " than")
"""Before a word that the ask is about."""


_LAST_WORD_CHARS = 40
_LAST_WORDS = THANKS | BESIDE_THANKS | URGENT | BESIDE_URGENT | PLEASE | LAST_WORDS
"""The last words of all clauses that come off."""


def _without_last_clause(text: str) -> str:
    """Without a last clause of thanks, urgency or "please"."""
    place = max(0, len(text) - _TAIL_CHARS)
    stripped = text[place:].rstrip(" \t\n.!,;\u3002\uff01\u2026\u060c~")
    ends = stripped[-_LAST_WORD_CHARS:].split()
    if not ends or ends[-1].strip("\"'()").casefold() not in _LAST_WORDS:
        return text
    found = _LAST_BREAK.match(stripped)
    clause = stripped[found.end() :] if found else ""
    words = _words(clause)
    if words and len(words) <= _MOST_WORDS and "?" not in clause and (_is_thanks(words) or _is_urgent(words)):
        ask = text[: place + len(stripped) - len(clause)].rstrip()
        ask = ask.rstrip(",\uff0c \t\n-\u2013\u2014") if found and found["soft"] else ask
        return ask if is_ask(ask) and not ask.endswith((":", "\uff1a")) else text
    if (start := _thanks_at_end(stripped)) and is_ask(ask := text[: place + start].rstrip()):
        return ask
    rest, _, last = stripped.rpartition(" ")
    if last.casefold() in LAST_WORDS and len(_WORD.findall(rest)) > _LEAST_WORDS and not rest.endswith(_SPOKEN_OF):
        return text[:place] + rest.rstrip()
    return text


def _thanks_at_end(text: str) -> int:
    """Where last words of thanks begin without a break before them, but with a capital; 0 without any."""
    start = 0
    for count, match in enumerate(reversed(list(_WORD.finditer(text)))):
        word = match[0].casefold()
        if count == _MOST_WORDS or not (word in THANKS or word in BESIDE_THANKS):
            break
        if (word in THANKS and match[0][0] != word[0]) or (word in THANKS and not match[0][0].islower()):
            start = match.start()
    return start if text[start - 1 : start].isspace() else 0


def _is_thanks(words: list[str]) -> bool:
    if all(word in PLEASE for word in words):
        return True
    return any(word in THANKS for word in words) and all(word in THANKS or word in BESIDE_THANKS for word in words)


def _without_signature(text: str) -> str:
    place = _signature_in(text)
    if place <= 0 or _LETTER.match(text) or _MAIL_HEAD.search(text):
        return text
    ask = text[:place].rstrip()
    is_listed = text[place:].lstrip()[:1] == "-" and text.count("\n-") > 1
    return ask if is_ask(ask) and not ask.endswith((":", "\uff1a")) and not is_listed else text


def _signature_in(text: str) -> int:
    """Where a closing with a name or a program's "sent from" begins; 0 without any."""
    tail = max(0, len(text) - _TAIL_CHARS)
    lower = text[tail:].lower()
    if any(mark in lower for mark in _SENT_MARKS) and (sent := _SENT.search(text, tail)):
        return sent.start()
    line = len(text)
    for _ in range(_MOST_CONTACT_LINES):
        line = text.rfind("\n", max(0, len(text) - 4 * _TAIL_CHARS), line)
        if line < 0:
            break
        signed = _SIGNED.match(text, line)
        if signed and not _is_list(text, line, signed["contact"]):
            contact = [one for one in signed["contact"].split("\n") if one.strip()]
            if all(_CONTACT.search(one) and not (orders_reply(one) or is_bare_order(one)) for one in contact):
                return line
    last = text[text.rfind(" ", tail) + 1 :]
    if last[:1].isupper() and (inline := _SIGNED_INLINE.search(text, max(0, len(text) - _CLOSING_CHARS))):
        return inline.start()
    return 0


def _is_list(text: str, line: int, contact: str) -> bool:
    """Whether a dash before a name is the mark of a list: one of its neighbours begins so too."""
    mark = text[line : line + 3].strip()[:1]
    if mark not in ("-", "\u2013", "\u2014"):
        return False
    before = text[text.rfind("\n", 0, line) + 1 : line].strip()
    return before.startswith(mark) or any(one.strip().startswith(mark) for one in contact.split("\n"))


_SENT_MARKS = (
    *("sent ", "written ", "typed ", "dictated ", "posted ", "outlook for", "von meinem", "gesendet", "envoy"),
    *("enviado", "inviato", "verzonden", "skickat", "sendt"),
    *(
        "verstuurd",
        "wys\u0142ano",
        "\u043e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043e",
        "\u53d1\u81ea",
        "\u9001\u4fe1",
        "\ubcf4\ub0c4",
        "g\u00f6nderildi",
    ),
    *("via voice", "via speech", "via dictation"),
)
_MOST_CONTACT_LINES = 6
_CLOSING_CHARS = 60
