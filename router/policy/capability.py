"""Which models can serve a request at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.errors import ContextTooLong, RequestError
from router.policy.facts import Facts
from router.policy.pins import TIER_HEADER
from router.policy.setup import Setup
from router.types import Capability, ModelSpec, Needs

LEAST_ROOM = 2_048
"""Tokens of answer for which there must be room behind the input: an eighth of a small window, and no more than the
client's own limit."""

DEFAULT_OUTPUT = 8_192
"""Tokens of the limit that a dialect which needs one gets where the client sets none."""


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


IN_THE_PROMPT = frozenset({Capability.JSON_MODE, Capability.JSON_SCHEMA})
"""What a model without it is asked for in words."""


def able_models(facts: Facts, setup: Setup, *, in_words: bool = False) -> dict[str, tuple[ModelSpec, ...]]:
    """The models of each tier that can serve the request, in their order.

    in_words: also those that are asked in words for the shape of the answer.
    """
    needs = needed(facts.request.chat.needs)
    if in_words:
        needs = tuple([need for need in needs if need not in IN_THE_PROMPT])
    return {
        tier: tuple([model for model in models if not _missing(model, facts, needs)])
        for tier, models in setup.models.items()
    }


def _missing(model: ModelSpec, facts: Facts, needs: Sequence[Capability]) -> tuple[str, ...]:
    lacks = []
    if model.capabilities is not None:
        lacks += [need.value for need in needs if need not in model.capabilities]
    # A limit is what an answer may have at most, and clients set it high for every request: it is lowered to what fits
    # (`output_limit`), and no reason for another model.
    window = model.context_window
    # No text has more tokens than bytes, so tokens are counted only where the bytes exceed the window.
    output = 0 if window is None else min(facts.request.chat.max_output_tokens or 0, LEAST_ROOM, window // 8)
    if window is not None and facts.size_bytes + output > window:
        total = facts.input_tokens() + output
        if total > window:
            lacks.append(f"a context window of {total:,} tokens (it has {window:,})")
    return tuple(lacks)


def output_limit(model: ModelSpec, facts: Facts) -> int | None:
    """Tokens to which a model's answer is to be limited: what it writes, and what its window holds after the input.

    None where the client's own limit, or none, is right.
    """
    asked = facts.request.chat.max_output_tokens or DEFAULT_OUTPUT
    limit = asked if model.max_output_tokens is None else min(asked, model.max_output_tokens)
    window = model.context_window
    if facts.request.chat.max_output_tokens and window is not None and facts.size_bytes + limit > window:
        limit = min(limit, max(1, window - facts.input_tokens()))
    return limit if limit < asked else None


def hosts(able: Mapping[str, Sequence[ModelSpec]], facts: Facts, setup: Setup) -> Mapping[str, tuple[ModelSpec, ...]]:
    """The able models that have the tools which the request's dialect alone has, by tier; {} where none is wanted."""
    chat = facts.request.chat
    if not chat.needs.hosted:
        return {}
    found = {
        tier: tuple(
            [model for model in models if _is_host(model, chat.dialect in setup.dialects.get(model.provider, ()))]
        )
        for tier, models in able.items()
    }
    return found if any(found.values()) else {}


def _is_host(model: ModelSpec, speaks_it: bool) -> bool:
    return speaks_it and (model.capabilities is None or Capability.HOSTED_TOOLS in model.capabilities)


def nearest_host(
    tier: str, within: Sequence[str], found: Mapping[str, Sequence[ModelSpec]], *, order: Sequence[str]
) -> str | None:
    """The cheapest tier with a host at or above `tier` among those within, else the strongest below; None without."""
    below = [name for name in within if order.index(name) < order.index(tier) and found[name]]
    return first_able(tier, within, found, order=order) or (below[-1] if below else None)


def first_able(
    tier: str, within: Sequence[str], able: Mapping[str, Sequence[ModelSpec]], *, order: Sequence[str]
) -> str | None:
    """The cheapest tier at or above `tier` among those within that has an able model; None if none has."""
    rank = order.index(tier)
    return next((name for name in within if order.index(name) >= rank and able[name]), None)


def nothing_fits(
    models: Mapping[str, Sequence[ModelSpec]], facts: Facts, *, who: str, instead: tuple[str, ModelSpec] | None
) -> RequestError:
    """The error for a request that none of the models can serve; ContextTooLong where only a window is too small.

    models: by tier, at least one.  who: these models, in words.  instead: (tier, model) that could.
    """
    found = [(missing(model, facts), tier, model.model) for tier, specs in models.items() for model in specs]
    lacks, tier, nearest = min(found, key=lambda item: len(item[0]))
    message = f"{who} cannot serve this request. Nearest is {nearest} ({tier}); it lacks {', '.join(lacks)}."
    if instead is not None:
        message += f" {instead[1].model} ({instead[0]}) could; {TIER_HEADER}: {instead[0]} asks for it."
    windows = [spec.context_window for specs in models.values() for spec in specs if _lacks_only_window(spec, facts)]
    if windows:
        needed_tokens = facts.input_tokens() + (facts.request.chat.max_output_tokens or 0)
        return ContextTooLong(
            message, needed_tokens=needed_tokens, window_tokens=max(window or 0 for window in windows)
        )
    return RequestError(message, code="no_model_fits")


def _lacks_only_window(model: ModelSpec, facts: Facts) -> bool:
    return not missing(replace(model, context_window=None), facts)
