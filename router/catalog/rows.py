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

    tier: the tier that it is of by default.  default: whether it is in that tier where nothing is configured.
    source: of the facts.  checked: the day, YYYY-MM-DD.  note: what the source does not show; "" without one.
    """

    tier: str
    spec: ModelSpec
    default: bool
    source: str
    checked: str
    note: str


@cache
def catalog() -> dict[str, CatalogRow]:
    """The shipped rows by model name, in the order of preference within a tier."""
    rows = json.loads(Path(__file__).with_name("models.json").read_text("utf-8"))["models"]
    return {row["model"]: _row(row) for row in rows}


def default_models(tier: str, *, usable: Collection[str] = ()) -> tuple[ModelSpec, ...]:
    """The models of a tier where nothing is configured, the preferred one first.

    usable: providers that can be called. Where any of them has a model of the tier, the tier is filled with theirs
    alone, the default ones first: a key at one provider is enough to serve every tier that it has models for.
    """
    of_tier = [row for row in catalog().values() if row.tier == tier]
    own = [row for row in of_tier if row.spec.model.partition("/")[0] in usable]
    ordered = sorted(own, key=lambda row: not row.default) or [row for row in of_tier if row.default]
    return tuple(row.spec for row in ordered)


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
    return CatalogRow(row["tier"], spec, row["default"], row["source"], row["checked"], row.get("note", ""))
