"""List prices of models that are not among the catalog's rows, and of the rows when they are frozen: genai-prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PROVIDER_IDS = {"bedrock": "aws", "gemini": "google", "vertex_ai": "google", "xai": "x-ai", "together_ai": "together"}
"""Providers whose name in genai-prices is another."""


class UnknownModel(LookupError):
    """Nobody has told a price for the model."""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What genai-prices says of a model: USD per million tokens of a short request, and tokens of the window."""

    input_usd_per_million: float
    output_usd_per_million: float
    context_window: int | None


def list_price(model: str, *, at: datetime | None = None) -> ListPrice:
    """The list price of `provider/model` at a moment; now if None.

    Raises UnknownModel: for a model that is not listed, and for one whose price is listed as 0 or not at all, since a
    price that is not known is never 0.
    """
    # Imported here: it takes some 50 ms, and the catalog's rows hold what the default tiers need.
    from genai_prices import Usage, calc_price

    provider, _, name = model.partition("/")
    try:
        prices = [
            calc_price(usage, name, provider_id=PROVIDER_IDS.get(provider, provider), genai_request_timestamp=at)
            for usage in (Usage(input_tokens=1_000), Usage(output_tokens=1_000))
        ]
    except (LookupError, ValueError) as exc:
        raise UnknownModel(f"genai-prices has no price of {model!r}") from exc
    # Per thousand tokens, the unit that longer requests' surcharges leave alone.
    input_usd, output_usd = (round(float(price.total_price) * 1_000, 9) for price in prices)
    if not input_usd or not output_usd:
        raise UnknownModel(f"genai-prices has no whole price of {model!r}")
    return ListPrice(input_usd, output_usd, prices[0].model.context_window)
