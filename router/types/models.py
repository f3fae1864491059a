"""Models: what they can do, what they cost, and where they are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Capability(StrEnum):
    """What a model can do beyond text in, text out; the words of the catalog and of configurations."""

    IMAGES = "images"
    AUDIO = "audio"
    DOCUMENTS = "documents"
    TOOLS = "tools"
    PARALLEL_TOOLS = "parallel_tools"
    JSON_MODE = "json_mode"
    JSON_SCHEMA = "json_schema"
    N = "n"
    LOGPROBS = "logprobs"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model with its list price and what it can do.

    model: `provider/model`.  *_usd_per_million: USD per million tokens; of a short request where prices differ.
    context_window: tokens of input and output together.  max_output_tokens: of one answer.
    None is unknown: no limit, all capabilities, and for cached tokens the price of other input.
    """

    model: str
    input_usd_per_million: float
    output_usd_per_million: float
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: frozenset[Capability] | None = None
    cache_read_usd_per_million: float | None = None
    cache_write_usd_per_million: float | None = None

    @property
    def provider(self) -> str:
        """The part of the name before the first slash."""
        return self.model.partition("/")[0]

    def cost_usd(
        self, *, input_tokens: int, output_tokens: int, cache_read_tokens: int = 0, cache_write_tokens: int = 0
    ) -> float:
        """USD for so many tokens; input_tokens include the cached ones."""
        price = self.input_usd_per_million
        read_usd, write_usd = self.cache_read_usd_per_million, self.cache_write_usd_per_million
        usd = input_tokens * price + output_tokens * self.output_usd_per_million
        if cache_read_tokens and read_usd is not None:
            usd += cache_read_tokens * (read_usd - price)
        if cache_write_tokens and write_usd is not None:
            usd += cache_write_tokens * (write_usd - price)
        return usd / 1e6


@dataclass(frozen=True, slots=True)
class Target:
    """A model at a provider, as an entry of a plan.

    provider: a name of the registry.  model: the provider's own name for it, as it is sent.
    spec: its price and limits; None where they are unknown.
    """

    tier: str
    provider: str
    model: str
    spec: ModelSpec | None = field(default=None, repr=False)

    @classmethod
    def of(cls, tier: str, name: str, spec: ModelSpec | None = None) -> Target:
        """The target that `provider/model` names; the model's own name may hold slashes. Raises ValueError."""
        provider, _, model = name.partition("/")
        if not provider or not model:
            raise ValueError(f"expected provider/model, found {name!r}")
        return cls(tier, provider, model, spec)

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.provider}/{self.model}"

    @property
    def context_window_tokens(self) -> int | None:
        """Tokens of input and output together; None where it is unknown."""
        return None if self.spec is None else self.spec.context_window
