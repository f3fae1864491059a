"""`[[tiers]]` and `[catalog."provider/model"]`: which models stand behind a tier, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from router.catalog import UnknownModel, catalog, list_price
from router.errors import ConfigError
from router.settings.toml_table import Table, did_you_mean
from router.settings.values import TierSettings
from router.types import Capability, ModelSpec

PRICES = ("input_usd_per_million", "output_usd_per_million")
CACHE_PRICES = ("cache_read_usd_per_million", "cache_write_usd_per_million")
FACTS = (*PRICES, *CACHE_PRICES, "context_window", "max_output_tokens", "capabilities")


def parse_catalog(top: Table) -> dict[str, ModelSpec]:
    """The catalog's models by name, with the operator's own facts over the shipped ones. Raises ConfigError."""
    known = {name: row.spec for name, row in catalog().items()}
    overrides = top.table("catalog")
    for name in overrides.keys:
        row = overrides.table(name)
        row.only(*FACTS)
        known[name] = _with_facts(name, row, known, key="")
    return known


def parse_tiers(top: Table, *, known: Mapping[str, ModelSpec]) -> tuple[TierSettings, ...]:
    """The tiers, cheap to strong. known: the catalog. Raises ConfigError."""
    tiers = []
    for row in top.tables("tiers"):
        row.only("name", "models")
        name = row.required_string("name")
        models = tuple(
            _named(item, row, known) if isinstance(item, str) else _own(item, known)
            for item in row.strings_or_tables("models")
        )
        if not models:
            raise row.error("models", "at least one model")
        tiers.append(TierSettings(name=name, models=models))
    names = [tier.name for tier in tiers]
    if len(names) < 2 or len(set(names)) != len(names):
        raise top.error("tiers", "two or more [[tiers]] with different names, cheap to strong")
    return tuple(tiers)


def _named(name: str, row: Table, known: Mapping[str, ModelSpec]) -> ModelSpec:
    return known[name] if name in known else _unlisted(name, row, key="models")


def _own(row: Table, known: Mapping[str, ModelSpec]) -> ModelSpec:
    row.only("model", *FACTS)
    return _with_facts(row.required_string("model"), row, known, key="model")


def _with_facts(name: str, row: Table, known: Mapping[str, ModelSpec], *, key: str) -> ModelSpec:
    """A model with the operator's own facts; prices that are not given are those of the catalog or of genai-prices."""
    facts = _facts(row)
    if name in known:
        return replace(known[name], **facts)
    if any(price in row for price in PRICES):
        prices = {price: row.required_number(price, low=0.0) for price in PRICES}
        return ModelSpec(**{"model": name, **prices, **facts})
    return replace(_unlisted(name, row, key=key), **facts)


def _facts(row: Table) -> dict[str, Any]:
    """The facts that are given, checked."""
    facts: dict[str, Any] = {}
    for key in (*PRICES, *CACHE_PRICES):
        if (price := row.number(key, low=0.0)) is not None:
            facts[key] = float(price)
    for key in ("context_window", "max_output_tokens"):
        if (tokens := row.number(key, low=1, whole=True)) is not None:
            facts[key] = int(tokens)
    if "capabilities" in row:
        facts["capabilities"] = frozenset(_capability(name, row) for name in row.strings("capabilities"))
    return facts


def _capability(name: str, row: Table) -> Capability:
    known = [capability.value for capability in Capability]
    if name not in known:
        hint = did_you_mean(name, known)
        raise row.problem("capabilities", f"{name!r} is no capability; known are {', '.join(known)}.{hint}")
    return Capability(name)


def _unlisted(name: str, row: Table, *, key: str) -> ModelSpec:
    """A model that is not among the rows, at its list price. Raises ConfigError: a price is never silently 0."""
    try:
        price = list_price(name)
    except UnknownModel as exc:
        raise _unknown(name, row, key) from exc
    return price.spec(name)


def _unknown(name: str, row: Table, key: str) -> ConfigError:
    hint = did_you_mean(name, list(catalog()))
    return row.problem(
        key,
        f"expected models of the catalog or of genai-prices, or tables with model, {', '.join(PRICES)}; "
        f"{name!r} is unknown, and so is its price.{hint}",
    )
