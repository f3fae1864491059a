"""What every adapter does, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from router.dialects.anthropic import http as anthropic
from router.dialects.bedrock import http as bedrock
from router.dialects.gemini import http as gemini
from router.dialects.openai_chat import azure as azure_openai
from router.dialects.openai_chat import http as openai_compatible
from router.dialects.shared.prepared import Call, Prepared
from router.providers import echo
from router.providers.calls import Dialect
from router.providers.registry import Provider

Prepare = Callable[..., Prepared]


@dataclass(frozen=True, slots=True)
class Adapter:
    """Code that speaks one dialect to a provider."""

    dialect: Dialect
    _prepare: Prepare

    def prepare(
        self, provider: Provider, call: Call, *, model: str, without: Collection[str] = (), now_s: float
    ) -> Prepared:
        """The request for this provider and model.

        without: paths of parameters that it refused.  now_s: Unix time, for signatures.
        Raises ValueError where the call can only be passed on in a dialect that this is not.
        """
        return self._prepare(provider, call, model=model, without=without, now_s=now_s)


ADAPTERS: Mapping[str, Adapter] = {
    "openai_compatible": Adapter(Dialect.OPENAI_CHAT, openai_compatible.prepare),
    "anthropic": Adapter(Dialect.ANTHROPIC, anthropic.prepare),
    "gemini": Adapter(Dialect.GEMINI, gemini.prepare),
    "bedrock": Adapter(Dialect.BEDROCK, bedrock.prepare),
    "azure_openai": Adapter(Dialect.OPENAI_CHAT, azure_openai.prepare),
    "echo": Adapter(Dialect.OPENAI_CHAT, echo.prepare),
}
