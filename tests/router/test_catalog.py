"""The shipped catalog, list prices beyond it, and the estimates made from them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.metadata import version
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.account import cost_usd
from router.catalog import (
    DEFAULT_TIERS,
    ESTIMATED_OUTPUT_TOKENS,
    UnknownModel,
    catalog,
    default_models,
    estimated_tokens,
    list_price,
    size_bytes,
)
from router.dialects.conversation import Usage
from router.types import Capability, ChatRequest, Message, ModelSpec
from training.shipping.freeze_prices import frozen, noon, to_text

SEED = (
    *("deepseek/deepseek-v4-flash", "google/gemini-3.1-flash-lite", "bedrock/amazon.nova-micro-v1:0"),
    *("anthropic/claude-sonnet-4-6", "openai/gpt-5.4", "google/gemini-3.5-flash"),
    *("anthropic/claude-opus-4-7", "openai/gpt-5.5"),
)
DOCUMENT = json.loads((files("router.catalog") / "models.json").read_text("utf-8"))


def test_every_default_tier_has_models_and_every_model_a_tier():
    assert all(default_models(tier) for tier in DEFAULT_TIERS)
    assert {row.tier for row in catalog().values()} == set(DEFAULT_TIERS)
    assert default_models("no such tier") == ()


def test_the_seeds_models_are_the_defaults_in_their_order():
    defaults = [model.model for tier in DEFAULT_TIERS for model in default_models(tier)]
    assert [model for model in defaults if model in SEED] == list(SEED)


def test_every_row_says_its_source_its_day_and_all_facts():
    for name, row in catalog().items():
        spec = row.spec
        assert spec.model == name
        assert "/" in name
        assert 0 < spec.input_usd_per_million <= spec.output_usd_per_million < 1_000
        assert 0 < spec.max_output_tokens <= spec.context_window
        assert spec.capabilities
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row.checked)
        assert "genai-prices" in row.source and "LiteLLM" in row.source


@pytest.mark.parametrize("capability", Capability)
def test_every_default_tier_has_a_model_for_every_need(capability):
    for tier in DEFAULT_TIERS:
        assert any(capability in model.capabilities for model in default_models(tier))


def test_prices_and_windows_are_those_of_the_installed_genai_prices():
    assert DOCUMENT["prices"] == f"genai-prices {version('genai-prices')}", (
        "run python -m training.shipping.freeze_prices DAY"
    )
    assert [frozen(row, day=row["checked"]) for row in DOCUMENT["models"]] == DOCUMENT["models"]


def test_the_file_is_what_freezing_writes():
    assert (files("router.catalog") / "models.json").read_text("utf-8") == to_text(DOCUMENT)


def test_a_stronger_tier_costs_more_by_default():
    costs = [default_models(tier)[0].cost_usd(input_tokens=1_000, output_tokens=500) for tier in DEFAULT_TIERS]
    assert costs == sorted(costs)


def test_a_listed_model_beyond_the_rows_has_a_price():
    price = list_price("openai/gpt-4.1", at=noon("2026-11-24"))
    assert 0 < price.input_usd_per_million < price.output_usd_per_million
    assert price.context_window > 100_000


@pytest.mark.parametrize("model", ["openai/gpt-5000", "nobody/gpt-5.4", "gpt-5.4", "", "openai/", "/gpt-5.4"])
def test_an_unknown_model_has_no_price_and_never_one_of_0(model):
    with pytest.raises(UnknownModel, match="genai-prices has no"):
        list_price(model)


@given(st.text(max_size=12))
def test_any_name_has_a_price_above_0_or_none(name):
    try:
        assert list_price(f"openai/{name}").input_usd_per_million > 0
    except UnknownModel:
        pass


def test_the_cost_is_tokens_times_the_price_of_each_kind():
    price = ModelSpec("a/b", input_usd_per_million=2.0, output_usd_per_million=10.0)
    assert price.cost_usd(input_tokens=500_000, output_tokens=100_000) == pytest.approx(2.0)


CACHED = ModelSpec("a/b", 2.0, 10.0, cache_read_usd_per_million=0.2, cache_write_usd_per_million=2.5)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (CACHED, (100_000 * 2.0 + 600_000 * 0.2 + 300_000 * 2.5 + 100_000 * 10.0) / 1e6),
        (replace(CACHED, cache_write_usd_per_million=None), (400_000 * 2.0 + 600_000 * 0.2 + 100_000 * 10.0) / 1e6),
        (ModelSpec("a/b", 2.0, 10.0), (1_000_000 * 2.0 + 100_000 * 10.0) / 1e6),
    ],
)
def test_cached_tokens_are_part_of_the_input_and_cost_their_own_price_where_it_is_known(spec, expected):
    usage = Usage(1_000_000, 100_000, cache_read_tokens=600_000, cache_write_tokens=300_000)
    assert cost_usd(spec, usage) == pytest.approx(expected)


def test_a_listed_model_has_the_cache_prices_that_are_listed():
    spec = list_price("anthropic/claude-haiku-4-5", at=noon("2026-11-24")).spec("anthropic/claude-haiku-4-5")
    assert (spec.input_usd_per_million, spec.cache_read_usd_per_million) == (1.0, 0.1)
    assert spec.cache_write_usd_per_million == 1.25
    assert list_price("openai/gpt-5.4", at=noon("2026-11-24")).cache_write_usd_per_million is None


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


def test_the_size_is_the_bodys_where_it_is_known_and_the_texts_where_not():
    messages = (Message("user", "\u6f22"), Message("user", "ab"))
    assert size_bytes(ChatRequest(messages)) == 5
    assert size_bytes(ChatRequest(messages, raw=b"x" * 99)) == 99


def test_a_key_at_one_provider_fills_every_tier_it_has_models_for():
    for tier in DEFAULT_TIERS:
        names = [spec.model for spec in default_models(tier, usable={"openai", "ollama"})]
        assert names, tier
        assert all(name.startswith("openai/") for name in names)
    assert default_models("production", usable={"openai"})[0].model == "openai/gpt-5.4", "the default one goes first"


def test_a_provider_without_models_in_the_catalog_changes_no_tier():
    for tier in DEFAULT_TIERS:
        assert default_models(tier, usable={"ollama", "echo"}) == default_models(tier)
