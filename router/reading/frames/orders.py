"""Orders on the answer with the ask behind a colon on the same line: `Please answer in German: why do we see lag?`."""

from __future__ import annotations

import re

from router.reading.frames.prose import is_sentence

_LANGUAGES = (
    r"english|german|french|spanish|italian|portuguese|dutch|polish|russian|japanese|chinese|korean|swedish|turkish"
    r"|deutsch|englisch|fran\u00e7ais|anglais|espa\u00f1ol|ingl\u00e9s|italiano|inglese|portugu\u00eas|ingl\u00eas"
)
_IN_LANGUAGE = re.compile(
    r"(?:please |bitte )?(?:answer|respond|antworte(?:n sie)?|r\u00e9pond(?:s|ez)|responde|contesta"
    rf"|rispondi|responda)(?: (?:to me|me|only|always|back|bitte|please)){{0,2}} (?:in|auf|en|em|per)"
    rf" (?:(?:british|american|simple|plain|clear) )?(?:{_LANGUAGES})(?: (?:only|please))?: +(?=\S)",
    re.IGNORECASE,
)
"""An order that is whole before its colon: the words behind it are the ask."""
_OPEN = re.compile(
    r"(?:\b(?:follow\w*|forms?|formats?|shapes?|structures?|styles?|schemas?|templates?|order|patterns?|rules?|like|this"
    r"|these|way|words?|with|of|as|use|include|mention|sections?|parts?|headings?|fields?|keys?|steps?|topics?|things?"
    r"|one|sentence|phrase|example|folgt|folgende\w*|suivante?s?|siguientes?|seguenti?|seguintes?)"
    r"|[\"'\u201d\u00bb\d])\s*$",
    re.IGNORECASE,
)
"""How an order ends that goes on behind its colon: "in the following format"."""
_CONDITION = re.compile(r"(?:if|when|wenn|falls|si|se|quando|cuando)\b", re.IGNORECASE)


_QUOTES = "\"'`\u201c\u201e\u00ab\u300c"


def ask_after_order(text: str) -> int:
    """Where the ask begins behind an order on the language of the answer; 0 where there is none."""
    found = _IN_LANGUAGE.match(text)
    return found.end() if found and text[found.end()] not in _QUOTES else 0


def brings_ask(sentence: str) -> bool:
    """Whether an order's colon has a person's sentence behind it, of which the order does not speak."""
    order, _, rest = sentence.partition(": ")
    return is_sentence(rest) and not _OPEN.search(order) and not _CONDITION.match(order)
