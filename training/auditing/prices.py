"""What is taken for costs where rows do not say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.config import DEFAULT_TIER_COST_USD, DEFAULT_TIER_TOKEN_USD


@dataclass(frozen=True, slots=True)
class Prices:
    """What is taken for costs where rows do not say them; names are tiers, or models of a ladder.

    request_usd: USD a request.  token_usd: USD per million tokens (in, out).
    """

    request_usd: Mapping[str, float] = field(default_factory=lambda: DEFAULT_TIER_COST_USD)
    token_usd: Mapping[str, tuple[float, float]] = field(default_factory=lambda: DEFAULT_TIER_TOKEN_USD)


DEFAULT_PRICES = Prices()
