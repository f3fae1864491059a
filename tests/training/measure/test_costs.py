"""What a request costs: the row's own cost where every tier's is known in one way, else the stated one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from router.types import Message
from training.config import DEFAULT_TIER_COST_USD, DEFAULT_TIER_TOKEN_USD, FitConfig
from training.labels.tier_map import DEFAULT_TIERS, SourceTiers, TierMap
from training.measure.costs import request_costs
from training.rows.row import LabelledRow, OutcomeRow

CONFIG = FitConfig(name="costs")
STATED = list(DEFAULT_TIER_COST_USD.values())
MODELS = {"budget": ("nano", "mini"), "production": ("mid",), "frontier": ("large",)}
MAP = TierMap(
    tiers=DEFAULT_TIERS,
    sources={
        "logs": SourceTiers(threshold=0.5, models=MODELS),
        "gap": SourceTiers(threshold=0.5, models={"budget": ("nano",), "frontier": ("large",)}),
    },
)
USD = {"nano": 0.001, "mini": 0.003, "mid": 0.03, "large": 0.4}
TOKENS = dict.fromkeys(USD, 1_000_000)
MESSAGES = (Message("user", "Name a prime."),)


def outcome(source: str = "logs", **facts: Mapping[str, float]) -> OutcomeRow:
    return OutcomeRow(id="1", source=source, messages=MESSAGES, outcomes={"nano": 1.0}, **facts)


def costs_of(row: OutcomeRow | LabelledRow, config: FitConfig = CONFIG) -> tuple[list[float], bool]:
    usd, own = request_costs([row], MAP, config)
    return usd[0].tolist(), bool(own[0])


def test_a_row_that_knows_every_cost_costs_the_mean_over_each_tiers_models():
    assert costs_of(outcome(cost_usd=USD)) == (pytest.approx([0.002, 0.03, 0.4]), True)


def test_tokens_cost_what_they_do_at_the_prices_behind_the_stated_costs():
    row = outcome(input_tokens=TOKENS, output_tokens={**TOKENS, "mini": 3_000_000})
    assert costs_of(row) == (pytest.approx([0.14 + 2 * 0.28, 18.0, 30.0]), True)
    stated = replace(CONFIG, tier_cost_usd={**DEFAULT_TIER_COST_USD, "frontier": 0.5})
    assert costs_of(row, stated) == ([*STATED[:2], 0.5], False), "no price per token is known of that frontier"


def test_recorded_costs_come_before_tokens():
    assert costs_of(outcome(cost_usd=USD, input_tokens=TOKENS, output_tokens=TOKENS))[0][2] == 0.4


@pytest.mark.parametrize("missing", sorted(USD))
def test_a_row_that_knows_only_some_tiers_keeps_every_stated_cost(missing):
    known = {model: usd for model, usd in USD.items() if model != missing}
    assert costs_of(outcome(cost_usd=known)) == (STATED, False)


def test_two_ways_to_know_a_cost_are_never_mixed_in_a_row():
    of_large = {"large": 1_000}
    row = outcome(
        cost_usd={model: usd for model, usd in USD.items() if model != "large"},
        input_tokens=of_large,
        output_tokens=of_large,
    )
    assert costs_of(row) == (STATED, False)
    assert costs_of(outcome(output_tokens=TOKENS)) == (STATED, False), "output alone is not what a request costs"


def test_a_strongest_tier_that_cost_nothing_was_not_metered():
    assert costs_of(outcome(cost_usd=dict.fromkeys(USD, 0.0))) == (STATED, False)


def test_labelled_rows_and_sources_that_lack_a_tier_have_stated_costs():
    labelled = LabelledRow(id="1", source="traffic", messages=MESSAGES, tier="budget")
    assert costs_of(labelled) == (STATED, False)
    assert costs_of(outcome("gap", cost_usd=USD)) == (STATED, False)


def test_the_token_prices_give_the_stated_costs():
    for tier, (usd_in, usd_out) in DEFAULT_TIER_TOKEN_USD.items():
        assert DEFAULT_TIER_COST_USD[tier] == pytest.approx((1_500 * usd_in + 500 * usd_out) / 1e6)
