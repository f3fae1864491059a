"""What a line of a text is: a program's own, a mere edge, or possibly a person's.

A program's line has nothing but names, numbers, times, addresses and the closed class of words that programs use for
their own things (program_words.py), or a form that tells: an item of a list that is done, a name in a rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.reading.frames.fields import is_plain_field
from router.reading.frames.program_words import ABOUT_WORDS, ASK_NAMES, NEEDED_WORDS, OWN_WORDS, SMALL_WORDS

LINE_CHARS = 160
"""A longer line is a person's."""
SURE = 2
"""How much lines must say together that they are a program's."""

_TOKEN = re.compile(r"[^\W_][\w'\u2019.+/@-]*[\w+]|[^\W_]")
RULE = re.compile(r"(?P<mark>[^\w\s`'\"{}()<>|;,.])(?:[ \t]?(?P=mark)){2,80}|[\u2500-\u257f_=~*#\u2014-]{3,90}")
_RULED = re.compile(
    r"(?P<mark>[*=#~_\u2500-\u257f-])(?:[ \t]?[*=#~_\u2500-\u257f-]){2,40} ?(?P<name>[^\n]{1,80}?)"
    r" ?[*=#~_\u2500-\u257f-](?:[ \t]?[*=#~_\u2500-\u257f-]){2,40}"
)
"""A name in a rule: `*** INCOMING ***`, `----- BEGIN REQUEST 4f2a -----`."""
STAMP = re.compile(
    r"\d{1,2}[:h]\d{2}\b|\d{4}-\d{2}|\d{1,2}[./]\d{1,2}[./]|[\w.+-]{1,60}@[\w.-]{1,60}|@[\w-]{2,}|\+\d[\d ()-]{6,}"
    r"|\b[0-9a-f]{8,}\b|\b[ru]/\w|\bv\d|#\d{4,}"
)
"""What a program writes and hardly a person: a time, a date, an address, a handle, an id."""
_STARTS = re.compile("[^\\w\\s`'\"{}<>;,.!?\u00bf\u00a1-]|[^\\W\\d_a-z]|\\d|[a-z]/\\w")
"""How a program's line begins: not as code, a list or a sentence in small letters."""
_SMALL = re.compile(
    r"[a-z][\w-]{1,20}(?: ?[:\u00b7|\u2022]| \d"
    r"| (?:by|from|via|is|on|at|for|every|share|mon|tue|wed|thu|fri|sat|sun)\b)"
)
"""How a program's line in small letters begins: `edited \u00b7 en`, `tags: web`, `asked 2 days ago`."""
_CODE = re.compile(
    " {3}|\\b(?:INFO|DEBUG|WARN|WARNING|ERROR|FATAL|TRACE)\\b|[={};`\\\\]|\\w\\(|::|\t|^\\|"
    "|\\|[^|]*\\|[^|]*\\|[^|]*\\||[a-z]\\.[a-z]{1,20}\\("
)
_ENDS_ASKING = ("?", "\uff1f", "\u061f")
_ICONS = re.compile("[\\W\\d_]{0,3}[\u2190-\u2bff\U0001f300-\U0001faff]\ufe0f?[\\W\\d_]{1,40}")
"""Icons with counts: `\U0001f4ac 2  \u2665 14`."""
_HASHES = re.compile(r"(?:#\w[\w-]{1,30}(?: [^\W\d_a-z]\w{1,20})?[ \t,]*){1,12}")
DONE = re.compile(
    "done(?: so far)?: .{1,120}|(?:[-*] )?(?:\\[[xX]\\]|[\u2611\u2714\u2713\u2705])[ \t]\\S.{0,100}"
    "|(?:\\d{1,2}[.)]|step \\d{1,2}[.:]) .{1,80}(?:: done|\\(done\\)|: ok)[.]?",
    re.IGNORECASE,
)
"""An item of a list that is done."""
_SALUTES = re.compile(
    "(?:dea[r]|sehr geehrte|liebe|ch[e\u00e8]re?s?|madame|monsieur|estimad[oa]s?|gentil[ei]|egregi[oa]?|prezad[oa]s?"
    "|geachte|szanown[iya]|to whom it may concern|\u0443\u0432\u0430\u0436\u0430\u0435\u043c\u044b[\u0435\u0439])"
    "\\b[^\n.?!]{0,60}[,:!]?|\u62dd\u5553|\u5c0a\u656c\u7684[^\n]{1,12}",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    "(?:yours(?: (?:faithfully|sincerely|truly))?|love|(?:with )?(?:kind|best|warm)? ?regards|sincerely"
    "|hochachtungsvoll|mit (?:freundlichen|besten) gr\u00fc\u00dfen|cordialement|veuillez agr\u00e9er [^\n]{1,80}"
    "|atentamente|saludos(?: cordiales)?|(?:distinti|cordiali) saluti|com os melhores cumprimentos|atenciosamente"
    "|met vriendelijke groet|z powa\u017caniem|\u0441 \u0443\u0432\u0430\u0436\u0435\u043d\u0438\u0435\u043c"
    "|\u656c\u5177|\u6b64\u81f4|signed (?:in|by|at) [^\n]{1,60})[,.!]?(?: (?-i:[A-Z])\\w{1,20}){0,2}",
    re.IGNORECASE,
)
"""How a letter begins, and how it ends."""
_CJK_LABEL = re.compile(
    "[^\n\u3002\uff1f?!\uff01]{0,14}(?:\u95ee\u9898|\u554f\u984c|\u6d88\u606f|\u8bf7\u6c42|\u9700\u6c42|\u54a8\u8be2"
    "|\u8cea\u554f|\u30e1\u30c3\u30bb\u30fc\u30b8|\u554f\u3044\u5408\u308f\u305b|\u4f9d\u983c"
    "|\u30ea\u30af\u30a8\u30b9\u30c8|\uc9c8\ubb38|\ubb38\uc758|\uba54\uc2dc\uc9c0|\uc694\uccad)"
    "[^\n\u3002\uff1f?!\uff01]{0,20}"
)
_CJK_END = re.compile(
    "(?:\u4ee5\u4e0a|\u7ed3\u675f|\u7d42\u308f\u308a|\ub05d)(?: ?[(\uff08][^\n]{1,12}[)\uff09])?[\u3002]?"
)
CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SPAN = re.compile('[@#/][\\w.-]{2,40}|\\b[a-z]{2}-[A-Z]{2}\\b|"[^"\n ]{1,40}"|\u201c[^\u201d\n]{1,40}\u201d')
"""A handle, a tag, a command, a locale, a name in quotation marks."""


@dataclass(frozen=True, slots=True)
class Line:
    """How sure a line is a program's (`score`, 0 where it may be a person's), and whether it only marks an edge."""

    score: int
    is_edge: bool = False


NO_LINE = Line(0)
_EDGE = Line(0, is_edge=True)


def line_of(bare: str, *, last: bool = False) -> Line:
    """What a line is. last: whether it follows the ask."""
    if not bare or len(bare) > LINE_CHARS or _is_prose(bare):
        return NO_LINE
    if RULE.fullmatch(bare):
        return _EDGE
    if bare[-1] in ':."' and _TO_DO.match(bare):
        return NO_LINE
    if (known := _known(bare, last=last)) is not None:
        return known
    if is_plain_field(bare):
        return _EDGE
    if bare.partition(":")[0].lower() in NEEDED_WORDS:
        return NO_LINE
    is_small = not _STARTS.match(bare) and not (_SMALL.match(bare) and (last or STAMP.search(bare)))
    is_order = not last and bool(_ORDER.match(bare)) and (bare[-1] == "." or not _MACHINE_MARK.search(bare))
    is_order = is_order or bool(_NUMBERED.match(bare)) or (not last and bool(_SAYS_SO.search(bare)))
    if is_small or is_order or _CODE.search(bare) or bare.endswith(_ENDS_ASKING):
        return NO_LINE
    words = _Words.of(_SPAN.sub(" 0 ", bare))
    is_stamped = bool(words.machine) and bool(STAMP.search(bare))
    if words.other:
        is_mostly = words.other == 1 and (
            is_stamped or (words.own and (words.own + words.machine > 1 or bare[-1] == ":"))
        )
        if is_mostly or _is_about(bare) or _is_label(bare):
            return Line(2 if words.other == 1 and words.own > 2 else 1)
        return NO_LINE
    if words.own:
        return Line(2 if words.machine or words.own > 1 or _PARTED.search(bare) else 1)
    if is_stamped and (words.names or not last or len(bare) <= _DATE_CHARS):
        return Line(1)
    is_name = words.names and words.names <= 4 and not words.small and words.machine < 2 and _is_name(bare)
    return _EDGE if is_name or not (words.names or words.small or words.machine) else NO_LINE


_LOOK_WORDS = 16
_MOST_OTHERS = 3
_KNOWN_WORDS = OWN_WORDS | SMALL_WORDS | ASK_NAMES | ABOUT_WORDS


def _is_prose(bare: str) -> bool:
    """Whether several of the first words are a person's: most lines of a person are settled by it."""
    if bare[0] in _MARKS or not bare[0].isalnum():
        return False
    n_others = 0
    for word in bare.split(None, _LOOK_WORDS)[1:_LOOK_WORDS]:
        n_others += word.islower() and word.isalpha() and word not in _KNOWN_WORDS
    return n_others >= _MOST_OTHERS and not DONE.match(bare)


_ORDER = re.compile(
    r"(?:please )?(?:plan|ask|reply|answer|open|post|share|copy|edit|run|read|follow|note|call|press|tap|click|save"
    r"|view|sign|move|assign|close|forward|report|set|wait|name|label|tag|list|describe|scan|check)\b",
    re.IGNORECASE,
)
"""An order that a person may begin with: `Reply to the message.`."""
_VERB = re.compile(r"\W{0,3}[^\W\d_a-z][^\W\d_]+ (?:[a-z]|my\b|me\b|a\b|the\b)")
"""A word with a capital before one in small letters: "Make a", not a name."""
_TO_DO = re.compile(
    r"(?:please )?(?:summari[sz]e|translate|classify|explain|rewrite|rephrase|proofread|shorten|extract|convert|parse"
    r"|improve|compare|sort|rank|count|find|draft|fasse|\u00fcbersetze|resume|traduce|r\u00e9sume|traduis"
    r"|(?:reply|respond|answer) in) ",
    re.IGNORECASE,
)
"""An order that no program gives before an ask: `Summarise the thread:`."""
_MACHINE_MARK = re.compile("[\\d:|\u2022\u00b7,@#/\u2192>]")
_NUMBERED = re.compile(r"\d{1,2}[.)] ")
_SAYS_SO = re.compile(
    r"^(?!the (?:text|user|visitor|message)).*\b(?:is|are|was|were|have|has|am)\b[^:]*\.$", re.IGNORECASE
)
"""A sentence that says what is so: `Today is Friday.`"""
_PARTED = re.compile(" [\u2022\u00b7|] ")
_DATE_CHARS = 20
_MOST_VALUE_WORDS = 2


def _is_label(bare: str) -> bool:
    """Whether a line is a program's label with a word or two: `Grader: human`."""
    label, _, value = bare.partition(": ")
    words = _Words.of(label)
    is_own = words.own and not (words.other or words.names or words.machine or names_ask(label, ASK_NAMES))
    return bool(is_own) and len(value.split()) <= _MOST_VALUE_WORDS and not value.endswith((".", "!"))


def _known(bare: str, *, last: bool) -> Line | None:
    """What a line is by its form alone; None where its words must tell."""
    if bare[0] in _MARKS:
        if DONE.match(bare):
            return _SURE_LINE
        if ruled := _RULED.fullmatch(bare):
            return NO_LINE if has_others(ruled["name"]) else _SURE_LINE
        if _HASHES.fullmatch(bare):
            return Line(1) if last else NO_LINE
        if _ICONS.fullmatch(bare):
            return Line(1)
    elif DONE.fullmatch(bare):
        return _SURE_LINE
    if (_CLOSES if last else _SALUTES).fullmatch(bare):
        return _EDGE if last else Line(1)
    if CJK.search(bare):
        return _SURE_LINE if len(bare) <= 40 and (_CJK_END if last else _CJK_LABEL).fullmatch(bare) else NO_LINE
    return None


@dataclass(slots=True)
class _Words:
    """How many words of a line are a program's own, small, names, machine's (numbers, times, addresses), or others."""

    own: int = 0
    small: int = 0
    names: int = 0
    machine: int = 0
    other: int = 0

    @classmethod
    def of(cls, bare: str) -> _Words:
        """The words of a line, counted."""
        words = cls()
        ends, is_first = bare.endswith((".", "!")), True
        for token in _TOKEN.findall(_SLASH.sub(" ", bare)):
            lower = _bare_word(token)
            is_verb = is_first and (ends or bool(_VERB.match(bare)))  # the first word of a sentence
            is_first = False
            if lower in OWN_WORDS or lower in ASK_NAMES:
                words.own += 1
            elif lower in SMALL_WORDS or (len(lower) == 1 and lower.isalpha()):
                words.small += 1
            elif not token.isalpha() and not _MACHINE.isdisjoint(token):
                words.machine += 1
            elif token[0].isupper() and not is_verb and len(token) < 20 and (len(token) < 5 or not token.isupper()):
                words.names += 1
            else:
                words.other += 1
        return words


def _bare_word(token: str) -> str:
    """A word in small letters without the mark at its end and without a genitive."""
    return token.lower().rstrip(".'\u2019").removesuffix("'s").removesuffix("\u2019s")


def has_others(bare: str) -> bool:
    """Whether a line has words that are neither a program's, nor small, nor names."""
    return _Words.of(_SPAN.sub(" 0 ", bare)).other > 0


_MACHINE = frozenset("0123456789@/_.")
_SLASH = re.compile(r"(?<=[^\W\d_])/(?=[^\W\d_]{3})")
_MARKS = (
    frozenset("[-*=#~_\u2611\u2714\u2713\u2705\u25b2\u25bc\u2605\u2606\u2665\u2661")
    | frozenset(map(chr, range(0x2500, 0x2580)))
    | frozenset(map(chr, range(0x1F300, 0x1FB00)))
)
"""What a line begins with whose form alone may tell."""
_SURE_LINE = Line(SURE)
_NAME = re.compile(
    "[\\W_]{0,4}(?:(?:[^\\W\\d_][\\w'\u2019.-]{0,20}|\\d{1,5}|&)(?:, | & | and | |: ?)?){1,5}[\\W_]{0,6}"
)


def _is_name(bare: str) -> bool:
    """Whether a line is a name, or names, and nothing that ends a sentence."""
    return bool(_NAME.fullmatch(bare)) and not bare.endswith((".", "!", "?"))


def _is_about(bare: str) -> bool:
    """Whether a line is a program's sentence about the text itself, or what to press."""
    words = [_bare_word(one) for one in _TOKEN.findall(bare) if one[0].isalpha()]
    n_about = sum(word in ABOUT_WORDS for word in words)
    n_known = sum(word in ABOUT_WORDS or word in SMALL_WORDS or word in OWN_WORDS for word in words)
    return len(words) > 1 and n_about > 0 and n_known >= len(words) - len(words) // 4


def names_ask(prefix: str, names: frozenset[str]) -> bool:
    """Whether a label says that a person's words follow."""
    words = [_bare_word(one) for one in _TOKEN.findall(prefix) if one[0].isalpha()]
    return any(word in names for word in words)
