"""Which rows are fitted on, which calibrate, which only ever measure. Groups are never split.

A group's side follows from a hash of the seed and the group's name alone, so rows that are added later do not move
the old ones (unless they link two groups), and a question that two sources share is on one side in both.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from training.rows.row import TrainingRow, group_keys

RowIndex: TypeAlias = npt.NDArray[np.intp]
GroupNames: TypeAlias = Sequence[str] | npt.NDArray[np.str_]

SPLIT_RULE = (
    "by group: rows that share a qhash, template, pair, conversation or their words, numbers and ids aside; "
    "side by sha256 of seed and group"
)


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Row positions of the three sides, each ascending; together they are all rows."""

    fit: RowIndex
    calibrate: RowIndex
    test: RowIndex


def group_names(rows: Sequence[TrainingRow]) -> list[str]:
    """Each row's group: the least key of all rows that are linked to it by shared keys, however indirectly."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := parent.setdefault(key, key)) != key:
            parent[key] = key = parent[above]
        return key

    keys = [(*group_keys(row), *_text_keys(row)) for row in rows]
    for linked in keys:
        roots = sorted({root(key) for key in linked})
        for other in roots[1:]:
            parent[other] = roots[0]
    return [root(linked[0]) for linked in keys]


def n_near_duplicates(rows: Sequence[TrainingRow]) -> int:
    """How many rows have a twin with other words that differ by numbers, stamps and ids only."""
    texts: dict[str, set[str]] = {}
    keys = [_text_keys(row) for row in rows]
    for text, *near in keys:
        for key in near:
            texts.setdefault(key, set()).add(text)
    return sum(len(texts[key]) > 1 for _, *near in keys for key in near)


def _text_keys(row: TrainingRow) -> tuple[str, ...]:
    """Keys of the conversation's words, as they are and without numbers, stamps and ids.

    Retries and copies of one request stay together, whatever their ids, also those inside the text. A text that
    is little more than numbers has no second key.
    """
    said = "\n".join(message.text for message in row.messages).lower()
    words = _NO_WORD.sub(" ", said).strip()
    near = masked_words(said)
    if len(_NUMBER_OR_ID.sub("", near)) < _MIN_NEAR_CHARS:
        return (f"text:{_digest(words)}",)
    # "words:" sorts after every other key, so that a group's name, and with it its side, is what it was without it
    return f"text:{_digest(words)}", f"words:{_digest(near)}"


def masked_words(text: str) -> str:
    """The words of a text in lower case, one blank between them, without numbers, dates, stamps and ids.

    >>> masked_words("Order #4711 is late (2026-11-03)!")
    'is late'
    """
    return _NO_WORD.sub(" ", _NUMBER_OR_ID.sub(" ", text.lower())).strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_MIN_NEAR_CHARS = 12
"""Fewer characters of words ("what is 7 x 8") do not show a copy."""

_NO_WORD = re.compile(r"[\W_]+")
_TIME_WORDS = (
    r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|jan(?:uary)?"
    r"|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?|am|pm|utc|gmt|cet|cest|est|edt|pst|pdt"
)
_NUMBER_OR_ID = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # a UUID
    # a name of an id and its value: "request id: kfjwq", "trace=ab-cd", "req_hXkP"
    r"|\b(?:id|(?:ref|ticket|session|request|trace|order|case|nonce|token)(?: ?(?:id|no|nr|number))?)"
    r"[ \t]*[:=#][ \t]*[\w.:/-]+"
    r"|\b(?:req|msg|run|trace|call)_\w+"
    rf"|\b(?:{_TIME_WORDS})\b(?=[ ,.]*\d)|(?<=\d)[ ,.]*\b(?:{_TIME_WORDS})\b"
    r"|\b[0-9a-f]{12,}\b"
    r"|(?:\b[a-z]{1,8}[-/#])?\w*\d\w*"
)
"""In lower case: what is new with each copy of a request."""


def group_fractions(groups: GroupNames, *, seed: int) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each row, the same for all rows of a group, uniform over groups."""
    cache: dict[str, float] = {}
    for group in groups:
        if group not in cache:
            digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
            cache[group] = int.from_bytes(digest[:8], "big") / 2.0**64
    return np.array([cache[group] for group in groups], dtype=np.float64)


def split_rows(groups: GroupNames, *, calibrate_share: float, test_share: float, seed: int) -> Splits:
    """The three sides, of about the given shares of the groups; the rest is fitted on."""
    fractions = group_fractions(groups, seed=seed)
    test = fractions < test_share
    calibrate = ~test & (fractions < test_share + calibrate_share)
    return Splits(
        fit=np.flatnonzero(~test & ~calibrate), calibrate=np.flatnonzero(calibrate), test=np.flatnonzero(test)
    )


def group_folds(groups: GroupNames, *, n_folds: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each row in 0..n_folds-1: groups are shuffled and dealt out, so folds hold equally many groups."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[position]: rank % n_folds for rank, position in enumerate(order.tolist())}
    return np.array([fold_of[group] for group in groups], dtype=np.int64)
