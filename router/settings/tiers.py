"""The models of each tier, with the shipped facts and prices and the operator's own over them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from router.catalog import DEFAULT_TIERS, UnknownModel, catalog, default_models, list_price
from router.checked.document import Document
from router.checked.words import Place, did_you_mean
from router.settings.file import ConfigFile, FactsTable, ModelTable
from router.settings.values import TierSettings
from router.types import Capability, ModelSpec

PRICES = ("input_usd_per_million", "output_usd_per_million")


def build_tiers(file: ConfigFile, document: Document, *, usable: Collection[str]) -> tuple[TierSettings, ...]:
    """The tiers, cheap to strong; without any in the file the default ones, filled from the `usable` providers.

    Adds a fault for a model without a price: a price that is not known is never 0.
    """
    shipped = {name: row.spec for name, row in catalog().items()}
    known = shipped | {
        name: _spec(name, table, shipped, document, ("catalog", name)) for name, table in file.catalog.items()
    }
    if file.tiers is None:
        return tuple(
            TierSettings(name, tuple(known[spec.model] for spec in default_models(name, usable=usable)))
            for name in DEFAULT_TIERS
        )
    return tuple(
        TierSettings(
            tier.name,
            tuple(
                _at_effort(table, known, document, ("tiers", index, "models", position))
                for position, table in enumerate(tier.models)
            ),
        )
        for index, tier in enumerate(file.tiers)
    )


def _at_effort(table: ModelTable, known: Mapping[str, ModelSpec], document: Document, place: Place) -> ModelSpec:
    """The model at the tier's effort. Adds a fault for one that is known not to think."""
    spec = _spec(table.model, table, known, document, place)
    thinks = spec.capabilities is None or Capability.EFFORT in spec.capabilities
    if table.effort not in (None, "none") and not thinks:
        document.fault(
            (*place, "effort"),
            f"expected a model that thinks, and {table.model} does not. Leave the effort out, or add "
            f'"{Capability.EFFORT}" to its capabilities where that is wrong',
        )
    return replace(spec, effort=table.effort)


def _spec(name: str, table: FactsTable, known: Mapping[str, ModelSpec], document: Document, place: Place) -> ModelSpec:
    """The model, with prices of its own, of the catalog or of genai-prices, in this order."""
    facts = table.facts
    if name in known:
        return replace(known[name], **facts)
    given = [price for price in PRICES if price in facts]
    if not given:
        return replace(_listed(name, document, place), **facts)
    for price in PRICES:
        if price not in given:
            document.fault((*place, price), "expected a number at or above 0, found no such key")
    return ModelSpec(**{"model": name, **dict.fromkeys(PRICES, 0.0), **facts})


def _listed(name: str, document: Document, place: Place) -> ModelSpec:
    try:
        return list_price(name).spec(name)
    except UnknownModel:
        hint = did_you_mean(name, catalog())
        document.fault(
            place,
            f"expected a model of the catalog or of genai-prices, or a table with {', '.join(PRICES)}; {name!r} is "
            f"unknown, and so is its price{hint}",
        )
        return ModelSpec(name, 0.0, 0.0)
