"""The text of the asks that an evaluation names, for a page that shows prompts because that was asked for.

An evaluation holds no text, so that it can be shared. The rows it was made from do: a mapping from source and id to the
beginning of the ask carries it from them to the page, and to nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from router.jsontext import harmless
from router.reading import read
from router.types import ChatRequest, JsonObject
from training.report.evaluation import at
from training.rows.row import TrainingRow

ShownAsks: TypeAlias = Mapping[tuple[str, str], str]
"""By source and id: what a page shows of the ask, on one line."""

NO_ASKS: ShownAsks = MappingProxyType({})
"""For a page that may be shared."""

MAX_CHARACTERS = 300


def shown_asks(evaluation: JsonObject, rows: Iterable[TrainingRow]) -> ShownAsks:
    """The first MAX_CHARACTERS of the ask of each row that the evaluation names, as the classifier reads it.

    rows: those that were measured; others are left out.
    """
    named = {(entry.get("source"), entry.get("id")) for entry in listed(evaluation)}
    return {
        (row.source, row.id): one_line(read(ChatRequest(messages=row.messages)).ask)
        for row in rows
        if (row.source, row.id) in named
    }


def listed(evaluation: JsonObject) -> Iterator[JsonObject]:
    """Every row that an evaluation names, in all its lists; none in an older one."""
    for way in ("too_low", "too_high"):
        yield from at(evaluation, "misses", way, "rows") or ()
    yield from at(evaluation, "near_threshold") or ()


def one_line(text: str) -> str:
    r"""The beginning of a text on one line, with an ellipsis where it goes on; control characters are shown as escapes.

    >>> print(one_line("a\n  b\x1b[2J"))
    a b\u001b[2J
    """
    words = " ".join(text.split())
    return harmless(words[:MAX_CHARACTERS]) + ("…" if len(words) > MAX_CHARACTERS else "")
