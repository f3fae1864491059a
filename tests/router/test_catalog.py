"""The shipped catalog, list prices beyond it, and the estimates made from them."""

from __future__ import annotations

import json
import re
import zipfile
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
    without_defaults,
)
from router.dialects.conversation import Usage
from router.providers.registry import shipped_rows
from router.types import Capability, ChatRequest, Message, ModelSpec
from training.shipping import freeze_prices
from training.shipping.freeze_prices import disagreements, frozen, noon, to_text, with_second

DOCUMENT = json.loads((files("router.catalog") / "models.json").read_text("utf-8"))


def priced(specs):
    return [spec.cost_usd(input_tokens=1_000, output_tokens=500) for spec in specs]


def test_every_default_tier_has_models_and_every_model_a_tier():
    assert all(default_models(tier) for tier in DEFAULT_TIERS)
    assert {tier for row in catalog().values() for tier in row.tiers} == set(DEFAULT_TIERS)
    assert all(row.tiers or row.stands_in for row in catalog().values())
    assert default_models("no such tier") == ()


def test_every_row_says_its_source_its_day_and_all_facts():
    for name, row in catalog().items():
        spec = row.spec
        assert spec.model == name
        assert "/" in name
        assert 0 < spec.input_usd_per_million <= spec.output_usd_per_million < 1_000
        assert 0 < spec.max_output_tokens <= spec.context_window
        assert spec.capabilities
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row.checked)
        assert "LiteLLM" in row.source


@pytest.mark.parametrize("name", shipped_rows())
def test_a_key_alone_fills_every_tier_of_each_shipped_provider_or_the_catalog_says_why_not(name):
    found = {tier: default_models(tier, usable={name}) for tier in DEFAULT_TIERS}
    is_filled = [all(spec.provider == name for spec in specs) for specs in found.values()]
    assert is_filled == [name not in without_defaults()] * len(DEFAULT_TIERS)
    if name in without_defaults():
        assert "[[tiers]]" in without_defaults()[name] or name == "echo"
        return
    costs = [priced(specs) for specs in found.values()]
    assert all(ordered == sorted(ordered) for ordered in costs), "the cheapest first"
    assert [first for first, *_ in costs] == sorted(first for first, *_ in costs), "no tier is dearer than the next"


def test_the_models_of_several_keys_stand_in_the_order_of_their_prices_over_providers():
    found = default_models("production", usable={"anthropic", "openai", "openrouter"})
    assert {spec.provider for spec in found} == {"anthropic", "openai", "openrouter"}
    assert priced(found) == sorted(priced(found))
    names = [spec.model for spec in found]
    assert names.index("anthropic/claude-sonnet-5-5") < names.index("anthropic/claude-sonnet-4-6")


def test_the_best_that_a_provider_has_does_not_push_a_model_of_the_tier_aside_for_being_cheap():
    alone = default_models("frontier", usable={"groq"})
    assert [spec.model for spec in alone] == ["groq/qwen/qwen3.8-27b"]
    both = default_models("frontier", usable={"groq", "anthropic"})
    assert {spec.provider for spec in both} == {"anthropic"}


def test_no_price_of_the_catalog_is_more_than_a_twentieth_from_the_second_list():
    faults = [fault for row in DOCUMENT["models"] for fault in disagreements(row, day=row["checked"])]
    assert faults == []
    listed_once = [row["model"] for row in DOCUMENT["models"] if row.get("listed_as", "") is None]
    assert all("alone" in catalog()[name].source for name in listed_once)


ROW = {"model": "openai/gpt-5.4", "tiers": ["production"], "default": False, "source": "LiteLLM"}


def second_list(usd_in, usd_out):
    costs = {"input_cost_per_token": usd_in / 1e6, "output_cost_per_token": usd_out / 1e6}
    return {"gpt-5.4": {**costs, "max_input_tokens": 10, "max_output_tokens": 5, "supports_vision": True}}


def test_lists_that_disagree_by_over_a_twentieth_are_refused_and_facts_come_from_the_second():
    near = with_second(ROW, second_list(2.4, 15))
    assert disagreements(near, day="2026-11-30") == []
    assert (near["capabilities"], near["max_output_tokens"]) == (["images"], 5)
    (fault,) = disagreements(with_second(ROW, second_list(2.5, 16)), day="2026-11-30")
    assert fault.startswith("openai/gpt-5.4: output is 15 in genai-prices and 16 in LiteLLM")
    with pytest.raises(UnknownModel, match=r"LiteLLM has no 'gpt-5\.4'; name its entry in `second_as`"):
        with_second(ROW, {})


def test_the_command_writes_nothing_where_the_lists_disagree(tmp_path, monkeypatch):
    monkeypatch.setattr(freeze_prices, "ROWS", tmp_path / "models.json")
    before = to_text({"prices": "", "second": "", "models": [ROW]})
    (tmp_path / "models.json").write_text(before)
    for usd, is_written in ((3.0, False), (2.5, True)):
        wheel = tmp_path / "litellm-9.9-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as made:
            made.writestr(freeze_prices.SECOND_MAP, json.dumps(second_list(usd, 15)))
        if is_written:
            freeze_prices.main("2026-11-30", str(wheel))
            written = json.loads((tmp_path / "models.json").read_text())
            assert written["second"] == "LiteLLM 9.9"
            assert written["models"][0]["second_usd_per_million"] == [2.5, 15.0]
        else:
            with pytest.raises(SystemExit, match=r"input is 2\.5 in genai-prices and 3 in LiteLLM"):
                freeze_prices.main("2026-11-30", str(wheel))
            assert (tmp_path / "models.json").read_text() == before


def test_a_charge_for_the_request_is_no_price_of_its_tokens():
    assert list_price("perplexity/sonar-reasoning-pro", at=noon("2026-11-30")).input_usd_per_million == 2.0


@pytest.mark.parametrize("capability", Capability)
def test_every_default_tier_has_a_model_for_every_need(capability):
    for tier in DEFAULT_TIERS:
        assert any(capability in model.capabilities for model in default_models(tier))


def test_prices_and_windows_are_those_of_the_installed_genai_prices():
    assert DOCUMENT["prices"] == f"genai-prices {version('genai-prices')}", "run make catalog"
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


def test_a_provider_without_models_in_the_catalog_changes_no_tier():
    for tier in DEFAULT_TIERS:
        assert default_models(tier, usable={"ollama", "echo"}) == default_models(tier)
