"""List prices from genai-prices: of models that are not among the catalog's rows, and of the rows when frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from router.types import ModelSpec

PROVIDER_IDS = {"bedrock": "aws", "gemini": "google", "vertex_ai": "google", "xai": "x-ai", "together_ai": "together"}
"""Providers whose name in genai-prices is another."""


class UnknownModel(LookupError):
    """No price is known for the model."""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """A model's facts in genai-prices: USD per million tokens of a short request, and tokens of the window.

    None is unknown; a cache price that is not listed is that of other input.
    """

    input_usd_per_million: float
    output_usd_per_million: float
    context_window: int | None
    cache_read_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None

    def spec(self, model: str) -> ModelSpec:
        """The model with this price; its other facts are unknown."""
        return ModelSpec(
            model,
            self.input_usd_per_million,
            self.output_usd_per_million,
            self.context_window,
            cache_read_usd_per_million=self.cache_read_usd_per_million,
            cache_write_usd_per_million=self.cache_write_usd_per_million,
        )


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
            for usage in (
                Usage(input_tokens=1_000),
                Usage(output_tokens=1_000),
                Usage(input_tokens=1_000, cache_read_tokens=1_000),
                Usage(input_tokens=1_000, cache_write_tokens=1_000),
                Usage(input_tokens=0),
            )
        ]
    except (LookupError, ValueError) as exc:
        raise UnknownModel(f"genai-prices has no price of {model!r}") from exc
    # Per thousand tokens: below the sizes at which longer requests cost more per token.
    # Some charge for a request too.
    per_request = prices[-1].total_price
    input_usd, output_usd, read_usd, write_usd = (
        round(float(price.total_price - per_request) * 1_000, 9) for price in prices[:-1]
    )
    if not input_usd or not output_usd:
        raise UnknownModel(f"genai-prices has no whole price of {model!r}")
    listed = prices[0].model_price
    return ListPrice(
        input_usd,
        output_usd,
        prices[0].model.context_window,
        None if listed.cache_read_mtok is None else read_usd,
        None if listed.cache_write_mtok is None else write_usd,
    )
