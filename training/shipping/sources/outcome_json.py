"""The shape of a converted row: the one place that hashes question stems, rounds scores and orders keys."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

JsonRow: TypeAlias = dict[str, Any]
"""A row before it is encoded; keys are written in this order."""


def normalise(stem: str) -> str:
    """Lower case, with every run of punctuation and space as one space."""
    return re.sub(r"[\W_]+", " ", stem.lower()).strip()


def qhash(stem: str) -> str:
    """16 hex digits that name a question wherever it occurs: a hash of its normalised stem, without the options."""
    # An identifier, not for security: the public rows were published with it.
    return hashlib.sha1(normalise(stem).encode(), usedforsecurity=False).hexdigest()[:16]


def outcome_row(
    source: str,
    row_id: object,
    *,
    category: str,
    prompt: str,
    outcomes: Mapping[str, float],
    metric: str,
    stem: str | None = None,
    **extra: object,
) -> JsonRow:
    """A row as it is written.

    stem: what is hashed, if not the whole prompt.  extra: more fields, in order; None, {} and "" are left out.
    """
    row: JsonRow = {
        "id": f"{source}/{row_id}",
        "source": source,
        "category": category,
        "prompt": prompt,
        "qhash": qhash(prompt if stem is None else stem),
        "outcomes": {model: round(float(score), 4) for model, score in outcomes.items()},
        "metric": metric,
    }
    return row | {key: value for key, value in extra.items() if value not in (None, {}, "")}


def lettered(options: Iterable[object]) -> str:
    """The options of a question, one per line: `A. first`. Raises IndexError from the eleventh."""
    return "\n".join(f"{'ABCDEFGHIJ'[index]}. {option}" for index, option in enumerate(options))


def encode_row(row: JsonRow) -> bytes:
    """One line of JSON, UTF-8, no spaces."""
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
