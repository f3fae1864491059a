"""Whether an ask needs the lines around it: rows of data, facts that it is to be made from, things that it compares."""

from __future__ import annotations

import re
from itertools import pairwise

from router.reading.frames.points import ends_pointing, is_bare_order, points_at_record, points_back

_SHORT_CHARS = 140
"""A longer ask brings what it is about."""
_MOST_LINES = 40

_LETTERS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_DIGITS = re.compile(r"\d+")


def has_rows(lines: list[str]) -> bool:
    """Whether lines next to one another have one shape, as rows of data have: `Mon 82`, `Tue 79`.

    Two with numbers are rows, or three of a few words each, as names in a letter's head are fewer.
    """
    shapes = [_shape(line) for line in lines[:_MOST_LINES]]
    n_alike = 1
    for one, other in pairwise(shapes):
        n_alike = n_alike + 1 if one and one == other else 1
        if n_alike > 1 and ("9" in other or n_alike > _MOST_NAMES):
            return True
    return False


def _shape(line: str) -> str:
    """A line with "a" for each run of words and "9" for each number; "" of any other line."""
    shape = _DIGITS.sub("9", _LETTERS.sub("a", line.strip()))
    if shape.startswith(("[", "- [")) or not any(mark in shape for mark in "a9"):
        return ""
    is_long = shape.count("a") > _MOST_ROW_WORDS and "9" not in shape
    return "" if is_long or (shape.endswith(".") and "9" not in shape) else _RUN.sub("a", shape)


_MOST_NAMES = 2
_MOST_ROW_WORDS = 4
_RUN = re.compile(r"a(?: a)+")

_PAIRS = re.compile(
    r"(?:[^\W\d_]+:? \d[\d.:,%]*[\u2026,;|\t ]+(?:and )?){2}[^\W\d_]+:? \d|(?:[^\W\d_]+:? \d[\d.:%]*[,;] ?){2}"
)
"""Names with numbers in a line: `Mon 82, Tue 79, Wed 81`."""

_COMPARES = re.compile(
    r"\b(?:them|they|each|both|these|those|either|every|all of|which (?:one|of)"
    r"|the (?:first|second|last|latter|former|later|earlier|other|others|numbers?|names?|words?|list|rows?|values?"
    r"|times?|dates?|sum|total|average|mean|difference|overlap|order|rate|connection|results?|trip|job|two|three|rest|gap|trend"
    r"|winner|order|time left|facts|meetings?|calls?)"
    r"|sum|average|overlap|clash\w*|sort|forecast|significan\w+|league table|better than|compare\w*|more expensive"
    r"|next column|in order|good order"
    r"|(?:my|the|our) (?:sign|hashtags?|caption|photo|reel|account|facts|agenda|row|race))\b",
    re.IGNORECASE,
)
"""Words of a short ask for things that it does not name."""

_MADE = re.compile(
    r"(?:please |can you |could you |now |help me )?(?:write|draft|make|create|propose|suggest|plan|turn|put|add|find"
    r"|assign|estimate|schedule|shift|rank|format|improve|continue|finish|calculate|compute|give|fill|design|prepare"
    r"|what (?:price|should|gear|would)|how (?:much|long|many|far|old)|when (?:must|should|can|do)|will i|is there"
    r"|is it|is my|am i|do i|which)\b",
    re.IGNORECASE,
)
"""How an ask begins that takes what it is about from facts near it."""
_FACT = re.compile(r"\W{0,3}(?P<label>[^\W\d_][\w ./#-]{0,30}?)(?: ?:| [\u2013-]) *(?P<value>\S.*)")
_OF_PROGRAMS = frozenset(
    "due owner estimate sprint queue caller verified assignee members watchers comments grader reference expected rsvp"
    " tags id uid ref re next call step part badge skill wait channel via app where left contact organiser organizer"
    " date pages next time signed sent received posted updated created edited uses likes share views points model stop"
    " temperature variables split weight answer key wrap-up code requester reporter ticket status priority plan since"
    " sender handle room board column card item lead by fax run".split()
)
_MOST_WORDS_MADE = 7


def needs_lines(ask: str, lines: list[str], *, are_after: bool) -> bool:
    """Whether an ask may need the lines that are to come off: then they stay.

    are_after: whether all of them follow the ask, as what it is to be made from does.
    """
    if points_at_record(ask) or is_bare_order(ask) or ends_pointing(ask):
        return True
    if has_rows(lines) or any(_PAIRS.search(line) for line in lines[:_MOST_LINES]):
        return True
    if len(ask) > _SHORT_CHARS:
        return False
    if points_back(ask) or _COMPARES.search(ask):
        return True
    is_made = len(ask.split()) <= _MOST_WORDS_MADE and bool(_MADE.match(ask))
    return is_made and (are_after or any(_is_fact(line) for line in lines[:_MOST_LINES]))


def _is_fact(line: str) -> bool:
    """Whether a line is a field that no program needs to write: `Title: The Lost Key`."""
    fact = _FACT.fullmatch(line.strip())
    return fact is not None and not any(word in _OF_PROGRAMS for word in fact["label"].lower().split())
