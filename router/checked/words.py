"""The words of errors: what was found, what a name could have been, where a value is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""A value's place in a file: keys, and indices within arrays; () is the whole file."""

_SHOWN_CHARACTERS = 40


def not_one_of(value: str, known: Iterable[str], what: str, *, prefix: str = "") -> str:
    """The sentence for a name that is unknown, without its full stop.

    what: with its article.  prefix: of the names, where the user writes one before them.

    >>> not_one_of("budjet", ("budget", "frontier"), "a tier")
    "'budjet' is not a tier; use one of: budget, frontier. Did you mean 'budget'?"
    """
    names = list(known)
    shown = value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}..."
    return f"{shown!r} is not {what}; use one of: {', '.join(names)}{did_you_mean(value, names, prefix=prefix)}"


def did_you_mean(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """A full stop and the question, for a near miss; "" for a word that is far from all."""
    close = get_close_matches(word, list(known), n=1)
    return f". Did you mean {prefix + close[0]!r}?" if close else ""


def found(value: object, *, is_hidden: bool = False, table: str = "an object") -> str:
    """A value of a file in one short line.

    is_hidden: of strings only the length, as they may be secret or private.  table: the file format's own word.
    """
    match value:
        case str():
            n = f"{len(value)} character{'' if len(value) == 1 else 's'}"
            if is_hidden:
                return f"a string of {n}"
            cut = value[:_SHOWN_CHARACTERS]
            return json.dumps(cut) if cut == value else f"{json.dumps(cut)}... ({n})"
        case int() if value.bit_length() > 64:
            return "a number of more than 64 bits"
        case None | bool() | int() | float():
            return json.dumps(value).lower()
        case list() | tuple():
            return f"an array of {len(value)}"
        case dict():
            return f"{table} of {len(value)}"
        case _:
            return f"a {type(value).__name__}"


def sentence(message: str) -> str:
    """The message with a full stop, if it has no end yet."""
    return message if message.endswith((".", "?")) else f"{message}."


def written(place: Place) -> str:
    """A place as people write it.

    >>> written(("tiers", 0, "models")), written(("catalog", "openai/gpt-5.4"))
    ('tiers[0].models', 'catalog."openai/gpt-5.4"')
    """
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            is_plain = part.replace("_", "").replace("-", "").isalnum()
            text += ("." if text else "") + (part if is_plain else json.dumps(part))
    return text
