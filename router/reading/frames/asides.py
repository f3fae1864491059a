"""Remarks about the day in parentheses or behind "by the way": idle where the ask is about something else."""

from __future__ import annotations

import re

from router.reading.frames.closer_words import ASIDES
from router.reading.frames.idle import Idle

_ASIDE = Idle(ASIDES)
_MARK = re.compile(r"(?:by the way|btw|side note|unrelated|off[- ]topic|incidentally|p\.?s\.?)[,:]? ", re.IGNORECASE)
_ABOUT_THE_DAY = re.compile(
    r"\b(?:should|wear|weather|today|tonight|outside|outdoors?|go|going|eat|drink|cook|walk|bring|plans?|feel|sleep|drive"
    r"|travel|run|runs|umbrella|clothes"
    r"|warm|cold|hot|terrace|patio|garden|restaurants?|caf\u00e9s?|beach|park|picnic|hike|ideas? for)\b",
    re.IGNORECASE,
)
"""An ask with one of these may depend on the weather or the hour."""
LAST_IN_ASIDES = _ASIDE.last_words
_LEAST_CHARS = 4


def is_idle_aside(remark: str, ask: str) -> bool:
    """Whether a remark says something of the day, by the way, and the ask is about something else."""
    mark = _MARK.match(remark)
    if mark is None:
        return False
    words = _ASIDE.words_of(remark[mark.end() :])
    if not _ASIDE.holds(words) or _ABOUT_THE_DAY.search(ask):
        return False
    asked = ask.casefold()
    return not any(word in asked for word in words if len(word) >= _LEAST_CHARS)
