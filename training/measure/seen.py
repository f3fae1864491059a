"""Rows that a bundle was fitted on: on them it looks better than it is, so they are refused, left out or marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from router.brain import Bundle
from router.errors import DataError
from router.types import JsonObject
from training.labels.dataset import Dataset

SeenRows = Literal["refuse", "leave-out", "keep"]
"""What to do about rows that a bundle was fitted on; `keep` measures them too, and the report says so."""


def without_seen(
    bundles: Sequence[Bundle], data: Dataset, seen_rows: SeenRows
) -> tuple[Dataset, tuple[JsonObject, ...]]:
    """The rows to measure, and each bundle's `trained_on`: how many of the rows given it was fitted on.

    A row that one of the bundles was fitted on is left out for all of them.
    Raises DataError for such rows where they are refused, with each bundle's number, and where none is left.
    """
    every = np.zeros(len(data), dtype=np.bool_)
    texts = data.identifying_texts()
    seen = [every if bundle.trained_on is None else bundle.trained_on.seen(texts) for bundle in bundles]
    any_seen = np.logical_or.reduce(seen)
    found = {bundle.manifest.id: n for bundle, rows in zip(bundles, seen, strict=True) if (n := int(rows.sum()))}
    if found and seen_rows == "refuse":
        raise DataError(_refusal(found, len(data)), where="rows")
    if found and any_seen.all() and seen_rows == "leave-out":
        raise DataError(f"{' or '.join(found)} was fitted on all of these rows; give other ones", where="rows")
    kept = data.take(np.flatnonzero(~any_seen)) if found and seen_rows == "leave-out" else data
    reports = [
        {"known": False} if bundle.trained_on is None else _report(int(rows.sum()), len(data), seen_rows)
        for bundle, rows in zip(bundles, seen, strict=True)
    ]
    return kept, tuple(reports)


def _report(n: int, n_rows: int, seen_rows: SeenRows) -> JsonObject:
    return {"known": True, "n": n, "rows": n_rows, "measured": seen_rows == "keep" and n > 0}


def _refusal(found: dict[str, int], n_rows: int) -> str:
    parts = [f"{name} was fitted on {n:,} of these {n_rows:,} rows" for name, n in found.items()]
    return (
        f"{' and '.join(parts)}, or on rows that differ from them by numbers and ids alone; measured on them it would "
        "look better than it is. Give other rows, or --seen leave-out to measure without them, or --seen keep to "
        "measure them as well"
    )
