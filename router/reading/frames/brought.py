"""What only looks like a courtesy: the object of a short ask, an item of a list, the end of a text that the ask brings.

`Detect the language: Guten Tag. Vielen Dank.`, `Sort: zebra, apple, thanks`, `Hello Kitty, is she a cat?`.
"""

from __future__ import annotations

import re

from router.reading.frames.courtesy_words import ADDRESSEES, DEAR, GREETINGS, PLEASE, THANKS
from router.reading.frames.idle import WORD

_TEXT = (
    r"(?:texts?|sentences?|lines?|words?|phrases?|paragraphs?|repl(?:y|ies)|answers?|tweets?|posts?|comments?"
    r"|messages?|e-?mails?|mails?|letters?|cover letter|quotes?|quotations?|poems?|verses?|jokes?|songs?|lyrics"
    r"|captions?|slogans?|reviews?|language|english|german|french|spanish|italian|grammar|tone|sentiment|sign-?offs?"
    r"|greetings?|closings?|signature|vowels|consonants|syllables|spelling|punctuation|idioms?|sayings?|proverbs?"
    r"|strings?|items?|characters|caps|capitals)"
)
_VERB = (
    r"(?:rate|explain|interpret|detect|identify|classify|label|count|number|sort|order|rank|alphabeti[sz]e|reverse"
    r"|translate|fix|correct|check|spell ?check|proofread|proof-read|edit|improve|polish|shorten|lengthen|rewrite"
    r"|rephrase|reword|paraphrase|summari[sz]e|continue|finish|complete|autocomplete|unscramble|punctuate"
    r"|capitali[sz]e"
    r"|add|put|make|sign|attribute|tokeni[sz]e|lemmati[sz]e|judge|grade|score|analy[sz]e|repeat|quote|tag|odd"
    r"|anagrams?|antonyms?|synonyms?|opposites?|rhymes?|guess|group|match|convert|format|categori[sz]e|vary"
    r"|\u00fcbersetze?|korrigiere?|verbessere?|traduis|traduisez|corrige|traduce|traduci|correggi|traduza|vertaal)"
)
_ABOUT = re.compile(
    rf"(?:please |can you |could you |now )?{_VERB} (?:[\w-]+ ){{0,4}}(?:this|these|it|them|each|following|next)\b"
    rf"|(?:please |can you |could you |now )?{_VERB} (?:(?:the|my|our|a|an|in|all|each|for|of|to|into) ){{1,3}}"
    rf"(?:[\w-]+ ){{0,2}}{_TEXT}\b"
    rf"|{_VERB}(?: [\w-]+){{0,2}}[:?]?$|{_VERB} (?:to|into|in|from|as|for|ins?|en|al|em|naar)(?: [\w-]+){{1,4}}[:.]?$"
    rf"|{_VERB}\b[^\n]{{0,60}}:$|[^\n]{{0,60}}\b(?:of|in|with|for|these|this)(?: words| lines)?:$"
    r"|(?:is|are|was|does|do|would|will|should) (?:this|these|it|that|they)\b|sentiment\b|spam\b"
    rf"|(?:which|what|how many|who)\b[^\n]{{0,40}}\b(?:this|these|them|following|next)\b"
    rf"|(?:which|what) (?:[\w-]+ )?{_TEXT}\b|which is\b[^,:]{{1,30}}\?$"
    rf"|(?:[\w-]+ ){{0,3}}{_TEXT} (?:too|ends?|correct|right|wrong|ok|okay|fine)\b|(?:[\w-]+ ){{0,6}}like this\b"
    r"|what does [^\n]{1,30} mean\b|(?:shorter|longer|better|warmer|nicer|simpler|other|politer) (?:\w+ )?version\b",
    re.IGNORECASE,
)
"""A first sentence that asks about a text, which follows it."""
_EXPLETIVE = re.compile(
    r"\bit(?:'s)? (?:[\w'-]+ ){0,5}?(?:to|that|if|when|for|how|why|take|takes|cost|rain|rains|snow|legal|illegal)\b",
    re.I,
)
"""`Is it possible to ...`: "it" is for what follows."""
_FIRST = re.compile(r"[^\n.?!:\u3002\uff1f\uff01\uff1a]{1,110}(?:[.?!:\u3002\uff1f\uff01\uff1a]+(?=\s|$)|\n|$)")
_LETTER = re.compile(
    r"(?:\n|[.!?:]) ?(?:hi|hello|hey|" + DEAR + r"|hallo|liebe[rs]?|sehr geehrte[rs]?|bonjour|hola|ciao|ol\u00e1)"
    r"(?: [^\n,]{1,30})?,",
    re.IGNORECASE,
)
"""A letter that begins inside a text: its end is not the user's own."""
_LOOK_CHARS = 1_000
_ITEM_WORDS = 2
_QUOTE_ENDS = ('"', "\u201d", "\u00bb", "'", "\u2019")
_QUOTED = re.compile(
    r"\"[^\"]{12,}\"|\u201c[^\u201d]{12,}\u201d|\u201e[^\u201c\u201d]{12,}[\u201c\u201d]|```|(?<!\w)'[^']{12,}'(?!\w)"
)
"""A text that is brought between marks: what follows it is the user's own."""
_LIST = re.compile(r"[:?\n]\s*(?=[^:?\n]*$)")


def is_brought(ask: str, end: str) -> bool:
    """Whether the last words, which look like a courtesy, are the object of the ask or of a text that it brings."""
    if ask.endswith("```") or _SENT.match(end):
        return False
    if _is_open(ask):
        return True
    if _is_item(ask, end) or _LETTER.search(ask, 0, _LOOK_CHARS):
        return True
    if ask.endswith(_QUOTE_ENDS):
        return end.lstrip()[:1] in "-\u2013\u2014"
    if _QUOTED.search(ask, 0, _LOOK_CHARS):
        return False
    first = _FIRST.match(ask)
    return first is not None and _is_about_text(first[0].strip())


_SENT = re.compile(
    r"\W{0,6}(?:sent|gesendet|von meinem|get outlook|envoy|enviad|inviat|via|written|typed|dictated)\b", re.I
)
"""What a mail program adds to any text."""


def _is_open(ask: str) -> bool:
    """Whether a quotation is open at the end."""
    n_marks = ask.count('"')
    if n_marks % 2 == 1:
        n_marks = len(_LOOSE.findall(ask))
    n_low = ask.count("\u201e")
    n_high = ask.count("\u201c")
    return (n_marks + (n_low - n_high if n_marks % 2 and n_low else 0)) % 2 == 1 or n_high > ask.count("\u201d") + n_low


_LOOSE = re.compile(r'(?<!\w)"|"(?!\w)')
"""A quotation mark, not an apostrophe."""


def _is_about_text(sentence: str) -> bool:
    return bool(_ABOUT.match(sentence)) and not _EXPLETIVE.search(sentence)


def _is_item(ask: str, end: str) -> bool:
    """Whether the last words are an item of a list: after commas, or a word on a line of its own."""
    if len(WORD.findall(end)) > _ITEM_WORDS:
        return False
    if end.lstrip(" \t")[:1] == "\n":
        lines = ask[-_LOOK_CHARS:].rsplit("\n", 2)
        return end.count("\n") == 1 and len(lines) > 1 and 0 < len(lines[-1].split()) <= _ITEM_WORDS
    if "," not in end[:2]:
        return False
    opening = _LIST.search(ask, max(0, len(ask) - _LOOK_CHARS))
    items = ask[opening.end() :].split(",") if opening else []
    least = 1 if opening and opening[0][0] == ":" else _ITEM_WORDS
    return len(items) >= least and all(0 < len(item.split()) <= _ITEM_WORDS for item in items)


_HEADED = (
    r"(?:word|greeting|meme|letters|label|term|phrase|expression|slang|abbreviation|acronym|song|film|movie|musical"
    r"|book|show|poem|saying|spelling)"
)
_SPEAKS = re.compile(
    r"(?:(?:is|are|was|were|does|do|did|has|can|will|why|how|who|where|when"
    r"|what)(?:'s)? (?:[\w'-]+ )?){1,2}(?:she|he|they)\b"
    rf"|[^\n]{{0,60}}\b(?:that|this|the) {_HEADED}\b(?! (?:of|for|in|on|from|that|with|called|by)\b)"
    r"|[^\n]{0,60}\bsay (?:it|that|this)\b|(?:[^\n.?!]{0,40}[:.,] )?which (?:one|spelling)\b|[^\n]{0,60}\bwhich is"
    r" (?:\w+ )?\w+\?$|[^\n]{0,30}\bletters stan[d] for\b|origin of the\b",
    re.IGNORECASE,
)
"""An ask whose subject is in the words before it."""
_SAYS_IT = re.compile(r"(?:[\w'-]+ ){1,3}(?<!day is )(?<!time is )it\b", re.IGNORECASE)
_CONTINUES = re.compile(
    r"[\w'-]+,? (?:and|or|und|oder|et|ou|y|&) [\w'-]+[:?]|(?:a|an|by) (?:[\w'-]+ ){0,3}[\w'-]+\. "
    r"|(?-i:[A-Z]\w+ (?:and|or|&) [A-Z]\w+)\b",
    re.IGNORECASE,
)
"""`noon and night:`, `a poem by Rilke.`: the first word is one of several, or is said to be something."""
_CLAUSE = re.compile(r"(?P<words>[^\n.!?:,;]{1,40}(?:, [^\n.!?:,;]{1,24}){0,3})(?P<end>[.!:?]+)(?=\s)")
_COURTEOUS = ADDRESSEES | PLEASE | THANKS | {word for phrase in GREETINGS for word in phrase.split()}
_CLOSED = re.compile(
    r"\n(?:(?:best|kind|warm|many) )?(?:regards|best|cheers|sincerely|yours \w+|yours|love|saludos|cordialement"
    r"|(?:viele |mit freundlichen |liebe )?gr\u00fc(?:\u00df|ss)en?),?\n[^\n]{1,40}\n\n\s*\S",
    re.IGNORECASE,
)
"""The end of a letter, with an ask after it."""


def speaks_of_first(ask: str) -> bool:
    """Whether a short ask has its subject in the words before it: "is she a cat?", "where do they say it?"."""
    if len(ask) > _SHORT_CHARS:
        return False
    return bool(_SPEAKS.match(ask)) or (bool(_SAYS_IT.match(ask)) and not _EXPLETIVE.search(ask))


_SHORT_CHARS = 120


def is_title(ask: str, idle: frozenset[str] | set[str] = frozenset()) -> bool:
    """Whether the words before a short ask are part of a title or of a list: "Hello, World! Why", "left, or right:".

    idle: words that may follow a courtesy besides those of others.
    """
    if len(ask) > _SHORT_CHARS:
        return False
    if _CONTINUES.match(ask):
        return True
    clause = _CLAUSE.match(ask)
    if clause is None:
        return False
    items = [[word.casefold() for word in WORD.findall(item)] for item in clause["words"].split(", ")]
    is_short = all(0 < len(words) <= _ITEM_WORDS + 1 for words in items)
    if len(items) > 1:
        return is_short and not all(word in idle for word in items[0])
    if clause["end"] == ":":
        return is_short and len(items[0]) >= _ITEM_WORDS
    return clause["end"] in ".!" and len(items[0]) == 1 and items[0][0] not in _COURTEOUS | idle


def is_letter(text: str) -> bool:
    """Whether a letter with a greeting and a closing is in the text, and an ask after it."""
    return "\n\n" in text and bool(_CLOSED.search(text))


_EMOJI_ASK = re.compile(
    r"\b(?:emojis?|smileys?|smilies|emoticons?|symbols?|which film|which movie|guess|decode|riddle)\b", re.IGNORECASE
)
_COURTEOUS_EMOJI = re.compile(
    "[\U0001f600-\U0001f64f\U0001f910-\U0001f92f\U0001f970-\U0001f97a\U0001f440-\U0001f450\U0001f590\U0001f595"
    "\U0001f596\U0001f4aa\U0001f6a8\U0001f389\U0001f494-\U0001f49f\u2764\u2728\u261d\u2639\u263a\u26a0\u270a-\u270d\u2753\u2757\u2615\U0001f680]"
)
_JOINERS = ("\ufe0f", "\u200d", *(chr(code) for code in range(0x1F3FB, 0x1F400)))


def is_content_emoji(emoji: str, ask: str) -> bool:
    """Whether emoji are what the ask is about: several, a thing, or an ask that speaks of them."""
    if _EMOJI_ASK.search(ask[:_LOOK_CHARS]) or ask.endswith((" and", " or", " is", " of", ":", ",")):
        return True
    marks = {mark for mark in emoji if not mark.isspace() and not mark.isascii() and mark not in _JOINERS}
    return len(marks) > 1 or not all(map(_COURTEOUS_EMOJI.match, marks))
