"""The catalog: models with their prices, as dated data rows; an operator's own prices go before it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from router.types import ChatRequest

ESTIMATED_OUTPUT_TOKENS = 500
"""Output tokens assumed for an estimate when the client sets no lower limit itself."""

BYTES_PER_TOKEN = 4
"""UTF-8 bytes a token, for estimates: near 4 for English prose, 3 for code, 3 to 4 for other scripts."""


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """A model and its list price.

    model: `provider/model`.  input_usd_per_million, output_usd_per_million: USD per million tokens.
    """

    model: str
    input_usd_per_million: float
    output_usd_per_million: float

    def cost_usd(self, *, input_tokens: int, output_tokens: int) -> float:
        """USD for so many tokens, nothing cached."""
        return (input_tokens * self.input_usd_per_million + output_tokens * self.output_usd_per_million) / 1e6


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """A model of the catalog with the tier it stands for by default."""

    tier: str
    price: ModelPrice


@cache
def catalog() -> dict[str, CatalogRow]:
    """The shipped rows by model name, in the order of preference within a tier."""
    rows = json.loads((files("router") / "catalog.json").read_text("utf-8"))["models"]
    return {
        row["model"]: CatalogRow(
            tier=row["tier"],
            price=ModelPrice(
                model=row["model"],
                input_usd_per_million=float(row["input_usd_per_million"]),
                output_usd_per_million=float(row["output_usd_per_million"]),
            ),
        )
        for row in rows
    }


def default_models(tier: str) -> tuple[ModelPrice, ...]:
    """The catalog's models of a tier, the preferred one first."""
    return tuple(row.price for row in catalog().values() if row.tier == tier)


def estimated_tokens(chat: ChatRequest) -> tuple[int, int]:
    """(input, output) tokens of a request, estimated from its size: for comparing tiers, not for bills."""
    n_bytes = sum(len(message.text.encode("utf-8", "replace")) for message in chat.messages)
    output = ESTIMATED_OUTPUT_TOKENS
    if chat.max_output_tokens is not None:
        output = min(output, chat.max_output_tokens)
    return n_bytes // BYTES_PER_TOKEN + 1, output
