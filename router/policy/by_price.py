"""What a request costs at each tier, and the words for a choice between loss and cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from router.decision import dollars
from router.policy.facts import Facts
from router.policy.setup import Setup
from router.types import ModelSpec, Prediction


def request_costs(facts: Facts, setup: Setup, able: Mapping[str, Sequence[ModelSpec]]) -> Mapping[str, float]:
    """USD of each tier's first model that can serve the request, of its first one where none can.

    The bundle's reference costs where the models have no price, or all tiers the same one.
    """
    if setup.reference_cost_usd is not None:
        return setup.reference_cost_usd
    return {tier: facts.cost_usd((able[tier] or models)[0]) for tier, models in setup.models.items()}


def price_words(
    prediction: Prediction, tier: str, in_play: Sequence[str], value_usd: float, cost_usd: Mapping[str, float]
) -> str:
    """Why a price chose the tier: its loss in dollars and its cost, and what each other tier would change."""
    loss = dict(zip(prediction.tiers, prediction.expected_quality_loss, strict=True))
    words = [
        f"{tier}: expected quality loss {loss[tier]:.1%} = {dollars(loss[tier] * value_usd)} at {dollars(value_usd)} "
        f"an answer, + {dollars(cost_usd[tier])} for tokens"
    ]
    words += [
        f"{other} would cost {_change(cost_usd[other] - cost_usd[tier], dollars)} and lose "
        f"{_change(loss[other] - loss[tier], '{:.1%}'.format)}"
        for other in in_play
        if other != tier
    ]
    return "; ".join(words)


def _change(difference: float, shown: Callable[[float], str]) -> str:
    """A difference for people, such as `$0.0120 more`; `the same` for none."""
    if difference == 0.0:
        return "the same"
    return f"{shown(abs(difference))} {'more' if difference > 0.0 else 'less'}"


def loss_words(prediction: Prediction, tier: str, in_play: Sequence[str], threshold: float) -> str:
    """Why a threshold chose the tier."""
    loss = dict(zip(prediction.tiers, prediction.expected_quality_loss, strict=True))
    among = "" if tuple(in_play) == prediction.tiers else f" among {', '.join(in_play)}"
    if loss[tier] > threshold:
        return f"none{among} is expected to lose at most {threshold:.1%}: the strongest, {tier} {loss[tier]:.1%}"
    over = [f"{name} {loss[name]:.1%}" for name in in_play if loss[name] > threshold]
    tail = f"; above that: {', '.join(over)}" if over else ""
    return (
        f"the cheapest{among} with an expected quality loss of at most {threshold:.1%}: {tier} {loss[tier]:.1%}{tail}"
    )
