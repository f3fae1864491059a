"""The catalog: models with prices, windows and capabilities, as dated rows; an operator's own facts override them."""

from __future__ import annotations

from router.catalog.estimates import (
    BYTES_PER_TOKEN,
    ESTIMATED_OUTPUT_TOKENS,
    estimated_input_tokens,
    estimated_output_tokens,
    estimated_tokens,
    size_bytes,
    text_bytes,
    with_thinking,
)
from router.catalog.prices import ListPrice, UnknownModel, list_price
from router.catalog.rows import DEFAULT_TIERS, CatalogRow, catalog, default_models, typical_cost_usd, without_defaults

__all__ = [
    "BYTES_PER_TOKEN",
    "DEFAULT_TIERS",
    "ESTIMATED_OUTPUT_TOKENS",
    "CatalogRow",
    "ListPrice",
    "UnknownModel",
    "catalog",
    "default_models",
    "estimated_input_tokens",
    "estimated_output_tokens",
    "estimated_tokens",
    "list_price",
    "size_bytes",
    "text_bytes",
    "typical_cost_usd",
    "with_thinking",
    "without_defaults",
]
