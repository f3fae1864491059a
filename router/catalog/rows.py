"""The shipped rows, read from models.json."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from router.types import Capability, JsonObject, ModelSpec

DEFAULT_TIERS = ("budget", "production", "frontier")
"""The tiers that the catalog's models belong to, cheap to strong: those of a configuration and of a tier map that name
none."""


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """A model of the catalog.

    tiers: those that it is of by default.
    stands_in: further ones, which it serves where no provider that can be called has a model of theirs.
    default: whether it is in them where nothing is configured and no provider has a key.
    source: of the facts.  checked: the day, YYYY-MM-DD.  note: what the source does not show; "" without one.
    """

    tiers: tuple[str, ...]
    stands_in: tuple[str, ...]
    spec: ModelSpec
    default: bool
    source: str
    checked: str
    note: str


@cache
def _document() -> JsonObject:
    document: JsonObject = json.loads(Path(__file__).with_name("models.json").read_text("utf-8"))
    return document


@cache
def catalog() -> dict[str, CatalogRow]:
    """The shipped rows by model name."""
    return {row["model"]: _row(row) for row in _document()["models"]}


def without_defaults() -> dict[str, str]:
    """Shipped providers whose key alone fills no tier, each with the reason and what to do instead."""
    return dict(_document()["without_defaults"])


def default_models(tier: str, *, usable: Collection[str] = ()) -> tuple[ModelSpec, ...]:
    """The models of a tier where nothing is configured, the cheapest first.

    usable: providers that can be called. Where any of them has a model of the tier, the tier is filled with theirs
    alone, else with the best that they have: a key at one provider is enough to serve every tier.
    """
    rows = catalog().values()
    own = [row for row in rows if row.spec.provider in usable]
    chosen = (
        [row for row in own if tier in row.tiers]
        or [row for row in own if tier in row.stands_in]
        or [row for row in rows if tier in row.tiers and row.default]
    )
    return tuple(sorted((row.spec for row in chosen), key=typical_cost_usd))


def typical_cost_usd(spec: ModelSpec) -> float:
    """USD of a request of 1,000 tokens that is answered with 500: what models are ordered by."""
    return spec.cost_usd(input_tokens=1_000, output_tokens=500)


def _row(row: JsonObject) -> CatalogRow:
    spec = ModelSpec(
        model=row["model"],
        input_usd_per_million=float(row["input_usd_per_million"]),
        output_usd_per_million=float(row["output_usd_per_million"]),
        context_window=row["context_window"],
        max_output_tokens=row["max_output_tokens"],
        capabilities=frozenset(Capability(name) for name in row["capabilities"]),
        cache_read_usd_per_million=row["cache_read_usd_per_million"],
        cache_write_usd_per_million=row["cache_write_usd_per_million"],
    )
    return CatalogRow(
        tuple(row["tiers"]),
        tuple(row.get("stands_in", ())),
        spec,
        row["default"],
        row["source"],
        row["checked"],
        row.get("note", ""),
    )
