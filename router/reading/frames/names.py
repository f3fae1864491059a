"""The names that programs give to a person's words and to what goes with them, in code, settings, tables and shells."""

from __future__ import annotations

import re
from functools import lru_cache

from router.reading.frames.words import ORDER_KEYS, TEXT_KEYS, is_meta_key, tag_words

ASK_NAMES = frozenset("prompt question ask query request utterance instruction frage pregunta inquiry".split())
"""Names that are for an ask alone: `prompt = "..."` needs no other sign."""

_TEXT_NAMES = TEXT_KEYS | ASK_NAMES | frozenset("asks words".split())

ASK_CALLS = frozenset(
    "ask asks complete completion completions generate chat query question invoke request prompt talk converse".split()
)
"""Names of functions and commands that take a person's words and answer them."""

_META_NAMES = frozenset(
    "who whom owner state when region city country culture tone stream retries timeout build via kind seed "
    "temperature tokens model effort department date day month year row col column sheet tab file path folder "
    "shell attempts top p n format level category tags tag mode encoding host_name handle first last sent "
    "age_group unit site project ticket case hex hash uuid key no nr".split()
)


@lru_cache(maxsize=1_024)
def takes_words(name: str) -> bool:
    """Whether a name is one for a person's words: "prompt", "ASK_PROMPT", "input.text"."""
    joined = tag_words(name)
    return joined in _TEXT_NAMES or joined.rpartition("_")[2] in _TEXT_NAMES


@lru_cache(maxsize=1_024)
def takes_ask(name: str) -> bool:
    """Whether a name is one for an ask alone."""
    joined = tag_words(name)
    is_of_user = joined.startswith("user_") and joined in TEXT_KEYS
    return is_of_user or joined.rpartition("_")[2] in ASK_NAMES


@lru_cache(maxsize=1_024)
def is_meta_name(name: str) -> bool:
    """Whether a name is one for metadata: "sender", "max_retries", "client.os"."""
    joined = tag_words(name)
    last = joined.rpartition("_")[2]
    return is_meta_key(name) or is_meta_key(last) or last in _META_NAMES


def orders(name: str) -> bool:
    """Whether a name says what to do with words: "task", "labels"."""
    return tag_words(name).rpartition("_")[2] in ORDER_KEYS - ASK_NAMES - {"format", "mode", "output"}


_ABOUT = re.compile(
    r"\b(?:this|these) (?:(?:whole|same|above|following) )?(?:rows?|cells?|columns?|record|entry|sheet|id"
    r"|field|fields|key|keys|metadata|marker|markers|delimiters?|snippet|command|assignment|literal|here-?doc)\b"
    r"|\bthis (?:request|prompt|message|call|line|table|string|variable|config|configuration|block|comment)\b",
    re.IGNORECASE,
)
_LOOK_CHARS = 300


def is_about_frame(ask: str) -> bool:
    """Whether an ask of one line speaks of the row, the line or the record that it is in.

    A longer ask brings what it speaks of.
    """
    return "\n" not in ask and bool(_ABOUT.search(ask[:_LOOK_CHARS]))


_QUERY = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|select\b.{1,200}\bfrom)\s")


def is_query(text: str) -> bool:
    """Whether a text is a query of a database, not a person's words."""
    return bool(_QUERY.match(text))
