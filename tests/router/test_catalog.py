"""The shipped catalog and the estimates made from it."""

from __future__ import annotations

import pytest

from router.catalog import ESTIMATED_OUTPUT_TOKENS, ModelPrice, catalog, default_models, estimated_tokens
from router.settings import DEFAULT_TIERS
from router.types import ChatRequest, Message


def test_every_default_tier_has_models_and_every_model_a_tier():
    assert all(default_models(tier) for tier in DEFAULT_TIERS)
    assert {row.tier for row in catalog().values()} == set(DEFAULT_TIERS)
    assert default_models("no such tier") == ()


def test_names_say_provider_and_model_and_prices_are_positive():
    for name, row in catalog().items():
        assert row.price.model == name
        assert "/" in name
        assert 0 < row.price.input_usd_per_million <= row.price.output_usd_per_million < 1_000


def test_a_stronger_tier_costs_more_by_default():
    costs = [default_models(tier)[0].cost_usd(input_tokens=1_000, output_tokens=500) for tier in DEFAULT_TIERS]
    assert costs == sorted(costs)


def test_the_cost_is_tokens_times_the_price_of_each_kind():
    price = ModelPrice("a/b", input_usd_per_million=2.0, output_usd_per_million=10.0)
    assert price.cost_usd(input_tokens=500_000, output_tokens=100_000) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", None, (1, ESTIMATED_OUTPUT_TOKENS)),
        ("x" * 400, None, (101, ESTIMATED_OUTPUT_TOKENS)),
        ("\u6f22" * 4, 10, (4, 10)),
        ("x", 10**6, (1, ESTIMATED_OUTPUT_TOKENS)),
        ("\ud800", None, (1, ESTIMATED_OUTPUT_TOKENS)),
    ],
)
def test_tokens_are_estimated_from_bytes_and_the_clients_own_limit(text, limit, expected):
    assert estimated_tokens(ChatRequest((Message("user", text),), max_output_tokens=limit)) == expected
