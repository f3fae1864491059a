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
    "by group: rows that share a qhash, template, pair, conversation or their words; side by sha256 of seed and group"
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

    keys = [(*group_keys(row), _text_key(row)) for row in rows]
    for linked in keys:
        roots = sorted({root(key) for key in linked})
        for other in roots[1:]:
            parent[other] = roots[0]
    return [root(linked[0]) for linked in keys]


def _text_key(row: TrainingRow) -> str:
    """A key of the conversation's words: retries and copies of one request stay together, whatever their ids."""
    words = _NO_WORD.sub(" ", "\n".join(message.text for message in row.messages).lower()).strip()
    return "text:" + hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


_NO_WORD = re.compile(r"[\W_]+")


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
