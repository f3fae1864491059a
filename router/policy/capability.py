"""Which models can serve a request at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.errors import RequestError
from router.policy.facts import Facts
from router.policy.pins import TIER_HEADER
from router.policy.setup import Setup
from router.types import Capability, ModelSpec, Needs


def needed(needs: Needs) -> tuple[Capability, ...]:
    """The capabilities that a request needs of a model."""
    asked = {
        Capability.IMAGES: needs.images,
        Capability.AUDIO: needs.audio,
        Capability.DOCUMENTS: needs.documents,
        Capability.TOOLS: needs.tools,
        Capability.PARALLEL_TOOLS: needs.parallel_tools,
        Capability.JSON_MODE: needs.json_mode,
        Capability.JSON_SCHEMA: needs.json_schema,
        Capability.N: needs.n > 1,
        Capability.LOGPROBS: needs.logprobs,
    }
    return tuple(capability for capability, is_asked in asked.items() if is_asked)


def missing(model: ModelSpec, facts: Facts) -> tuple[str, ...]:
    """What a model lacks for a request, in words; () if it can serve it."""
    return _missing(model, facts, needed(facts.request.chat.needs))


def able_models(facts: Facts, setup: Setup) -> dict[str, tuple[ModelSpec, ...]]:
    """The models of each tier that can serve the request, in their order."""
    needs = needed(facts.request.chat.needs)
    return {
        tier: tuple([model for model in models if not _missing(model, facts, needs)])
        for tier, models in setup.models.items()
    }


def _missing(model: ModelSpec, facts: Facts, needs: Sequence[Capability]) -> tuple[str, ...]:
    lacks = []
    if model.capabilities is not None:
        lacks += [need.value for need in needs if need not in model.capabilities]
    output = facts.request.chat.max_output_tokens or 0
    if model.max_output_tokens is not None and output > model.max_output_tokens:
        lacks.append(f"an answer of {output:,} tokens (it writes {model.max_output_tokens:,})")
    # No text has more tokens than bytes, so tokens are counted only where the bytes exceed the window.
    window = model.context_window
    if window is not None and facts.size_bytes + output > window:
        total = facts.input_tokens() + output
        if total > window:
            lacks.append(f"a context window of {total:,} tokens (it has {window:,})")
    return tuple(lacks)


def first_able(
    tier: str, within: Sequence[str], able: Mapping[str, Sequence[ModelSpec]], *, order: Sequence[str]
) -> str | None:
    """The cheapest tier at or above `tier` among those within that has an able model; None if none has."""
    rank = order.index(tier)
    return next((name for name in within if order.index(name) >= rank and able[name]), None)


def nothing_fits(
    models: Mapping[str, Sequence[ModelSpec]], facts: Facts, *, who: str, instead: tuple[str, ModelSpec] | None
) -> RequestError:
    """The error for a request that none of the models can serve.

    models: by tier, at least one.  who: these models, in words.  instead: (tier, model) that could.
    """
    found = [(missing(model, facts), tier, model.model) for tier, specs in models.items() for model in specs]
    lacks, tier, nearest = min(found, key=lambda item: len(item[0]))
    message = f"{who} cannot serve this request. Nearest is {nearest} ({tier}); it lacks {', '.join(lacks)}."
    if instead is not None:
        message += f" {instead[1].model} ({instead[0]}) could; {TIER_HEADER}: {instead[0]} asks for it."
    return RequestError(message, code="no_model_fits")
