"""Ladders: the steps of one source that are compared, cheap to strong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from training.labels.tier_map import TierMap

TIERS = "tiers"
"""Name of the ladder that the tier map's own tiers are."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps of one source, cheap to strong, at least two.

    steps: names, of tiers or of models.  models: those that make up each step.
    tier_of: the tier that each step is or belongs to, "" none: where its price is looked up if it has none itself.
    """

    source: str
    name: str
    steps: tuple[str, ...]
    models: tuple[tuple[str, ...], ...]
    tier_of: tuple[str, ...]


def ladders_of(source: str, tier_map: TierMap) -> Iterator[Ladder]:
    """The source's tiers as a ladder, if it has two or more, then the ladders that the map names."""
    models = tier_map.sources[source].models
    tiers = tuple(tier for tier in tier_map.tiers if tier in models)
    if len(tiers) > 1:
        yield Ladder(source, TIERS, tiers, tuple(models[tier] for tier in tiers), tiers)
    tier_of = {model: tier for tier, names in models.items() for model in names}
    for name, steps in tier_map.ladders.get(source, {}).items():
        yield Ladder(
            source, name, steps, tuple((step,) for step in steps), tuple(tier_of.get(step, "") for step in steps)
        )
